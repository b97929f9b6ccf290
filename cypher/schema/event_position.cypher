// name: schema.event_position
// summary: Each event has its position for itself, and is found by it.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE CONSTRAINT lineage_event_position IF NOT EXISTS
FOR (n:Event)
REQUIRE n.position IS UNIQUE
