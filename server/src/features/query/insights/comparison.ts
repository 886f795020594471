import type { InsightsDefinition } from '../../reports/index.ts'
import type { Values } from '../domain/insights/analysis.ts'
import { pastBuckets } from '../domain/insights/compare.ts'
import { zonedText } from '../domain/time/report-dates.ts'
import { type InsightsPlan, isCount } from './metric-plan.ts'
import { type InsightsLine, type RunContext, runInsights } from './run-insights.ts'
import { datesOf, seriesOf } from './shape-insights.ts'

/** What a report's lines are compared to, under the report's own dates (query §9). */
export const comparisonOf = async (
  context: RunContext,
  definition: InsightsDefinition,
  plans: readonly InsightsPlan[],
  lines: readonly InsightsLine[],
): Promise<object | null> => {
  const { compare } = definition
  const [first] = plans
  if (compare === undefined || first === undefined) return null
  const { buckets, isWhole } = first
  if (compare.to === 'overall' || compare.to === 'segment') {
    const ofOne = ({ all, byKeys }: InsightsLine): Values =>
      compare.to === 'overall' ? all : (byKeys?.get(JSON.stringify(compare.segment)) ?? all.map(() => null))
    const bases = lines.map((line) => ({ ...line, all: ofOne(line), byKeys: null }))
    return { ...compare, series: seriesOf(buckets, isWhole, bases) }
  }
  const past = pastBuckets(buckets, compare, isWhole)
  const pastPlans = plans.map((plan) => ({ ...plan, buckets: past.buckets }))
  const found = await runInsights(context, definition, pastPlans, lines)
  const aligned = found.map((line, at) => alignedTo(line, lines[at], plans[at], isWhole ? [0] : past.places))
  const pastDates = datesOf(past.buckets)
  const dates = isWhole
    ? {}
    : {
        dates: Object.fromEntries(datesOf(buckets).map((date, at) => [date, pastDates[past.places[at] ?? -1] ?? null])),
      }
  const { zone, range } = past.buckets
  return {
    ...compare,
    date_range: { from_date: zonedText(zone, range.fromMs), to_date: zonedText(zone, range.toMs - 1) },
    ...dates,
    series: seriesOf(buckets, isWhole, aligned),
  }
}

/** A line of the past at the places of now, with the combinations of now. */
const alignedTo = (
  past: InsightsLine,
  now: InsightsLine | undefined,
  plan: InsightsPlan | undefined,
  places: readonly number[],
): InsightsLine => {
  // Of a formula nothing can be said where nothing was asked.
  const none = plan !== undefined && isCount(plan) ? 0 : null
  const at = (values: Values | undefined): Values =>
    places.map((place) => values?.[place] ?? (place === -1 ? none : null))
  const like = (own: ReadonlyMap<string, Values>, other: ReadonlyMap<string, Values> | null | undefined) =>
    new Map([...(other?.keys() ?? [])].map((key) => [key, at(own.get(key))] as const))
  return {
    name: past.name,
    all: at(past.all),
    byKeys: past.byKeys === null ? null : like(past.byKeys, now?.byKeys),
    byPrefix: like(past.byPrefix, now?.byPrefix),
  }
}
