// name: read.walk_upstream
// summary: What one node came from, closest first, each with the edges that leave it; if keys are given, as table tells it, too.
// mode: read
// rows: many
// params: start INTEGER, kinds LIST<STRING>, through LIST<STRING>?, stop_at LIST<INTEGER>, deleted BOOLEAN, inferred BOOLEAN, report LIST<STRING>?, revision INTEGER, edges BOOLEAN, limit INTEGER, keys_of MAP?, owner_keys LIST<STRING>
// returns: chunk LIST<LIST<ANY>>, nodes LIST<LIST<ANY>>?, held LIST<LIST<ANY>>?, owned LIST<LIST<ANY>>?
// choices: depth
MATCH (start:Node {id: $start})
USING INDEX SEEK start:Node(id)
MATCH p = (start) (
  (x WHERE x.id = $start OR NOT x.id IN $stop_at)
  -[e WHERE type(e) IN $kinds
    AND e.since <= $revision AND $revision < e.until AND ($inferred OR e.declared)]->
  (y WHERE ($through IS NULL OR y.kind IN $through)
    AND ($deleted OR y.tombstones IS NULL
      OR size([t IN y.tombstones WHERE t <= $revision]) % 2 = 0))
){0,/*depth*/} (n)
WITH n, min(length(p)) AS distance
WHERE distance = 0 OR $report IS NULL OR n.kind IN $report
WITH n, distance
ORDER BY distance, n.id
LIMIT $limit
WITH collect([n.id, distance, [
  (n)-[e]->(m)
  WHERE $edges AND type(e) IN $kinds AND e.since <= $revision AND $revision < e.until
    AND ($inferred OR e.declared)
  | [type(e), m.id, e.role, e.since, e.declared]
]]) AS rows, [one IN collect(n) WHERE $keys_of IS NOT NULL AND one.since <= $revision] AS found
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
WITH rows, [n IN found | [n.id, n.kind, n.owner, n.facts]] AS nodes, held, owned
UNWIND range(0, size(rows) - 1, 1000) AS i
RETURN rows[i..i + 1000] AS chunk,
  CASE i WHEN 0 THEN nodes END AS nodes,
  CASE i WHEN 0 THEN held END AS held,
  CASE i WHEN 0 THEN owned END AS owned
