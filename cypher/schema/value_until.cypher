// name: schema.value_until
// summary: All values of a node at a revision; when one ended last.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_value_until IF NOT EXISTS
FOR (n:Value)
ON (n.node, n.until)
