// name: schema.event_actor
// summary: What somebody did, in order.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_event_actor IF NOT EXISTS
FOR (n:Event)
ON (n.actor, n.position)
