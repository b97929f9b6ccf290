// name: schema.event_revision
// summary: The time of a revision.
// mode: schema
// rows: none
// params: none
// returns: none
CREATE INDEX lineage_event_revision IF NOT EXISTS
FOR (n:Event)
ON (n.revision)
