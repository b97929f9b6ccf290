// name: schema.edge_used
// summary: No USED edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_used IF NOT EXISTS
FOR ()-[e:USED]-()
REQUIRE e.key IS UNIQUE
