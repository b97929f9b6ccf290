// name: schema.drop_value_until
// summary: Earlier projections listed the names in the registry, too.
// mode: schema
// rows: none
// params: none
// returns: none
DROP INDEX lineage_value_until IF EXISTS
