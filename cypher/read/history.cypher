// name: read.history
// summary: What a value was over time.
// mode: read
// rows: many
// params: node INTEGER, key STRING, revision INTEGER
// returns: since INTEGER, until INTEGER, value ANY
MATCH (v:Value)
USING INDEX SEEK v:Value(node, key, until)
WHERE v.node = $node AND v.key = $key AND v.until > 0 AND v.since <= $revision
RETURN v.since AS since, v.until AS until, v.value AS value
ORDER BY since
