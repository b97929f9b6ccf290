// name: schema.node_owner
// summary: The versions of a model or dataset, in order.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_node_owner IF NOT EXISTS
FOR (n:Node)
ON (n.owner, n.id)
