// name: read.reach_downstream
// summary: What one node led to, closest first, without edges; how many these are if asked.
// mode: read
// rows: many
// params: start INTEGER, kinds LIST<STRING>, through LIST<STRING>?, stop_at LIST<INTEGER>, deleted BOOLEAN, inferred BOOLEAN, report LIST<STRING>?, revision INTEGER, counted BOOLEAN, limit INTEGER
// returns: distance INTEGER, ids LIST<INTEGER>, joined INTEGER
// choices: depth
MATCH (start:Node {id: $start})
USING INDEX SEEK start:Node(id)
MATCH p = (start) (
  (x WHERE x.id = $start OR NOT x.id IN $stop_at)
  <-[e WHERE type(e) IN $kinds
    AND e.since <= $revision AND $revision < e.until AND ($inferred OR e.declared)]-
  (y WHERE ($through IS NULL OR y.kind IN $through)
    AND ($deleted OR y.tombstones IS NULL
      OR size([t IN y.tombstones WHERE t <= $revision]) % 2 = 0))
){0,/*depth*/} (n)
WITH n, min(length(p)) AS distance
WHERE distance = 0 OR $report IS NULL OR n.kind IN $report
WITH n, distance
ORDER BY distance, n.id
LIMIT $limit
WITH distance, n.id AS id, CASE WHEN $counted THEN COUNT {
  (n)<-[e WHERE type(e) IN $kinds
    AND e.since <= $revision AND $revision < e.until AND ($inferred OR e.declared)]-
  (y WHERE y.id = $start OR $deleted OR y.tombstones IS NULL
    OR size([t IN y.tombstones WHERE t <= $revision]) % 2 = 0)
} ELSE 0 END AS edges
RETURN distance, collect(id) AS ids, sum(edges) AS joined
ORDER BY distance
