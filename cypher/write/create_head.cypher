// name: write.create_head
// summary: The head of an empty log, if there is none yet, and the mark of the schema that is there.
// mode: write
// rows: one
// params: projection INTEGER, schema STRING
// returns: size INTEGER
MERGE (h:LogHead {id: 0})
ON CREATE SET h.revision = 0, h.size = 0, h.at = 0, h.projection = $projection,
  h.has_log = true, h.lock = true
SET h.schema = $schema
RETURN h.size AS size
