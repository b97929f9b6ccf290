// name: write.erase_nodes
// summary: Takes away some nodes, which have no edges any more, to be built anew.
// mode: write
// rows: one
// params: limit INTEGER
// returns: erased INTEGER
MATCH (n:Node)
WITH n
LIMIT $limit
DELETE n
RETURN count(*) AS erased
