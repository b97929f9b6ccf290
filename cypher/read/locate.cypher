// name: read.locate
// summary: The nodes that some addresses lead to, one by a value of the registry, a second by a value found from there; and the head, whose revision stands in for one that is null.
// mode: read
// rows: optional
// params: addresses LIST<LIST<STRING>>, revision INTEGER?
// returns: revision INTEGER, size INTEGER, at INTEGER, projection INTEGER, has_log BOOLEAN, rows LIST<LIST<ANY>>
MATCH (h:LogHead {id: 0})
CALL (h) {
  WITH coalesce($revision, h.revision) AS revision
  UNWIND range(0, size($addresses) - 1) AS i
  WITH i, revision,
    $addresses[i][0] AS key, $addresses[i][1] AS then, $addresses[i][2] AS behind
  MATCH (f:Value)
  USING INDEX SEEK f:Value(node, key, until)
  WHERE f.node = 0 AND f.key = key AND f.until > revision AND f.since <= revision
  CALL (f, then, behind, revision) {
    WITH f, then, behind, revision
    WHERE then IS NOT NULL
    WITH revision, CASE WHEN behind IS NULL THEN f.value ELSE 0 END AS holder,
      CASE WHEN behind IS NULL THEN then ELSE then + toString(f.value) + behind END AS next
    MATCH (v:Value)
    USING INDEX SEEK v:Value(node, key, until)
    WHERE v.node = holder AND v.key = next AND v.until > revision AND v.since <= revision
    RETURN collect(v.value) AS members
  }
  CALL (f, members, revision) {
    UNWIND [f.value] + members AS id
    MATCH (n:Node)
    USING INDEX SEEK n:Node(id)
    WHERE n.id = id AND size([t IN n.tombstones WHERE t <= revision]) % 2 = 1
    RETURN count(n) > 0 AS deleted
  }
  RETURN collect([i, f.value, head(members), deleted]) AS rows
}
RETURN h.revision AS revision, h.size AS size, h.at AS at, h.projection AS projection,
  h.has_log AS has_log, rows
