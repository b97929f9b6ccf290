// name: read.busiest_downstream
// summary: The nodes of some kinds that led to the most distinct nodes directly.
// mode: read
// rows: one
// params: node_kinds LIST<STRING>, kinds LIST<STRING>, deleted BOOLEAN, limit INTEGER, revision INTEGER
// returns: rows LIST<LIST<INTEGER>>
UNWIND $node_kinds AS kind
MATCH (n:Node)
USING INDEX SEEK n:Node(kind, id)
WHERE n.kind = kind AND n.id > 0 AND n.since <= $revision
  AND ($deleted OR n.tombstones IS NULL
    OR size([t IN n.tombstones WHERE t <= $revision]) % 2 = 0)
CALL (n) {
  MATCH (n)<-[e]-(m)
  WHERE type(e) IN $kinds AND e.since <= $revision AND $revision < e.until
    AND ($deleted OR m.tombstones IS NULL
      OR size([t IN m.tombstones WHERE t <= $revision]) % 2 = 0)
  RETURN count(DISTINCT m) AS degree
}
WITH n.id AS id, degree
WHERE degree > 0
WITH id, degree
ORDER BY degree DESC, id
LIMIT $limit
RETURN collect([id, degree]) AS rows
