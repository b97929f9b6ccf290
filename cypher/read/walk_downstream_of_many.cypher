// name: read.walk_downstream_of_many
// summary: What some nodes led to, closest first, each with the edges that leave it.
// mode: read
// rows: many
// params: starts LIST<INTEGER>, kinds LIST<STRING>, through LIST<STRING>?, stop_at LIST<INTEGER>, deleted BOOLEAN, inferred BOOLEAN, report LIST<STRING>?, revision INTEGER, edges BOOLEAN, limit INTEGER
// returns: chunk LIST<LIST<ANY>>
// choices: depth
UNWIND $starts AS id
MATCH (start:Node {id: id})
USING INDEX SEEK start:Node(id)
MATCH p = (start) (
  (x WHERE x.id = id OR NOT x.id IN $stop_at)
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
WITH collect([n.id, distance, [
  (n)-[e]->(m)
  WHERE $edges AND type(e) IN $kinds AND e.since <= $revision AND $revision < e.until
    AND ($inferred OR e.declared)
  | [type(e), m.id, e.role, e.since, e.declared]
]]) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS i
RETURN rows[i..i + 1000] AS chunk
