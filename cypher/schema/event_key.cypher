// name: schema.event_key
// summary: The commit of an idempotency key.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_event_key IF NOT EXISTS
FOR (n:Event)
ON (n.key)
