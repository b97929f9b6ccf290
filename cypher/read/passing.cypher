// name: read.passing
// summary: Those of some nodes that pass all filters.
// mode: read
// rows: one
// params: ids LIST<INTEGER>, filters LIST<MAP>, revision INTEGER
// returns: ids LIST<INTEGER>
UNWIND $ids AS id
MATCH (n:Node {id: id})
USING INDEX SEEK n:Node(id)
WHERE size([f IN $filters WHERE f.comparison <> 'absent']) = COUNT {
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
RETURN collect(id) AS ids
