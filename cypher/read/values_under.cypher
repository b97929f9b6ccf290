// name: read.values_under
// summary: The values of a node that hold and whose keys begin so.
// mode: read
// rows: one
// params: node INTEGER, prefix STRING, revision INTEGER
// returns: rows LIST<LIST<ANY>>
MATCH (v:Value)
USING INDEX SEEK v:Value(node, key, until)
WHERE v.node = $node AND v.key STARTS WITH $prefix AND v.until > $revision AND v.since <= $revision
RETURN collect([v.key, v.value]) AS rows
