// name: schema.edge_sibling_of
// summary: No SIBLING_OF edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_sibling_of IF NOT EXISTS
FOR ()-[e:SIBLING_OF]-()
REQUIRE e.key IS UNIQUE
