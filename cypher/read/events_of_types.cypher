// name: read.events_of_types
// summary: Events of some types.
// mode: read
// rows: many
// params: types LIST<STRING>, low INTEGER, high INTEGER, limit INTEGER
// returns: position INTEGER, revision INTEGER, at INTEGER, type STRING, actor STRING, reason STRING, key STRING, digest STRING, body BYTES, leaf BYTES
// choices: order
UNWIND $types AS wanted
CALL (wanted) {
  MATCH (e:Event)
  USING INDEX SEEK e:Event(type, position)
  WHERE e.type = wanted AND $low < e.position AND e.position < $high
  RETURN e
  ORDER BY e.type /*order*/, e.position /*order*/
  LIMIT $limit
}
RETURN e.position AS position, e.revision AS revision, e.at AS at, e.type AS type,
  e.actor AS actor, e.reason AS reason, e.key AS key, e.digest AS digest, e.body AS body,
  e.leaf AS leaf
ORDER BY position /*order*/
LIMIT $limit
