import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import {
  daysOfHistory,
  eventLineSql,
  lineSettings,
  membershipsSql,
  visibleEventsSql,
  visibleProfilesSql,
} from '../../identity/index.ts'

/** Reads the rows of given people, found by the projection `by_person` instead of a scan. */
export interface PeopleReader {
  events(
    scope: ProjectScope,
    distinctIds: readonly string[],
    sinceMs: number | null,
    signal: AbortSignal,
  ): AsyncIterable<Buffer>
  profiles(scope: ProjectScope, distinctIds: readonly string[], signal: AbortSignal): AsyncIterable<Buffer>
  cohorts(scope: ProjectScope, distinctIds: readonly string[], signal: AbortSignal): AsyncIterable<Buffer>
  daysOfHistory(scope: ProjectScope): Promise<number>
}

// Two thousand people can be most of a table: minutes, never hours.
const readTimeoutMs = 30 * 60_000

/** One profile as clients of /engage see it. */
const profileLineSql = `concat('{"$distinct_id":', toJSONString(distinct_id), ',"$properties":{',
  arrayStringConcat(arrayMap((name, value) -> concat(toJSONString(name), ':', value),
    mapKeys(properties), mapValues(properties)), ','), '}}')`

export const createPeopleReader = (db: RegionDb): PeopleReader => ({
  events: async function* (scope, distinctIds, sinceMs, signal) {
    const since = sinceMs === null ? '' : 'AND e.time >= fromUnixTimestamp64Milli({sinceMs:Int64})'
    yield* await db.stream(
      `SELECT ${eventLineSql('milliseconds')} ${visibleEventsSql('ids')} ${since}
       ORDER BY e.time, e.ingested_at FORMAT LineAsString`,
      {
        params: { projectId: scope.projectId, ids: distinctIds, ...(sinceMs === null ? {} : { sinceMs }) },
        settings: { ...lineSettings, max_bytes_before_external_sort: 500_000_000 },
        signal,
        timeoutMs: readTimeoutMs,
      },
    )
  },
  profiles: async function* (scope, distinctIds, signal) {
    yield* await db.stream(
      `SELECT ${profileLineSql} FROM (${visibleProfilesSql('ids')})
       ORDER BY distinct_id FORMAT LineAsString`,
      {
        params: { projectId: scope.projectId, ids: distinctIds },
        settings: lineSettings,
        signal,
        timeoutMs: readTimeoutMs,
      },
    )
  },
  cohorts: async function* (scope, distinctIds, signal) {
    yield* await db.stream(
      `SELECT concat('{"cohort_id":', toString(cohort_id), ',"distinct_id":', toJSONString(distinct_id),
         ',"uploaded_at":"', formatDateTime(min(ingested_at), '%Y-%m-%dT%H:%i:%SZ', 'UTC'), '"}')
       FROM (${membershipsSql})
       GROUP BY cohort_id, distinct_id ORDER BY cohort_id, distinct_id FORMAT LineAsString`,
      {
        params: { projectId: scope.projectId, ids: distinctIds },
        settings: lineSettings,
        signal,
        timeoutMs: readTimeoutMs,
      },
    )
  },
  daysOfHistory: (scope) => daysOfHistory(db, scope, Date.now()),
})
