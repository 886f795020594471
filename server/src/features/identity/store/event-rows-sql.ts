/** What the ledger of duplicates said to a read: keys that it found until this instant (engine clock) hold duplicates. */
export interface KnownDuplicates {
  readonly foundUntil: string
}

// Both halves of a read must go by the same keys, whatever is found while it runs: hence the instant.
const knownKeys = (columns: string): string => `(SELECT ${columns} FROM duplicate_event
  WHERE project_id = {projectId:UInt64} AND found_at <= {duplicatesUntil:DateTime64(6, 'UTC')})`

const coarseKey = 'event, distinct_id, time'
// The columns that event is sorted by: they find the few granules that hold the keys.
const sortKey = 'event, toDate(time), cityHash64(distinct_id)'

/**
 * What an event read selects from, as `… AS e` (ADR 0012): of the events of a project that are the same to queries
 * (event, distinct_id as sent, time, $insert_id) the one that came in last, of one insert the later in it. Hidden rows are
 * in it still: use it within `visibleEventsSql`. Bound parameters: `projectId` and those of `duplicatesParams`.
 * With `null`, which is for projects without duplicates and for raw export, the plain table.
 */
export const eventRowsSql = (known: KnownDuplicates | null): string =>
  known === null
    ? 'event'
    : `(
  SELECT project_id, event, time, distinct_id, insert_id, ingested_at, properties FROM event
  WHERE project_id = {projectId:UInt64} AND NOT (time IN ${knownKeys('time')} AND (${coarseKey}) IN ${knownKeys(coarseKey)})
  UNION ALL
  SELECT project_id, event, time, distinct_id, insert_id, ingested_at, properties FROM event
  WHERE project_id = {projectId:UInt64} AND (${sortKey}) IN ${knownKeys(sortKey)} AND (${coarseKey}) IN ${knownKeys(coarseKey)}
  ORDER BY ingested_at DESC, _part_offset DESC
  LIMIT 1 BY event, distinct_id, time, insert_id
)`

/** The bound parameters that `eventRowsSql(known)` needs besides `projectId`. */
export const duplicatesParams = (known: KnownDuplicates | null): Readonly<Record<string, string>> =>
  known === null ? {} : { duplicatesUntil: known.foundUntil }
