// name: schema.value_since
// summary: When a value of a node began last.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_value_since IF NOT EXISTS
FOR (n:Value)
ON (n.node, n.since)
