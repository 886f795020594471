import type { InsightsDefinition } from '../../reports/index.ts'
import { createBinder } from '../compile/sql-context.ts'
import { cumulative, rollingAverage, type Values } from '../domain/insights/analysis.ts'
import { lettersOf, parseFormula } from '../domain/insights/formula.ts'
import { keyOfBucket } from '../domain/time/buckets.ts'
import { lastDays } from '../domain/time/report-dates.ts'
import type { QueryCall } from '../http/query-route.ts'
import { type CohortDeps, cohortSizes } from './cohort-sizes.ts'
import { type InsightsPlan, isCount } from './metric-plan.ts'
import { metricSql } from './metric-sql.ts'
import { profileMetricSql } from './profile-metric-sql.ts'
import type { MetricRow } from './rows-sql.ts'

/** A metric's or formula's values, in the order of the buckets. */
export interface InsightsLine {
  readonly name: string
  /** By combination of the breakdowns' values, as JSON texts of lists, in the order of importance. Null without breakdowns. */
  readonly byKeys: ReadonlyMap<string, Values> | null
  /** The same by the values of the first breakdown, of the first two, and so on: all that is below them. */
  readonly byPrefix: ReadonlyMap<string, Values>
  readonly all: Values
}

type Call = Pick<QueryCall, 'run' | 'view'>

/** How lines are asked for and put together. */
export interface RunContext {
  readonly call: Call
  readonly saved: CohortDeps
}

/** Answers every metric, then the formulas over them, then what is drawn of them (rolling, cumulative). */
export const runInsights = async (
  { call, saved }: RunContext,
  definition: InsightsDefinition,
  plans: readonly InsightsPlan[],
  /** Lines whose combinations are to be there, whether they have anything or not. */
  like: readonly InsightsLine[] = [],
): Promise<readonly InsightsLine[]> => {
  const { metrics, formulas, rolling, is_cumulative: isCumulative } = definition
  // Faults first: they cost nothing.
  const parsed = formulas.map(({ formula }) => parseFormula(formula, metrics.length))
  const lines: InsightsLine[] = []
  for (const [at, plan] of plans.entries()) {
    const line = await lineOf({ call, saved }, nameOf(metrics[at], at), plan)
    lines.push(withKeysOf(line, plan, like))
  }
  for (const [at, formula] of parsed.entries()) {
    const { formula: text, label = text } = formulas[at] ?? { formula: '' }
    lines.push(formulaLine(label, lines.slice(0, metrics.length), formula))
  }
  const drawn = (values: Values): Values => {
    const summed = isCumulative ? cumulative(values) : values
    return rolling === undefined ? summed : rollingAverage(summed, rolling)
  }
  const drawnBy = (values: ReadonlyMap<string, Values>) =>
    new Map([...values].map(([keys, own]) => [keys, drawn(own)] as const))
  return named(lines).map(({ name, all, byKeys, byPrefix }) => ({
    name,
    all: drawn(all),
    byKeys: byKeys === null ? null : drawnBy(byKeys),
    byPrefix: drawnBy(byPrefix),
  }))
}

const nameOf = (metric: InsightsDefinition['metrics'][number] | undefined, at: number): string => {
  if (metric?.label !== undefined) return metric.label
  if (metric?.type === 'profiles') return 'Profiles'
  if (metric?.type === 'cohort') return `Cohort ${metric.cohort_id}`
  return metric?.event ?? lettersOf(at)
}

const lineOf = async (context: RunContext, name: string, plan: InsightsPlan): Promise<InsightsLine> => {
  const valuesBy = (rows: readonly MetricRow[]) =>
    new Map(rows.map(({ k, points }) => [JSON.stringify(k), valuesOf(plan, points)] as const))
  const [total] = await rowsOf(context, upTo(plan, 0))
  const all = valuesOf(plan, total?.points ?? [])
  const count = plan.breakdowns.length
  if (count === 0) return { name, all, byKeys: null, byPrefix: new Map() }
  const byPrefix = new Map<string, Values>()
  for (let length = 1; length < count; length += 1) {
    for (const [keys, values] of valuesBy(await rowsOf(context, upTo(plan, length)))) byPrefix.set(keys, values)
  }
  return { name, all, byKeys: valuesBy(await rowsOf(context, plan)), byPrefix }
}

/** The plan with its first breakdowns only. As many values as can be: those of all that is shown are among them. */
const upTo = (plan: InsightsPlan, length: number): InsightsPlan => {
  const fewer = { ...plan, breakdowns: plan.breakdowns.slice(0, length), limit: prefixCountMax }
  if (fewer.kind !== 'events' || fewer.attribution === null || fewer.attribution.at < length) return fewer
  return { ...fewer, attribution: null }
}

const prefixCountMax = 100_000

const rowsOf = async ({ call, saved }: RunContext, plan: InsightsPlan): Promise<readonly MetricRow[]> => {
  if (plan.kind === 'cohort') return cohortSizes(saved, call, plan)
  const { run, view } = call
  const binder = createBinder(view)
  const sql = plan.kind === 'events' ? metricSql(view, binder, plan) : profileMetricSql(view, binder, plan)
  return run.rows<MetricRow>(view, binder, sql)
}

const valuesOf = (plan: InsightsPlan, points: MetricRow['points']): Values => {
  const { buckets, isWhole } = plan
  const none = isCount(plan) ? 0 : null
  if (isWhole || plan.kind === 'profiles') return [points[0]?.[1] ?? none]
  const byNumber = new Map(points)
  if (plan.kind === 'cohort') return buckets.keys.map((_, at) => byNumber.get(at) ?? none)
  if (plan.measurement.kind === 'active') return lastDays(buckets).map((day) => byNumber.get(day) ?? none)
  const byKey = new Map(points.map(([bucket, value]) => [keyOfBucket(buckets, bucket), value]))
  return buckets.keys.map((key) => byKey.get(key) ?? none)
}

/** The line with what other lines have beside: nothing happened there. */
const withKeysOf = (line: InsightsLine, plan: InsightsPlan, like: readonly InsightsLine[]): InsightsLine => {
  if (line.byKeys === null || like.length === 0) return line
  const nothing = valuesOf(plan, [])
  const filled = (own: ReadonlyMap<string, Values>, others: readonly (ReadonlyMap<string, Values> | null)[]) =>
    new Map(
      [...others.flatMap((other) => [...(other?.keys() ?? [])]), ...own.keys()].map((key) => [
        key,
        own.get(key) ?? nothing,
      ]),
    )
  return {
    ...line,
    byKeys: filled(
      line.byKeys,
      like.map(({ byKeys }) => byKeys),
    ),
    byPrefix: filled(
      line.byPrefix,
      like.map(({ byPrefix }) => byPrefix),
    ),
  }
}

const formulaLine = (
  name: string,
  metrics: readonly InsightsLine[],
  formula: (values: Values) => number | null,
): InsightsLine => {
  const [first] = metrics
  const along = (lines: readonly (Values | undefined)[]): Values =>
    (first?.all ?? []).map((_, at) => formula(lines.map((values) => values?.[at] ?? null)))
  const by = (mapOf: (line: InsightsLine) => ReadonlyMap<string, Values> | null): ReadonlyMap<string, Values> => {
    const keys = new Set(metrics.flatMap((line) => [...(mapOf(line)?.keys() ?? [])]))
    return new Map(
      [...keys].map((one) => [one, along(metrics.map((line) => mapOf(line)?.get(one) ?? zeros(line.all)))]),
    )
  }
  return {
    name,
    all: along(metrics.map(({ all }) => all)),
    byKeys: first?.byKeys == null ? null : by(({ byKeys }) => byKeys),
    byPrefix: by(({ byPrefix }) => byPrefix),
  }
}

/** What a metric says of values that it has no event with: 0 where it counts, nothing where it measures. */
const zeros = (like: Values): Values => like.map((value) => (value === null ? null : 0))

/** Names are keys of the answer: those that come twice are told apart by their letters. */
const named = (lines: readonly InsightsLine[]): readonly InsightsLine[] =>
  lines.map((line, at) =>
    lines.some(({ name }, other) => other !== at && name === line.name)
      ? { ...line, name: `${lettersOf(at)}. ${line.name}` }
      : line,
  )
