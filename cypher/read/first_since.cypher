// name: read.first_since
// summary: Where the commits at or after a time begin.
// mode: read
// rows: optional
// params: at INTEGER
// returns: revision INTEGER, position INTEGER
MATCH (first:Event)
WHERE first.at >= $at
WITH first.revision AS revision
ORDER BY first.at
LIMIT 1
MATCH (e:Event {revision: revision})
RETURN revision, min(e.position) AS position
