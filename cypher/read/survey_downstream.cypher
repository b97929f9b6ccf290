// name: read.survey_downstream
// summary: What some nodes led to, by distance, kind and owner.
// mode: read
// rows: many
// params: starts LIST<INTEGER>, uncounted LIST<INTEGER>, kinds LIST<STRING>, through LIST<STRING>?, stop_at LIST<INTEGER>, deleted BOOLEAN, inferred BOOLEAN, revision INTEGER
// returns: distance INTEGER, kind STRING, owned LIST<LIST<ANY>>
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
WHERE NOT n.id IN $uncounted
WITH distance, n.kind AS kind, n.owner AS owner, collect(n.id) AS ids
RETURN distance, kind, collect([owner, ids]) AS owned
ORDER BY distance, kind
