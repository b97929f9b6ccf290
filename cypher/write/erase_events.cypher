// name: write.erase_events
// summary: Takes away some events, to be built anew.
// mode: write
// rows: one
// params: limit INTEGER
// returns: erased INTEGER
MATCH (n:Event)
WITH n
LIMIT $limit
DELETE n
RETURN count(*) AS erased
