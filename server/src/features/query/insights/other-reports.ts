import type { BookmarkDefinition } from '../../reports/index.ts'
import { runAddiction } from '../addiction/addiction.ts'
import type { AddictionPlan } from '../addiction/addiction-sql.ts'
import { selectionOf } from '../compile/match.ts'
import { atLeast, exactly } from '../domain/addiction.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import { bucketsOfReport } from '../domain/time/report-dates.ts'
import { answerFunnel } from '../funnels/answer-funnel.ts'
import { labeledSteps } from '../funnels/plan-funnel.ts'
import { shapeFunnel } from '../funnels/shape-funnel.ts'
import type { QueryCall } from '../http/query-route.ts'
import type { Definitions } from '../ports.ts'
import { propertyExpression } from './plan-insights.ts'
import { datesOf, type ReportAnswer } from './shape-insights.ts'

export type Of<Type> = Extract<BookmarkDefinition, { type: Type }>
export type Call = Pick<QueryCall, 'run' | 'view'>
export interface Answered {
  readonly buckets: Buckets
  readonly answer: ReportAnswer
}

const keyCountMax = 3_000

/** Headers and the breakdown of a report that has at most one. */
export const splitOf = ({ breakdown }: { readonly breakdown?: Of<'funnels'>['breakdown'] }) => ({
  headers: ['$date', ...(breakdown === undefined ? [] : [breakdown.property])],
  by: breakdown === undefined ? null : { on: propertyExpression(breakdown), limit: keyCountMax },
})

export const matcher =
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
  const { all, byKey } = await answerFunnel(definitions, call, report.funnel, { buckets, where: null, by })
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
  const { data: series } = shapeFunnel({ ...report.funnel, steps }, dates, dated)
  return { buckets, answer: { headers, series } }
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
  const plan: AddictionPlan = {
    match,
    buckets,
    addictionUnit: report.addiction_unit,
    by,
    entity: report.group_key ?? null,
  }
  const shownOf = (counts: readonly number[]) => (report.distribution === 'exact' ? exactly(counts) : counts)
  const dates = datesOf(buckets)
  const lines = (await runAddiction(call, plan)).map(({ key, points }) => {
    const byKey = atLeast(buckets, plan.addictionUnit, points)
    return [
      key,
      Object.fromEntries(buckets.keys.map((date, at) => [dates[at] ?? date, shownOf(byKey.get(date) ?? [])])),
    ] as const
  })
  if (by !== null) return { buckets, answer: { headers: headers.toReversed(), series: Object.fromEntries(lines) } }
  return { buckets, answer: { headers, series: lines[0]?.[1] ?? {} } }
}
