// name: schema.drop_subject_node
// summary: Earlier projections kept a node for each subject of each event.
// mode: schema
// rows: none
// params: none
// returns: none
DROP INDEX lineage_subject_node IF EXISTS
