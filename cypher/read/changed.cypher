// name: read.changed
// summary: The revision that last made some nodes, or set or ended a value of theirs.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, revision INTEGER
// returns: rows LIST<LIST<INTEGER>>
UNWIND $ids AS id
MATCH (n:Node {id: id})
USING INDEX SEEK n:Node(id)
WHERE n.since <= $revision
CALL (id) {
  OPTIONAL MATCH (v:Value)
  USING INDEX SEEK v:Value(holder, later)
  WHERE v.holder = id AND v.later <= $revision
  RETURN v.later AS begun
  ORDER BY v.holder DESC, v.later DESC
  LIMIT 1
}
CALL (id) {
  OPTIONAL MATCH (v:Value)
  USING INDEX SEEK v:Value(holder, until)
  WHERE v.holder = id AND v.until <= $revision
  RETURN v.until AS ended
  ORDER BY v.holder DESC, v.until DESC
  LIMIT 1
}
RETURN collect([id, n.since, begun, ended]) AS rows
