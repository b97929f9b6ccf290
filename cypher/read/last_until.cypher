// name: read.last_until
// summary: The last event and revision up to a time.
// mode: read
// rows: optional
// params: at INTEGER
// returns: revision INTEGER
MATCH (e:Event)
WHERE e.at <= $at
RETURN e.revision AS revision
ORDER BY e.at DESC
LIMIT 1
