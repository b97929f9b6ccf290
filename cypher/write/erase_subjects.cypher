// name: write.erase_subjects
// summary: Takes away some subjects of events, to be built anew.
// mode: write
// rows: one
// params: limit INTEGER
// returns: erased INTEGER
MATCH (n:Subject)
WITH n
LIMIT $limit
DELETE n
RETURN count(*) AS erased
