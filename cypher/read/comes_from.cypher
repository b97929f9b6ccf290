// name: read.comes_from
// summary: Those of some nodes that others come from, through whatever lies between.
// mode: read
// rows: one
// params: starts LIST<INTEGER>, nodes LIST<INTEGER>, kinds LIST<STRING>, revision INTEGER
// returns: ids LIST<INTEGER>
UNWIND $starts AS id
MATCH (start:Node {id: id})
USING INDEX SEEK start:Node(id)
MATCH (start) (
  (x)-[e WHERE type(e) IN $kinds AND e.since <= $revision AND $revision < e.until]->(y)
){0,} (n)
WITH DISTINCT n
WHERE n.id IN $nodes
RETURN collect(n.id) AS ids
