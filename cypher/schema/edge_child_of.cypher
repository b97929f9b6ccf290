// name: schema.edge_child_of
// summary: No CHILD_OF edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_child_of IF NOT EXISTS
FOR ()-[e:CHILD_OF]-()
REQUIRE e.key IS UNIQUE
