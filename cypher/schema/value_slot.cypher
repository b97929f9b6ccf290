// name: schema.value_slot
// summary: What a value is now, was at a revision, and was over time.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_value_slot IF NOT EXISTS
FOR (n:Value)
ON (n.node, n.key, n.until)
