// name: read.events_of_key
// summary: The commit that used an idempotency key.
// mode: read
// rows: many
// params: key STRING
// returns: position INTEGER, revision INTEGER, at INTEGER, type STRING, actor STRING, reason STRING, key STRING, digest STRING, body BYTES, leaf BYTES
MATCH (e:Event {key: $key})
RETURN e.position AS position, e.revision AS revision, e.at AS at, e.type AS type,
  e.actor AS actor, e.reason AS reason, e.key AS key, e.digest AS digest, e.body AS body,
  e.leaf AS leaf
ORDER BY position
