import type { BookmarkDefinition } from '../../reports/index.ts'
import { runAddiction } from '../addiction/addiction.ts'
import type { AddictionPlan } from '../addiction/addiction-sql.ts'
import { selectionOf } from '../compile/match.ts'
import { atLeast } from '../domain/addiction.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { averageRetention } from '../domain/retention/average.ts'
import type { Cohort } from '../domain/retention/retention.ts'
import { type Buckets, keyOfBucket } from '../domain/time/buckets.ts'
import { bucketsOfReport, startOfKey } from '../domain/time/report-dates.ts'
import { labeledSteps, planFunnel } from '../funnels/plan-funnel.ts'
import { runFunnel } from '../funnels/run-funnel.ts'
import { shapeFunnel } from '../funnels/shape-funnel.ts'
import type { QueryCall } from '../http/query-route.ts'
import type { Definitions } from '../ports.ts'
import { retentionUnitMs } from '../retention/retention.ts'
import type { RetentionPlan } from '../retention/retention-sql.ts'
import { runRetention } from '../retention/run-retention.ts'
import { propertyExpression } from './plan-insights.ts'
import { datesOf, type ReportAnswer } from './shape-insights.ts'

type Of<Type> = Extract<BookmarkDefinition, { type: Type }>
type Call = Pick<QueryCall, 'run' | 'view'>
interface Answered {
  readonly buckets: Buckets
  readonly answer: ReportAnswer
}

const keyCountMax = 3_000

/** Headers and the breakdown of a report that has at most one. */
const splitOf = ({ breakdown }: { readonly breakdown?: Of<'funnels'>['breakdown'] }) => ({
  headers: ['$date', ...(breakdown === undefined ? [] : [breakdown.property])],
  by: breakdown === undefined ? null : { on: propertyExpression(breakdown), limit: keyCountMax },
})

const matcher =
  (definitions: Definitions, { view }: Call) =>
  async (event?: string, where?: string) => ({
    selection: event === undefined ? null : await selectionOf(definitions, view, event),
    where: where === undefined ? null : parseExpression(where),
  })

/** By date, what `/funnels` answers for one. */
export const funnelReport = async (definitions: Definitions, call: Call, report: Of<'funnels'>): Promise<Answered> => {
  const { view } = call
  const buckets = bucketsOfReport(view.timezone, report.dates, report.unit, view.nowMs)
  const { headers, by } = splitOf(report)
  const plan = await planFunnel(definitions, view, report.funnel, { buckets, where: null, by })
  const { all, byKey } = await runFunnel(call, plan)
  const dates = datesOf(buckets)
  const byDate = <Value>(tallies: ReadonlyMap<string, Value>) =>
    new Map(
      buckets.keys.flatMap((key, at) => (tallies.has(key) ? [[dates[at] ?? key, tallies.get(key) as Value]] : [])),
    )
  const dated = {
    all: byDate(all),
    byKey: byKey === null ? null : new Map([...byKey].map(([key, tallies]) => [key, byDate(tallies)] as const)),
  }
  const steps = await labeledSteps(definitions, view, report.funnel.steps)
  const { data: series } = shapeFunnel(steps, dates, dated)
  return { buckets, answer: { headers, series } }
}

/** By date the cohorts, and `$average` by interval of those that are complete. */
export const retentionReport = async (
  definitions: Definitions,
  call: Call,
  report: Of<'retention'>,
): Promise<Answered> => {
  const { view } = call
  const buckets = bucketsOfReport(view.timezone, report.dates, report.unit, view.nowMs)
  const matchOf = matcher(definitions, call)
  const { headers, by } = splitOf(report)
  const plan: RetentionPlan = {
    type: report.retention_type,
    buckets,
    intervalMs: retentionUnitMs[report.unit],
    intervalCount: report.interval_count + 1,
    isUnbounded: report.is_unbounded,
    birth: await matchOf(report.born_event ?? report.event, report.born_where),
    return: await matchOf(report.event, report.where),
    by: by === null ? null : { ...by, of: 'birth' },
  }
  const { all, byKey } = await runRetention(call, plan)
  const dates = datesOf(buckets)
  const none = { first: 0, counts: Array.from({ length: plan.intervalCount }, () => 0) }
  const cohortsOf = (cohorts: ReadonlyMap<number, Cohort>) => {
    const found = new Map([...cohorts.values()].map((cohort) => [keyOfBucket(buckets, cohort.bucket), cohort]))
    return buckets.keys.map((key) => found.get(key) ?? none)
  }
  const shaped = (cohorts: ReadonlyMap<number, Cohort>) => {
    const line = cohortsOf(cohorts)
    const dated = dates.map((date, at) => [date, wireOf(line[at] ?? none)] as const)
    return Object.fromEntries([...dated, ['$average', averages(plan, line, view.nowMs)] as const])
  }
  if (byKey === null) return { buckets, answer: { headers, series: shaped(all ?? new Map()) } }
  const series = Object.fromEntries([...byKey].map(([key, cohorts]) => [key, shaped(cohorts)]))
  return { buckets, answer: { headers: headers.toReversed(), series } }
}

type Sized = Pick<Cohort, 'first' | 'counts'>
const wireOf = ({ counts, first }: Sized) => ({ counts, first })

/** Of each interval over the cohorts that have completed it (query §8); null where none has. */
const averages = ({ buckets, intervalMs, intervalCount }: RetentionPlan, line: readonly Sized[], nowMs: number) => {
  const ends = buckets.keys.map((_, at) => {
    const next = buckets.keys[at + 1]
    return next === undefined ? buckets.range.toMs : startOfKey(buckets.zone, next)
  })
  return Array.from({ length: intervalCount }, (_, k) =>
    averageRetention(
      line.map(({ first, counts }, at) => ({
        first,
        count: counts[k] ?? 0,
        isComplete: (ends[at] ?? 0) + (k + 1) * intervalMs <= nowMs,
      })),
    ),
  )
}

/** By date, or by value and date, what `/retention/addiction` answers for one. */
export const frequencyReport = async (
  definitions: Definitions,
  call: Call,
  report: Of<'frequency'>,
): Promise<Answered> => {
  const { view } = call
  const buckets = bucketsOfReport(view.timezone, report.dates, report.unit, view.nowMs)
  const { headers, by } = splitOf(report)
  const match = await matcher(definitions, call)(report.event, report.where)
  const plan: AddictionPlan = { match, buckets, addictionUnit: report.addiction_unit, by }
  const dates = datesOf(buckets)
  const lines = (await runAddiction(call, plan)).map(({ key, points }) => {
    const byKey = atLeast(buckets, plan.addictionUnit, points)
    return [
      key,
      Object.fromEntries(buckets.keys.map((date, at) => [dates[at] ?? date, byKey.get(date) ?? []])),
    ] as const
  })
  if (by !== null) return { buckets, answer: { headers: headers.toReversed(), series: Object.fromEntries(lines) } }
  return { buckets, answer: { headers, series: lines[0]?.[1] ?? {} } }
}
