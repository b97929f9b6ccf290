// name: write.set_head
// summary: Changes what the head says.
// mode: write
// rows: none
// params: changes MAP
// returns: none
MATCH (h:LogHead {id: 0})
SET h += $changes
