// name: read.locate
// summary: The nodes that some addresses lead to: one by a value of the registry, a second by a value found from there.
// mode: read
// rows: one
// params: addresses LIST<LIST<STRING>>, revision INTEGER
// returns: rows LIST<LIST<ANY>>
UNWIND range(0, size($addresses) - 1) AS i
WITH i, $addresses[i][0] AS key, $addresses[i][1] AS then, $addresses[i][2] AS behind
MATCH (f:Value)
USING INDEX SEEK f:Value(node, key, until)
WHERE f.node = 0 AND f.key = key AND f.until > $revision AND f.since <= $revision
CALL (f, then, behind) {
  WITH f, then, behind
  WHERE then IS NOT NULL
  WITH CASE WHEN behind IS NULL THEN f.value ELSE 0 END AS holder,
    CASE WHEN behind IS NULL THEN then ELSE then + toString(f.value) + behind END AS next
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = holder AND v.key = next AND v.until > $revision AND v.since <= $revision
  RETURN collect(v.value) AS members
}
CALL (f, members) {
  UNWIND [f.value] + members AS id
  MATCH (n:Node)
  USING INDEX SEEK n:Node(id)
  WHERE n.id = id AND size([t IN n.tombstones WHERE t <= $revision]) % 2 = 1
  RETURN count(n) > 0 AS deleted
}
RETURN collect([i, f.value, head(members), deleted]) AS rows
