// name: read.token
// summary: The mark that the writer of an event left on it.
// mode: read
// rows: optional
// params: position INTEGER
// returns: token STRING
MATCH (e:Event {position: $position})
RETURN e.token AS token
