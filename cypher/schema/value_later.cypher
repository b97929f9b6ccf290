// name: schema.value_later
// summary: When a value of a node last began, unless the node was born with it.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_value_later IF NOT EXISTS
FOR (n:Value)
ON (n.holder, n.later)
