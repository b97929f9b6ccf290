// name: schema.subject_last
// summary: The later events that changed or mention a node, in pieces, in order.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_subject_last IF NOT EXISTS
FOR (n:Subject)
ON (n.node, n.last)
