// name: schema.node_kind
// summary: The nodes of a kind, in order.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_node_kind IF NOT EXISTS
FOR (n:Node)
ON (n.kind, n.id)
