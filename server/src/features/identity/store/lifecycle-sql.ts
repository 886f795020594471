/**
 * Events that nobody sees any longer because they are past their retention (PRIV-33) or because somebody asked to
 * delete them by a rule (PRIV-34). The rules are read as scalar subqueries, before the events: while there are none,
 * the engine drops the condition and reads no column for it; property values are read only while a rule asks for them.
 */

/** From which time on an event with `keepDays` is kept: whole UTC days by the engine's clock. */
export const keptFromSql = (keepDays: string): string =>
  `if(${keepDays} = 0, toDateTime64(0, 3, 'UTC'), toDateTime64(toDate(now('UTC')) - ${keepDays}, 3, 'UTC'))`

const retentionOf = (columns: string): string => `(
SELECT ${columns} FROM event_retention
WHERE version = (SELECT max(version) FROM event_retention) AND project_id IN (0, {projectId:UInt64}))`

// The project's own rule before the default; without any row, 0: for ever.
const projectDays = `argMaxIf(keep_days, project_id, event = '')`
const isOverride = `project_id != 0 AND event != ''`

const withinRetentionSql = (): string => {
  const days = retentionOf(projectDays)
  const names = retentionOf(`groupArrayIf(event, ${isOverride})`)
  const fromOfName = retentionOf(`arrayMap(days -> ${keptFromSql('days')},
  arrayPushFront(groupArrayIf(keep_days, ${isOverride}), ${projectDays}))`)
  return `if(empty(${names}),
   ${days} = 0 OR e.time >= ${retentionOf(keptFromSql(projectDays))},
   e.time >= ${fromOfName}[indexOf(${names}, e.event) + 1])`
}

const ruleColumns = 'event, from_time, until_time, cutoff'

/** Whether a row is meant by `rule`, a tuple of `ruleColumns`. `row` is what stands before its columns: `e.` or nothing. */
const isMeant = (row: string): string =>
  `${row}event = rule.1 AND ${row}time >= rule.2 AND ${row}time < rule.3 AND ${row}ingested_at <= rule.4`

/** Values are compared as JSON values: `1` is `1.0`, and escapes do not count. */
const meetsFilters = (row: string): string => {
  const value = `${row}properties[filter.1]`
  return `arrayAll(filter -> startsWith(${value}, '"') AND has(filter.2, JSONExtractString(${value}))
     OR has(filter.3, toFloat64OrNull(${value})) OR has(filter.4, ${value}), rule.5)`
}

const rulesOf = (columns: string, condition: string, which: string): string =>
  `(SELECT groupArrayIf((${columns}), ${condition}) FROM hidden_event WHERE ${which})`

/** Whether a rule of `hidden_event` that meets `which` (SQL over its columns) means a row. */
const isDeletedSql = (which: string, row: string): string => {
  const plain = rulesOf(ruleColumns, 'empty(filters)', which)
  const filtered = rulesOf(`${ruleColumns}, filters`, 'notEmpty(filters)', which)
  return `(notEmpty(${plain}) AND arrayExists(rule -> ${isMeant(row)}, ${plain})
   OR notEmpty(${filtered}) AND arrayExists(rule -> ${isMeant(row)} AND ${meetsFilters(row)}, ${filtered}))`
}

/** Condition on the event row `e`: may be seen. Bound parameter `projectId` is required. */
export const liveEventSql = (): string =>
  `(${withinRetentionSql()})\n  AND NOT ${isDeletedSql('project_id = {projectId:UInt64}', 'e.')}`

/**
 * Condition on a row of `event`, without alias: the deletion by rule `deletionId` of the project means it. For its
 * eraser and its verifier; both parameters are required.
 */
export const meantByDeletionSql = (): string =>
  `project_id = {projectId:UInt64} AND ${isDeletedSql('deletion_id = {deletionId:String}', '')}`
