// name: read.head
// summary: Where the log ends, and whether the graph follows it.
// mode: read
// rows: optional
// params: none
// returns: revision INTEGER, size INTEGER, at INTEGER, projection INTEGER, has_log BOOLEAN, owner STRING, schema STRING
MATCH (h:LogHead {id: 0})
RETURN h.revision AS revision, h.size AS size, h.at AS at, h.projection AS projection,
  h.has_log AS has_log, h.owner AS owner, h.schema AS schema
