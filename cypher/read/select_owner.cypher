// name: read.select_owner
// summary: The versions of a model or dataset that pass all filters.
// mode: read
// rows: one
// params: owner INTEGER, kind STRING, filters LIST<MAP>, deleted BOOLEAN, low INTEGER, high INTEGER, limit INTEGER, revision INTEGER
// returns: ids LIST<INTEGER>
// choices: order
MATCH (n:Node)
USING INDEX SEEK n:Node(owner, id)
WHERE n.owner = $owner AND $low < n.id AND n.id < $high
  AND n.kind = $kind
  AND n.since <= $revision
  AND ($deleted OR n.tombstones IS NULL
    OR size([t IN n.tombstones WHERE t <= $revision]) % 2 = 0)
  AND size([f IN $filters WHERE f.comparison <> 'absent']) = COUNT {
  UNWIND $filters AS f
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = n.id AND v.key = f.key AND v.until > $revision AND v.since <= $revision
    AND CASE f.comparison
      WHEN 'contains' THEN v.value IS :: STRING AND toLower(toString(v.value)) CONTAINS f.value
      WHEN 'eq' THEN v.value = f.value
      WHEN 'lt' THEN v.value < f.value
      WHEN 'le' THEN v.value <= f.value
      WHEN 'gt' THEN v.value > f.value
      WHEN 'ge' THEN v.value >= f.value
    END
  RETURN v
}
  AND NOT EXISTS {
  UNWIND [f IN $filters WHERE f.comparison = 'absent'] AS f
  MATCH (v:Value)
  USING INDEX SEEK v:Value(node, key, until)
  WHERE v.node = n.id AND v.key = f.key AND v.until > $revision AND v.since <= $revision
  RETURN v
}
WITH n
ORDER BY n.owner /*order*/, n.id /*order*/
LIMIT $limit
RETURN collect(n.id) AS ids
