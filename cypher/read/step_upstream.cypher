// name: read.step_upstream
// summary: What some nodes came from directly, each node once, and whether it is to be reported.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, kinds LIST<STRING>, through LIST<STRING>?, deleted BOOLEAN, inferred BOOLEAN, report LIST<STRING>?, revision INTEGER
// returns: rows LIST<LIST<ANY>>
UNWIND $ids AS id
MATCH (x:Node {id: id})-[e]->(y:Node)
USING INDEX SEEK x:Node(id)
WHERE type(e) IN $kinds
  AND e.since <= $revision AND $revision < e.until AND ($inferred OR e.declared)
  AND ($through IS NULL OR y.kind IN $through)
  AND ($deleted OR y.tombstones IS NULL
    OR size([t IN y.tombstones WHERE t <= $revision]) % 2 = 0)
WITH DISTINCT y
RETURN collect([y.id, $report IS NULL OR y.kind IN $report]) AS rows
