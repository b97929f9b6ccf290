// name: read.edges_in
// summary: The edges that enter some nodes.
// mode: read
// rows: many
// params: ids LIST<INTEGER>, kinds LIST<STRING>, revision INTEGER
// returns: chunk LIST<LIST<ANY>>
UNWIND $ids AS id
MATCH (target:Node {id: id})<-[e]-(source:Node)
USING INDEX SEEK target:Node(id)
WHERE type(e) IN $kinds AND e.since <= $revision AND $revision < e.until
WITH [source.id, type(e), target.id, e.role, e.since, e.declared] AS row
ORDER BY row[0], row[1], row[2], row[3]
WITH collect(row) AS rows
UNWIND range(0, size(rows) - 1, 1000) AS i
RETURN rows[i..i + 1000] AS chunk
