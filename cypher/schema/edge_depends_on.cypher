// name: schema.edge_depends_on
// summary: No DEPENDS_ON edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_depends_on IF NOT EXISTS
FOR ()-[e:DEPENDS_ON]-()
REQUIRE e.key IS UNIQUE
