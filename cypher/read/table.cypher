// name: read.table
// summary: Some nodes in order, with values of the keys that are meant for their kind and for their owners.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, keys_of MAP, owner_keys LIST<STRING>, revision INTEGER
// returns: nodes LIST<LIST<ANY>>, held LIST<LIST<ANY>>, owned LIST<LIST<ANY>>
UNWIND $ids AS id
MATCH (n:Node {id: id})
USING INDEX SEEK n:Node(id)
WHERE n.since <= $revision
WITH collect(n) AS found
CALL (found) {
  UNWIND found AS n
  UNWIND [key IN $keys_of[n.kind] WHERE key IN n.keys OR key CONTAINS '/'] AS key
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = n.id AND v.key = key AND v.until > $revision AND v.since <= $revision
  RETURN collect([v.node, v.key, v.value]) AS held
}
CALL (found) {
  UNWIND found AS n
  WITH DISTINCT n.owner AS owner
  UNWIND $owner_keys AS key
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = owner AND v.key = key AND v.until > $revision AND v.since <= $revision
  RETURN collect([v.node, v.key, v.value]) AS owned
}
RETURN [n IN found | [n.id, n.kind, n.owner, n.facts]] AS nodes, held, owned
