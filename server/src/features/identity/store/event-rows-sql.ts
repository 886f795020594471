/** What the ledger of duplicates said to a read: what it found until this instant (engine clock) is to be gone by. */
export interface KnownDuplicates {
  readonly foundUntil: string
  /** Some of the project's duplicates came in at one instant with the event that counts. */
  readonly hasMixed: boolean
}

// All parts of a read must go by the same entries, whatever is found while it runs: hence the instant.
const entries = (columns: string, isMixed: 0 | 1): string => `(SELECT ${columns} FROM duplicate_event
  WHERE project_id = {projectId:UInt64} AND is_mixed = ${isMixed} AND found_at <= {duplicatesUntil:DateTime64(6, 'UTC')})`

const columns = 'project_id, event, time, distinct_id, insert_id, ingested_at, properties'
const coarseKey = 'event, distinct_id, time'
const arrivalKey = `${coarseKey}, ingested_at`
// What event is sorted by: finds the few granules that hold the keys.
const sortKey = 'event, toDate(time), cityHash64(distinct_id)'

// Never NOT (… IN … AND …): beside a condition on distinct_id the engine (26.7) then looks at the projection `by_person`,
// takes the columns that are not in it for met, and finds no row at all.
const isCurrent = `(ingested_at NOT IN ${entries('ingested_at', 0)} OR (${arrivalKey}) NOT IN ${entries(arrivalKey, 0)})`
const isPure = `(time NOT IN ${entries('time', 1)} OR (${coarseKey}) NOT IN ${entries(coarseKey, 1)})`
const isMixed = `time IN ${entries('time', 1)} AND (${coarseKey}) IN ${entries(coarseKey, 1)}`
const ofProject = `SELECT ${columns} FROM event WHERE project_id = {projectId:UInt64}`

/**
 * What an event read selects from, as `… AS e` (ADR 0012): of the events of a project that are the same to queries
 * (event, distinct_id as sent, time, $insert_id) the one that came in last, of one insert the later in it. Hidden rows are
 * in it still: use it within `visibleEventsSql`. Bound parameters: `projectId` and those of `duplicatesParams`.
 * With `null`, which is for projects without duplicates and for raw export, the plain table.
 */
export const eventRowsSql = (known: KnownDuplicates | null): string => {
  if (known === null) return 'event'
  if (!known.hasMixed) return `(${ofProject} AND ${isCurrent})`
  return `(
  ${ofProject} AND ${isCurrent} AND ${isPure}
  UNION ALL
  ${ofProject} AND (${sortKey}) IN ${entries(sortKey, 1)} AND ${isMixed}
  ORDER BY ingested_at DESC, _part_offset DESC
  LIMIT 1 BY event, distinct_id, time, insert_id
)`
}

/** The bound parameters that `eventRowsSql(known)` needs besides `projectId`. */
export const duplicatesParams = (known: KnownDuplicates | null): Readonly<Record<string, string>> =>
  known === null ? {} : { duplicatesUntil: known.foundUntil }
