// name: schema.edge_derived_from
// summary: No DERIVED_FROM edge is stored twice.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_edge_derived_from IF NOT EXISTS
FOR ()-[e:DERIVED_FROM]-()
REQUIRE e.key IS UNIQUE
