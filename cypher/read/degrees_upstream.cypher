// name: read.degrees_upstream
// summary: How many distinct nodes each of some nodes came from directly.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, kinds LIST<STRING>, deleted BOOLEAN, inferred BOOLEAN, revision INTEGER
// returns: rows LIST<LIST<INTEGER>>
UNWIND $ids AS id
MATCH (n:Node {id: id})
USING INDEX SEEK n:Node(id)
CALL (n) {
  MATCH (n)-[e]->(m)
  WHERE type(e) IN $kinds
    AND e.since <= $revision AND $revision < e.until AND ($inferred OR e.declared)
    AND ($deleted OR m.tombstones IS NULL
      OR size([t IN m.tombstones WHERE t <= $revision]) % 2 = 0)
  RETURN count(DISTINCT m) AS degree
}
WITH id, degree
WHERE degree > 0
RETURN collect([id, degree]) AS rows
