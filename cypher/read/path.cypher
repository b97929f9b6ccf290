// name: read.path
// summary: One shortest way along the edges.
// mode: read
// rows: optional
// params: source INTEGER, target INTEGER, kinds LIST<STRING>, revision INTEGER
// returns: ids LIST<INTEGER>
MATCH (a:Node {id: $source})
USING INDEX SEEK a:Node(id)
MATCH (b:Node {id: $target})
USING INDEX SEEK b:Node(id)
MATCH p = shortestPath((a)-[es*1..]->(b))
WHERE all(e IN es WHERE type(e) IN $kinds AND e.since <= $revision AND $revision < e.until)
RETURN [n IN nodes(p) | n.id] AS ids
