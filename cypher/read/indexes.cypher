// name: read.indexes
// summary: What constraints and indexes there are; an index that belongs to no constraint yet is an index.
// mode: read
// rows: many
// params: none
// returns: name STRING, kind STRING, state STRING
SHOW INDEXES YIELD name, state, owningConstraint
RETURN name, CASE WHEN owningConstraint IS NULL THEN 'INDEX' ELSE 'CONSTRAINT' END AS kind, state
ORDER BY name
