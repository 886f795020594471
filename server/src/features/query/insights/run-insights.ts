import type { InsightsDefinition } from '../../reports/index.ts'
import { createBinder } from '../compile/sql-context.ts'
import { cumulative, rollingAverage, type Values } from '../domain/insights/analysis.ts'
import { lettersOf, parseFormula } from '../domain/insights/formula.ts'
import { keyOfBucket } from '../domain/time/buckets.ts'
import { lastDays } from '../domain/time/report-dates.ts'
import type { QueryCall } from '../http/query-route.ts'
import { isCount, type MetricPlan } from './metric-plan.ts'
import { type MetricRow, metricSql } from './metric-sql.ts'

/** A metric's or formula's values: by combination of the breakdowns' values, in the order of the buckets. */
export interface InsightsLine {
  readonly name: string
  /** Null without breakdowns. Keys in the order of importance; as JSON texts of lists. */
  readonly byKeys: ReadonlyMap<string, Values> | null
  readonly all: Values
}

type Call = Pick<QueryCall, 'run' | 'view'>

/** Answers every metric, then the formulas over them, then what is drawn of them (rolling, cumulative). */
export const runInsights = async (
  call: Call,
  definition: InsightsDefinition,
  plans: readonly MetricPlan[],
): Promise<readonly InsightsLine[]> => {
  const { metrics, formulas, rolling, is_cumulative: isCumulative } = definition
  // Faults first: they cost nothing.
  const parsed = formulas.map(({ formula }) => parseFormula(formula, metrics.length))
  const lines: InsightsLine[] = []
  for (const [at, plan] of plans.entries()) {
    const { event, label = event } = metrics[at] ?? { event: lettersOf(at) }
    lines.push(await lineOf(call, label, plan))
  }
  for (const [at, formula] of parsed.entries()) {
    const { formula: text, label = text } = formulas[at] ?? { formula: '' }
    lines.push(formulaLine(label, lines.slice(0, metrics.length), formula))
  }
  const drawn = (values: Values): Values => {
    const summed = isCumulative ? cumulative(values) : values
    return rolling === undefined ? summed : rollingAverage(summed, rolling)
  }
  return named(lines).map(({ name, all, byKeys }) => ({
    name,
    all: drawn(all),
    byKeys: byKeys === null ? null : new Map([...byKeys].map(([keys, values]) => [keys, drawn(values)])),
  }))
}

const lineOf = async (call: Call, name: string, plan: MetricPlan): Promise<InsightsLine> => {
  const [total] = await rowsOf(call, { ...plan, breakdowns: [] })
  const all = valuesOf(plan, total?.points ?? [])
  if (plan.breakdowns.length === 0) return { name, all, byKeys: null }
  const rows = await rowsOf(call, plan)
  return { name, all, byKeys: new Map(rows.map(({ k, points }) => [JSON.stringify(k), valuesOf(plan, points)])) }
}

const rowsOf = ({ run, view }: Call, plan: MetricPlan): Promise<readonly MetricRow[]> => {
  const binder = createBinder(view)
  return run.rows<MetricRow>(view, binder, metricSql(view, binder, plan))
}

const valuesOf = (plan: MetricPlan, points: MetricRow['points']): Values => {
  const { buckets, isWhole, measurement } = plan
  const none = isCount(measurement) ? 0 : null
  if (isWhole) return [points[0]?.[1] ?? none]
  if (measurement.kind === 'active') {
    const byDay = new Map(points)
    return lastDays(buckets).map((day) => byDay.get(day) ?? none)
  }
  const byKey = new Map(points.map(([bucket, value]) => [keyOfBucket(buckets, bucket), value]))
  return buckets.keys.map((key) => byKey.get(key) ?? none)
}

const formulaLine = (
  name: string,
  metrics: readonly InsightsLine[],
  formula: (values: Values) => number | null,
): InsightsLine => {
  const [first] = metrics
  const along = (lines: readonly (Values | undefined)[]): Values =>
    (first?.all ?? []).map((_, at) => formula(lines.map((values) => values?.[at] ?? null)))
  const keys = new Set(metrics.flatMap(({ byKeys }) => [...(byKeys?.keys() ?? [])]))
  return {
    name,
    all: along(metrics.map(({ all }) => all)),
    byKeys:
      first?.byKeys == null
        ? null
        : new Map(
            [...keys].map((one) => [one, along(metrics.map(({ byKeys, all }) => byKeys?.get(one) ?? zeros(all)))]),
          ),
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
