// name: schema.wait
// summary: Returns when every index can be used.
// mode: schema
// rows: none
// params: none
// returns: none
CALL db.awaitIndexes(300)
