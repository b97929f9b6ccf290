// name: schema.edge_serves
// summary: No SERVES edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_serves IF NOT EXISTS
FOR ()-[e:SERVES]-()
REQUIRE e.key IS UNIQUE
