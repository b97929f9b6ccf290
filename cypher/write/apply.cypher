// name: write.apply
// summary: Appends events and changes the graph.
// mode: write
// rows: none
// params: nodes LIST<MAP>, keys LIST<MAP>, names LIST<MAP>, members LIST<MAP>, stages LIST<MAP>, ended_values LIST<MAP>, values LIST<MAP>, deletions LIST<INTEGER>, ended_edges LIST<MAP>, edges LIST<MAP>, events LIST<MAP>, subjects LIST<MAP>, heads LIST<MAP>, still INTEGER
// returns: none
CALL () {
  UNWIND $nodes AS c
  CREATE (n:Node:$(c.label))
  SET n = c.properties
}
CALL () {
  UNWIND $keys AS c
  MATCH (n:Node {id: c.node})
  USING INDEX SEEK n:Node(id)
  WITH n, [key IN c.keys WHERE NOT key IN coalesce(n.keys, [])] AS first
  WHERE size(first) > 0
  SET n.keys = coalesce(n.keys, []) + first
}
CALL () {
  UNWIND $names AS c
  MATCH (n:Node {id: c.node})
  USING INDEX SEEK n:Node(id)
  SET n.name = c.name, n.reference = CASE n.kind
    WHEN 'model' THEN 'models:/' + c.name
    WHEN 'dataset' THEN 'datasets:/' + c.name
    WHEN 'deployment' THEN 'deployments:/' + c.name
  END
  WITH n
  MATCH (member:Node)-[:VERSION_OF]->(n)
  SET member.reference = n.reference + '/' + toString(member.number)
}
CALL () {
  UNWIND $members AS c
  MATCH (member:Node {id: c.node})
  USING INDEX SEEK member:Node(id)
  MATCH (n:Node {id: c.owner})
  USING INDEX SEEK n:Node(id)
  CREATE (member)-[:VERSION_OF]->(n)
  SET member.reference = n.reference + '/' + toString(member.number)
}
CALL () {
  UNWIND $stages AS c
  MATCH (n:Node {id: c.node})
  USING INDEX SEEK n:Node(id)
  SET n.stage = c.stage
}
CALL () {
  UNWIND $ended_values AS c
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = c.node AND v.key = c.key AND v.until = $still
  WITH v, c.until AS until, v.since = c.until AS never_held
  FOREACH (gone IN CASE WHEN never_held THEN [v] ELSE [] END | DELETE gone)
  FOREACH (ended IN CASE WHEN never_held THEN [] ELSE [v] END | SET ended.until = until)
}
CALL () {
  UNWIND $values AS c
  CREATE (v:Value)
  SET v = c
}
CALL () {
  UNWIND $deletions AS id
  MATCH (n:Node {id: id})
  USING INDEX SEEK n:Node(id)
  CALL (id) {
    MATCH (v:Value)
    USING INDEX SEEK v:Value(node, key, until)
    WHERE v.node = id AND v.key = 'deleted' AND v.until > 0
    UNWIND [v.since, v.until] AS turn
    WITH turn, count(*) AS times
    WHERE times = 1 AND turn < $still
    WITH turn
    ORDER BY turn
    RETURN collect(turn) AS turns
  }
  SET n.tombstones = CASE size(turns) WHEN 0 THEN null ELSE turns END
}
CALL () {
  UNWIND $ended_edges AS c
  MATCH (a:Node {id: c.source})
  USING INDEX SEEK a:Node(id)
  MATCH (b:Node {id: c.target})
  USING INDEX SEEK b:Node(id)
  MATCH (a)-[e]->(b)
  WHERE type(e) = c.kind AND e.role = c.role AND e.until = $still
  WITH e, c.until AS until, e.since = c.until AS never_held
  FOREACH (gone IN CASE WHEN never_held THEN [e] ELSE [] END | DELETE gone)
  FOREACH (ended IN CASE WHEN never_held THEN [] ELSE [e] END | SET ended.until = until)
}
CALL () {
  UNWIND $edges AS c
  MATCH (a:Node {id: c.source})
  USING INDEX SEEK a:Node(id)
  MATCH (b:Node {id: c.target})
  USING INDEX SEEK b:Node(id)
  WHERE c.is_new OR NOT EXISTS {
    MATCH (a)-[e]->(b)
    WHERE type(e) = c.kind AND e.role = c.properties.role AND e.until = $still
  }
  CREATE (a)-[e:$(c.kind)]->(b)
  SET e = c.properties
}
CALL () {
  UNWIND $events AS c
  CREATE (e:Event)
  SET e = c
}
CALL () {
  UNWIND $subjects AS c
  CREATE (s:Subject)
  SET s = c
}
CALL () {
  UNWIND $heads AS c
  MATCH (h:LogHead {id: 0})
  SET h += c
}
