// name: read.events
// summary: The first or last events of a range of positions.
// mode: read
// rows: many
// params: low INTEGER, high INTEGER, limit INTEGER
// returns: position INTEGER, revision INTEGER, at INTEGER, type STRING, actor STRING, reason STRING, key STRING, digest STRING, body BYTES, leaf BYTES
// choices: order
MATCH (e:Event)
WHERE $low < e.position AND e.position < $high
RETURN e.position AS position, e.revision AS revision, e.at AS at, e.type AS type,
  e.actor AS actor, e.reason AS reason, e.key AS key, e.digest AS digest, e.body AS body,
  e.leaf AS leaf
ORDER BY position /*order*/
LIMIT $limit
