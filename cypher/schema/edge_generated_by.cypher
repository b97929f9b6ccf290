// name: schema.edge_generated_by
// summary: No GENERATED_BY edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_generated_by IF NOT EXISTS
FOR ()-[e:GENERATED_BY]-()
REQUIRE e.key IS UNIQUE
