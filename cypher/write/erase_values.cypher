// name: write.erase_values
// summary: Takes away some values, to be built anew.
// mode: write
// rows: one
// params: limit INTEGER
// returns: erased INTEGER
MATCH (n:Value)
WITH n
LIMIT $limit
DELETE n
RETURN count(*) AS erased
