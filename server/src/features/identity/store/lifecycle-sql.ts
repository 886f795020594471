import type { ProjectScope } from '../../../kernel/scope.ts'

/**
 * Events that nobody sees any longer because they are past their retention (PRIV-33) or because somebody asked to
 * delete them by a rule (PRIV-34). The rules are read as scalar subqueries, before the events: while there are none,
 * the engine is left with a comparison of the time; property values are read only while a rule asks for them.
 */

/** From which time on an event with `keepDays` is kept: whole UTC days by the engine's clock. */
const keptFromSql = (keepDays: string): string =>
  `if(${keepDays} = 0, toDateTime64(0, 3, 'UTC'), toDateTime64(toDate(now('UTC')) - ${keepDays}, 3, 'UTC'))`

const thisProject = '{projectId:UInt64}'
// The project's own rule before the default; without any row, 0: for ever.
const projectDays = `argMaxIf(keep_days, project_id, event = '')`
const isOverride = `project_id != 0 AND event != ''`

/** One scalar, so that all of it is of one version: names with a rule of their own, and from when events are kept, of others and of each name. */
const retentionOf = (projectId: string): string => `(
SELECT (groupArrayIf(event, ${isOverride}),
        arrayMap(days -> ${keptFromSql('days')}, arrayPushFront(groupArrayIf(keep_days, ${isOverride}), ${projectDays})))
FROM (SELECT project_id, event, keep_days FROM event_retention WHERE project_id IN (0, ${projectId})
      QUALIFY version = max(version) OVER ()))`

// The comparison with a constant is what the engine prunes partitions by.
/** `kept` names the scalar: different ones in one statement need different names. */
const withinRetentionSql = (
  projectId: string,
  kept: string,
  row: string,
): string => `if(empty((${retentionOf(projectId)} AS ${kept}).1),
   ${row}time >= ${kept}.2[1],
   ${row}time >= arrayMin(${kept}.2) AND ${row}time >= ${kept}.2[indexOf(${kept}.1, ${row}event) + 1])`

/** Condition on a row of `event`, without alias: past the retention of the project. For the sweep; binds nothing. */
export const expiredEventSql = ({ projectId }: ProjectScope): string => {
  const kept = `event_kept_${projectId}`
  return `project_id = ${projectId} AND NOT (${withinRetentionSql(String(projectId), kept, '')}) AND time < arrayMax(${kept}.2)`
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

/** Whether a rule of `hidden_event` that meets `which` (SQL over its columns) means a row. */
const isDeletedSql = (which: string, row: string): string => `(notEmpty(((
SELECT (groupArrayIf((${ruleColumns}), empty(filters)), groupArrayIf((${ruleColumns}, filters), notEmpty(filters)))
FROM hidden_event WHERE ${which}) AS event_rule).1) AND arrayExists(rule -> ${isMeant(row)}, event_rule.1)
   OR notEmpty(event_rule.2)
     AND if(has(event_rule.2.1, ${row}event), arrayExists(rule -> ${isMeant(row)} AND ${meetsFilters(row)}, event_rule.2), 0))`

/**
 * The opposite of `isDeletedSql`, spelled out: under NOT the engine (26.7) takes columns that the projection `by_person`
 * does not have for met, and a read of given people would find nothing.
 */
const isKeptSql = (which: string, row: string): string => `(empty(((
SELECT (groupArrayIf((${ruleColumns}), empty(filters)), groupArrayIf((${ruleColumns}, filters), notEmpty(filters)))
FROM hidden_event WHERE ${which}) AS event_rule).1) OR NOT arrayExists(rule -> ${isMeant(row)}, event_rule.1))
  AND (empty(event_rule.2)
     OR if(has(event_rule.2.1, ${row}event), NOT arrayExists(rule -> ${isMeant(row)} AND ${meetsFilters(row)}, event_rule.2), 1))`

/** Condition on the event row `e`: may be seen. Bound parameter `projectId` is required. */
export const liveEventSql = (): string =>
  `(${withinRetentionSql(thisProject, 'event_kept', 'e.')})\n  AND ${isKeptSql(`project_id = ${thisProject}`, 'e.')}`

const thisDeletion = 'deletion_id = {deletionId:String}'
const ofDeletion = `hidden_event WHERE ${thisDeletion}`

/** Condition on a row of `event`, without alias: the deletion by rule with the bound `deletionId` means it. */
export const meantByDeletionSql = ({ projectId }: ProjectScope): string =>
  `project_id = ${projectId} AND event IN (SELECT event FROM ${ofDeletion})
  AND time >= (SELECT min(from_time) FROM ${ofDeletion}) AND time < (SELECT max(until_time) FROM ${ofDeletion})
  AND ${isDeletedSql(thisDeletion, '')}`
