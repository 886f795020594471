import type { SavedReports } from '../../reports/index.ts'
import { createCohortSql } from '../cohorts/cohort-sql.ts'
import { resolveCohort } from '../cohorts/resolve-cohort.ts'
import { createProfileContext, profileSource } from '../compile/profile-source.ts'
import { createBinder } from '../compile/sql-context.ts'
import { startOfKey } from '../domain/time/report-dates.ts'
import type { QueryCall } from '../http/query-route.ts'
import { asOf } from '../read-view.ts'
import type { CohortPlan } from './metric-plan.ts'
import { isSplit, type MetricRow, ofEvents, valuesSql } from './rows-sql.ts'

type Call = Pick<QueryCall, 'run' | 'view'>
export type CohortDeps = Pick<SavedReports, 'cohort' | 'customEvent'>

/** When the size is taken: at the end of each bucket, of those that are running now. */
const instantsOf = ({ buckets, isWhole }: CohortPlan, nowMs: number): readonly number[] => {
  const { keys, zone, range } = buckets
  const ends = isWhole ? [range.toMs] : keys.map((_, at) => endOf(keys[at + 1], zone, range.toMs))
  return ends.map((ms) => Math.min(ms, nowMs))
}

const endOf = (next: string | undefined, zone: string, toMs: number): number =>
  next === undefined ? toMs : Math.min(startOfKey(zone, next), toMs)

/**
 * The sizes of a cohort as rows of MetricRow: each by what was known at that instant of events, and what profiles say now.
 * Buckets have the numbers of their places.
 */
export const cohortSizes = async (
  saved: CohortDeps,
  { run, view: now }: Call,
  plan: CohortPlan,
): Promise<readonly MetricRow[]> => {
  const found = new Map<string, [number, number][]>()
  for (const [at, nowMs] of instantsOf(plan, now.nowMs).entries()) {
    const view = asOf(now, nowMs)
    const { timezone } = view
    const cohort = await resolveCohort({ saved, timezone, nowMs }, view.scope, plan.cohortId)
    const binder = createBinder(view)
    const members = createCohortSql(view, binder).members(cohort)
    const context = createProfileContext(view, binder)
    const rows = isSplit(plan)
      ? `SELECT ${valuesSql(context, plan)} AS j, 0 AS b FROM (${members}) AS c
LEFT ANY JOIN (SELECT p.distinct_id AS distinct_id, p.properties AS properties ${profileSource(view, binder)}) AS p
  ON c.person = p.distinct_id`
      : `SELECT 0 AS b FROM (${members})`
    const sql = ofEvents(plan, binder, { name: 'count', of: '' }, rows)
    for (const { k, points } of await run.rows<MetricRow>(view, binder, sql)) {
      const key = JSON.stringify(k)
      const own = found.get(key) ?? []
      found.set(key, own)
      for (const [, size] of points) own.push([at, size ?? 0])
    }
  }
  const total = (points: readonly (readonly [number, number])[]) => points.reduce((sum, [, size]) => sum + size, 0)
  return [...found]
    .toSorted(([a, x], [b, y]) => total(y) - total(x) || (a < b ? -1 : 1))
    .slice(0, plan.limit)
    .map(([key, points]) => ({ k: JSON.parse(key) as string[], points }))
}
