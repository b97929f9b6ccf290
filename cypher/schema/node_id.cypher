// name: schema.node_id
// summary: Each node of the lineage graph has its id for itself, and is found by it.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_node_id IF NOT EXISTS
FOR (n:Node)
REQUIRE n.id IS UNIQUE
