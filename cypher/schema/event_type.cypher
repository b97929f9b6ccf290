// name: schema.event_type
// summary: The events of a type, in order.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_event_type IF NOT EXISTS
FOR (n:Event)
ON (n.type, n.position)
