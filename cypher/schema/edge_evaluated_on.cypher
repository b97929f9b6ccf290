// name: schema.edge_evaluated_on
// summary: No EVALUATED_ON edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_evaluated_on IF NOT EXISTS
FOR ()-[e:EVALUATED_ON]-()
REQUIRE e.key IS UNIQUE
