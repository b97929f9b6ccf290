// name: write.lock_head
// summary: Makes every other writer wait, then tells where the log ends and what time it is.
// mode: write
// rows: optional
// params: none
// returns: revision INTEGER, size INTEGER, at INTEGER, projection INTEGER, has_log BOOLEAN, owner STRING, now INTEGER
MATCH (h:LogHead {id: 0})
SET h.lock = true
WITH h, datetime.realtime() AS clock
RETURN h.revision AS revision, h.size AS size, h.at AS at, h.projection AS projection,
  h.has_log AS has_log, h.owner AS owner,
  clock.epochSeconds * 1000000 + clock.microsecond AS now
