// name: read.events_of_actor
// summary: What one actor did.
// mode: read
// rows: many
// params: actor STRING, types LIST<STRING>?, low INTEGER, high INTEGER, limit INTEGER
// returns: position INTEGER, revision INTEGER, at INTEGER, type STRING, actor STRING, reason STRING, key STRING, digest STRING, body BYTES, leaf BYTES
// choices: order
MATCH (e:Event)
USING INDEX SEEK e:Event(actor, position)
WHERE e.actor = $actor AND $low < e.position AND e.position < $high
  AND ($types IS NULL OR e.type IN $types)
WITH e
ORDER BY e.actor /*order*/, e.position /*order*/
LIMIT $limit
RETURN e.position AS position, e.revision AS revision, e.at AS at, e.type AS type,
  e.actor AS actor, e.reason AS reason, e.key AS key, e.digest AS digest, e.body AS body,
  e.leaf AS leaf
ORDER BY position /*order*/
