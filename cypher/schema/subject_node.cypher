// name: schema.subject_node
// summary: The events that made, changed or mention a node, in order.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_subject_node IF NOT EXISTS
FOR (n:Subject)
ON (n.node, n.position)
