// name: read.beyond_downstream
// summary: A node that one node led to, further away than a depth.
// mode: read
// rows: optional
// params: start INTEGER, kinds LIST<STRING>, through LIST<STRING>?, stop_at LIST<INTEGER>, deleted BOOLEAN, inferred BOOLEAN, report LIST<STRING>?, revision INTEGER, depth INTEGER
// returns: id INTEGER
MATCH (start:Node {id: $start})
USING INDEX SEEK start:Node(id)
MATCH p = (start) (
  (x WHERE x.id = $start OR NOT x.id IN $stop_at)
  <-[e WHERE type(e) IN $kinds
    AND e.since <= $revision AND $revision < e.until AND ($inferred OR e.declared)]-
  (y WHERE ($through IS NULL OR y.kind IN $through)
    AND ($deleted OR y.tombstones IS NULL
      OR size([t IN y.tombstones WHERE t <= $revision]) % 2 = 0))
){0,} (n)
WITH n, min(length(p)) AS distance
WHERE distance > $depth AND ($report IS NULL OR n.kind IN $report)
RETURN n.id AS id
LIMIT 1
