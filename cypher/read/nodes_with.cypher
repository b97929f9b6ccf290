// name: read.nodes_with
// summary: Some nodes, with their values of some keys.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, keys LIST<STRING>, revision INTEGER
// returns: rows LIST<LIST<ANY>>
UNWIND $ids AS id
MATCH (n:Node {id: id})
USING INDEX SEEK n:Node(id)
WHERE n.since <= $revision
CALL (id) {
  UNWIND $keys AS key
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = id AND v.key = key AND v.until > $revision AND v.since <= $revision
  RETURN collect([v.key, v.value]) AS held
}
RETURN collect([n.id, n.kind, n.owner, n.since, n.facts, held]) AS rows
