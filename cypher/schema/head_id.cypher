// name: schema.head_id
// summary: There is one head.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_head_id IF NOT EXISTS
FOR (n:LogHead)
REQUIRE n.id IS UNIQUE
