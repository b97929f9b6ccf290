// name: schema.edge_read_back
// summary: No READ_BACK edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_read_back IF NOT EXISTS
FOR ()-[e:READ_BACK]-()
REQUIRE e.key IS UNIQUE
