// name: write.apply
// summary: Appends events and changes the graph.
// mode: write
// rows: none
// params: nodes LIST<LIST<ANY>>, keys LIST<MAP>, names LIST<MAP>, members LIST<LIST<INTEGER>>, stages LIST<MAP>, ended_values LIST<LIST<ANY>>, values LIST<LIST<ANY>>, deletions LIST<INTEGER>, ended_edges LIST<MAP>, edges LIST<LIST<ANY>>, events LIST<LIST<ANY>>, subjects LIST<LIST<ANY>>, heads LIST<MAP>, still INTEGER
// returns: none
CALL () {
  UNWIND $nodes AS c
  CREATE (:Node:$(c[0]) {
    id: c[1], kind: c[2], owner: c[3], since: c[4], facts: c[5], number: c[6],
    reference: c[7], keys: c[8], mentions: c[9]
  })
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
  MATCH (member:Node {id: c[0]})
  USING INDEX SEEK member:Node(id)
  MATCH (n:Node {id: c[1]})
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
  WHERE v.node = c[0] AND v.key = c[1] AND v.until = $still
  WITH v, c[2] AS until, v.since = c[2] AS never_held
  FOREACH (gone IN CASE WHEN never_held THEN [v] ELSE [] END | DELETE gone)
  FOREACH (ended IN CASE WHEN never_held THEN [] ELSE [v] END | SET ended.until = until)
}
CALL () {
  UNWIND $values AS c
  CREATE (:Value {
    node: c[0], key: c[1], since: c[2], until: c[3], value: c[4], holder: c[5], later: c[6]
  })
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
  MATCH (a:Node {id: c[1]})
  USING INDEX SEEK a:Node(id)
  MATCH (b:Node {id: c[2]})
  USING INDEX SEEK b:Node(id)
  WHERE c[6] OR NOT EXISTS {
    MATCH (a)-[e]->(b)
    WHERE type(e) = c[0] AND e.role = c[3] AND e.until = $still
  }
  CREATE (a)-[:$(c[0]) {
    key: c[7], role: c[3], since: c[4], until: $still, declared: c[5]
  }]->(b)
}
CALL () {
  UNWIND $events AS c
  CREATE (:Event {
    position: c[0], revision: c[1], at: c[2], type: c[3], actor: c[4], reason: c[5],
    key: c[6], digest: c[7], body: c[8], leaf: c[9], token: c[10]
  })
}
CALL () {
  UNWIND $subjects AS c
  CREATE (:Subject {node: c[0], last: c[1], positions: c[2]})
}
CALL () {
  UNWIND $heads AS c
  MATCH (h:LogHead {id: 0})
  SET h += c
}
