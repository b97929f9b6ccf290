// name: schema.value_end
// summary: All values of a node at a revision; when one ended last.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_value_end IF NOT EXISTS
FOR (n:Value)
ON (n.holder, n.until)
