// name: write.erase_edges
// summary: Takes away some edges, to be built anew.
// mode: write
// rows: one
// params: limit INTEGER
// returns: erased INTEGER
MATCH (:Node)-[e]->()
WITH e
LIMIT $limit
DELETE e
RETURN count(*) AS erased
