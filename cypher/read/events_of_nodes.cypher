// name: read.events_of_nodes
// summary: The events that made, changed or mention some nodes.
// mode: read
// rows: many
// params: nodes LIST<INTEGER>, actor STRING?, types LIST<STRING>?, low INTEGER, high INTEGER, limit INTEGER
// returns: position INTEGER, revision INTEGER, at INTEGER, type STRING, actor STRING, reason STRING, key STRING, digest STRING, body BYTES, leaf BYTES
// choices: order
UNWIND $nodes AS node
CALL (node) {
  MATCH (s:Subject)
  USING INDEX SEEK s:Subject(node, position)
  WHERE s.node = node AND $low < s.position AND s.position < $high
  MATCH (e:Event {position: s.position})
  USING INDEX SEEK e:Event(position)
  WHERE ($actor IS NULL OR e.actor = $actor)
    AND ($types IS NULL OR e.type IN $types)
  RETURN e
  ORDER BY s.node /*order*/, s.position /*order*/
  LIMIT $limit
}
WITH DISTINCT e
RETURN e.position AS position, e.revision AS revision, e.at AS at, e.type AS type,
  e.actor AS actor, e.reason AS reason, e.key AS key, e.digest AS digest, e.body AS body,
  e.leaf AS leaf
ORDER BY position /*order*/
LIMIT $limit
