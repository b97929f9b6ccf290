// name: schema.drop_value_since
// summary: Earlier projections listed what a node was born with, too.
// mode: schema
// rows: none
// params: none
// returns: none
DROP INDEX lineage_value_since IF EXISTS
