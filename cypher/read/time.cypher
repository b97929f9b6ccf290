// name: read.time
// summary: When a revision was committed.
// mode: read
// rows: optional
// params: revision INTEGER
// returns: at INTEGER
MATCH (e:Event {revision: $revision})
RETURN e.at AS at
LIMIT 1
