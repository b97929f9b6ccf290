// name: read.nodes
// summary: Some nodes, with all their values.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, revision INTEGER
// returns: rows LIST<LIST<ANY>>
UNWIND $ids AS id
MATCH (n:Node {id: id})
USING INDEX SEEK n:Node(id)
WHERE n.since <= $revision
CALL (id) {
  MATCH (v:Value)
  USING INDEX SEEK v:Value(holder, until)
  WHERE v.holder = id AND v.until > $revision AND v.since <= $revision
  RETURN collect([v.key, v.value]) AS held
}
RETURN collect([n.id, n.kind, n.owner, n.since, n.facts, held]) AS rows
