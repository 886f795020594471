import type { ProjectScope } from '../../../kernel/scope.ts'
import { dayMs } from '../../../kernel/time.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { liveEventSql } from './lifecycle-sql.ts'

/**
 * What `liveEventSql` comes to for a project at this moment. While there is no rule but one retention for all events, a
 * read compares the time with a constant, and is spared the subqueries, which cost more than many a question.
 */
export interface LiveEvents {
  /** Events from then on are kept; 0: all of them. Null: there are other rules, which the read has to look up. */
  readonly keptFromMs: number | null
}

/** Rules of a project, as they are stored. */
export interface EventRules {
  /** Rules for single events, or deletions by rule. */
  readonly hasOthers: boolean
  /** Days that events are kept; 0: for ever. */
  readonly keepDays: number
}

/** A rule that is made while the read runs does not hold for it: it began before. */
export const findEventRules = async (db: RegionDb, scope: ProjectScope, signal?: AbortSignal): Promise<EventRules> => {
  const [row] = await db.rows<{ rules: number; days: number }>(
    `SELECT toUInt32(countIf(event != '')) + (
              SELECT toUInt32(count()) FROM hidden_event WHERE project_id = {projectId:UInt64}) AS rules,
            argMaxIf(keep_days, project_id, event = '') AS days
     FROM (SELECT project_id, event, keep_days FROM event_retention WHERE project_id IN (0, {projectId:UInt64})
           QUALIFY version = max(version) OVER ())`,
    { params: { projectId: scope.projectId }, ...(signal === undefined ? {} : { signal }) },
  )
  return row === undefined ? { hasOthers: true, keepDays: 0 } : { hasOthers: Number(row.rules) > 0, keepDays: row.days }
}

/** `today`: number of the day since 1970, by the engine's clock. */
export const liveEventsOf = ({ hasOthers, keepDays }: EventRules, today: number): LiveEvents => {
  if (hasOthers) return { keptFromMs: null }
  return { keptFromMs: keepDays === 0 ? 0 : Math.max(0, today - keepDays) * dayMs }
}

/** Condition on the event row `e`: may be seen. `fromMs`: when the range of the read begins, if it has one. */
export const liveEventsSql = ({ keptFromMs }: LiveEvents, fromMs: number | null): string => {
  if (keptFromMs === null) return liveEventSql()
  return (fromMs ?? 0) >= keptFromMs ? '1' : `e.time >= fromUnixTimestamp64Milli(${keptFromMs}, 'UTC')`
}
