// name: read.values
// summary: Those of the wanted values that hold.
// mode: read
// rows: one
// params: wanted LIST<LIST<ANY>>, revision INTEGER
// returns: rows LIST<LIST<ANY>>
UNWIND $wanted AS slot
MATCH (v:Value)
USING INDEX SEEK v:Value(node, key, until)
WHERE v.node = slot[0] AND v.key = slot[1] AND v.until > $revision AND v.since <= $revision
RETURN collect([v.node, v.key, v.value]) AS rows
