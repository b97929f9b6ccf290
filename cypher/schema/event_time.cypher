// name: schema.event_time
// summary: The revision at a time.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_event_time IF NOT EXISTS
FOR (n:Event)
ON (n.at)
