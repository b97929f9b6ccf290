// name: write.create_head
// summary: The head of an empty log, if there is none yet.
// mode: write
// rows: one
// params: projection INTEGER
// returns: size INTEGER
MERGE (h:LogHead {id: 0})
ON CREATE SET h.revision = 0, h.size = 0, h.at = 0, h.projection = $projection,
  h.has_log = true, h.lock = true
RETURN h.size AS size
