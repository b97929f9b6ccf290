// name: read.events_of_nodes
// summary: The events that made, changed or mention some nodes.
// mode: read
// rows: many
// params: nodes LIST<INTEGER>, actor STRING?, types LIST<STRING>?, low INTEGER, high INTEGER, limit INTEGER
// returns: position INTEGER, revision INTEGER, at INTEGER, type STRING, actor STRING, reason STRING, key STRING, digest STRING, body BYTES, leaf BYTES
// choices: order
UNWIND $nodes AS node
CALL (node) {
  OPTIONAL MATCH (t:Subject)
  USING INDEX SEEK t:Subject(node, last)
  WHERE t.node = node AND t.last >= $high
  RETURN t.last AS top
  ORDER BY t.node, t.last
  LIMIT 1
}
CALL (node, top) {
  MATCH (n:Node {id: node})
  USING INDEX SEEK n:Node(id)
  UNWIND [node] + coalesce(n.mentions, []) AS position
  WITH position
  WHERE $low < position AND position < $high
  MATCH (e:Event {position: position})
  USING INDEX SEEK e:Event(position)
  WHERE ($actor IS NULL OR e.actor = $actor)
    AND ($types IS NULL OR e.type IN $types)
  RETURN e
  ORDER BY position /*order*/
  LIMIT $limit
  UNION
  MATCH (s:Subject)
  USING INDEX SEEK s:Subject(node, last)
  WHERE s.node = node AND $low < s.last AND s.last <= coalesce(top, $high)
  UNWIND s.positions AS position
  WITH s, position
  WHERE $low < position AND position < $high
  MATCH (e:Event {position: position})
  USING INDEX SEEK e:Event(position)
  WHERE ($actor IS NULL OR e.actor = $actor)
    AND ($types IS NULL OR e.type IN $types)
  RETURN e
  ORDER BY s.node /*order*/, s.last /*order*/, position /*order*/
  LIMIT $limit
}
WITH DISTINCT e
RETURN e.position AS position, e.revision AS revision, e.at AS at, e.type AS type,
  e.actor AS actor, e.reason AS reason, e.key AS key, e.digest AS digest, e.body AS body,
  e.leaf AS leaf
ORDER BY position /*order*/
LIMIT $limit
