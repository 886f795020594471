import { InvalidRequest } from '../../../kernel/errors.ts'
import type { Breakdown, InsightsDefinition, InsightsMetric } from '../../reports/index.ts'
import { type Match, selectionOf } from '../compile/match.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import type { SessionRules } from '../domain/sessions/sessions.ts'
import { bucketsOfReport } from '../domain/time/report-dates.ts'
import type { Definitions } from '../ports.ts'
import type { ReadView } from '../read-view.ts'
import type { Measurement, MetricPlan } from './metric-plan.ts'

const timeCharts: readonly InsightsDefinition['chart'][] = ['line', 'stacked-line', 'column', 'stacked-column']

// What a table shows at most.
const keyCountMax = 3_000

/** A property as an expression, whatever its name is made of. */
export const propertyExpression = ({ property, source, type }: Breakdown): Expression => {
  const access = `${source === 'user' ? 'user' : 'properties'}[${JSON.stringify(property)}]`
  const isCast = type === 'string' || type === 'number' || type === 'boolean'
  return parseExpression(isCast ? `${type}(${access})` : access)
}

const activeDays = { dau: 1, wau: 7, mau: 30 } as const

const measurementOf = ({ math, property: name, per_user: over }: InsightsMetric, rules: SessionRules): Measurement => {
  const property = name === undefined ? null : propertyExpression({ property: name, source: 'event' })
  if (math === 'total' || property !== null) {
    const aggregate = math as Exclude<typeof math, 'unique' | 'sessions' | keyof typeof activeDays>
    if (over !== undefined) return { kind: 'per-user', aggregate, property, over }
    return aggregate === 'total' || property === null ? { kind: 'total' } : { kind: 'property', aggregate, property }
  }
  if (over !== undefined) throw new InvalidRequest(`the report cannot be answered: math ${math} takes no per_user`)
  if (math === 'dau' || math === 'wau' || math === 'mau') return { kind: 'active', dayCount: activeDays[math] }
  return math === 'sessions' ? { kind: 'sessions', rules } : { kind: 'unique' }
}

/** A plan for each metric of a saved report, in their order. */
export const planInsights = async (
  definitions: Definitions,
  view: ReadView,
  definition: InsightsDefinition,
): Promise<readonly MetricPlan[]> => {
  const { metrics, breakdowns, unit, dates, chart, where, is_cumulative: isCumulative } = definition
  const buckets = bucketsOfReport(view.timezone, dates, unit, view.nowMs)
  const isWhole = !timeCharts.includes(chart)
  const matchOf = async (metric: InsightsMetric): Promise<Match> => {
    const filters = [where, metric.where].filter((text) => text !== undefined)
    return {
      selection: await selectionOf(definitions, view, metric.event),
      where: filters.length === 0 ? null : parseExpression(filters.map((text) => `(${text})`).join(' and ')),
    }
  }
  return Promise.all(
    metrics.map(async (metric): Promise<MetricPlan> => {
      const measurement = measurementOf(metric, view.custom.sessions)
      return {
        match: await matchOf(metric),
        measurement,
        quantile: (metric.percentile ?? 50) / 100,
        breakdowns: breakdowns.map(propertyExpression),
        buckets,
        isWhole,
        isFirstOnly: isCumulative && measurement.kind === 'unique',
        limit: keyCountMax,
      }
    }),
  )
}
