import { InvalidRequest } from '../../../kernel/errors.ts'
import {
  type AttributionDefinition,
  type Breakdown,
  type EventMetric,
  type InsightsBreakdown,
  type InsightsDefinition,
  type InsightsMetric,
  type ProfileMetric,
  timeCharts,
} from '../../reports/index.ts'
import { type Match, selectionOf } from '../compile/match.ts'
import { allOf } from '../domain/expression/build.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { type Model, positionModels } from '../domain/insights/attribution.ts'
import type { SessionRules } from '../domain/sessions/sessions.ts'
import { bucketsOfReport } from '../domain/time/report-dates.ts'
import { bucketed } from '../domain/value-buckets.ts'
import type { Definitions } from '../ports.ts'
import type { ReadView } from '../read-view.ts'
import type { Attribution, InsightsPlan, Measurement, MetricPlan, ProfilePlan } from './metric-plan.ts'

// What a table shows at most.
export const keyCountMax = 3_000
const dayMs = 86_400_000

/** A property as an expression, whatever its name is made of. */
export const propertyExpression = ({ property, source, type }: Breakdown): Expression => {
  const access = `${source === 'user' ? 'user' : 'properties'}[${JSON.stringify(property)}]`
  const isCast = type === 'string' || type === 'number' || type === 'boolean'
  return parseExpression(isCast ? `${type}(${access})` : access)
}

/** Whether the ranges of a breakdown are still to be worked out, from the numbers that there are. */
export const hasAutoBuckets = ({ type, buckets, attribution }: InsightsBreakdown): boolean =>
  buckets === undefined ? type === 'number' && attribution === undefined : buckets.type === 'auto'

const breakdownOf = (breakdown: InsightsBreakdown): Expression => {
  const { buckets } = breakdown
  const value = propertyExpression(breakdown)
  return buckets === undefined || buckets.type === 'auto' ? value : bucketed(value, buckets)
}

const activeDays = { dau: 1, wau: 7, mau: 30 } as const

const measurementOf = (
  { math, property: name, per_user: over }: Pick<EventMetric, 'math' | 'property' | 'per_user'>,
  rules: SessionRules,
): Measurement => {
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

const modelOf = ({ model, weights }: AttributionDefinition): Model => {
  if (model === 'custom') return weights ?? positionModels.u_shaped
  return model === 'u_shaped' || model === 'j_shaped' || model === 'inverse_j' ? positionModels[model] : model
}

const attributionOf = (breakdowns: readonly InsightsBreakdown[], measurement: Measurement): Attribution | null => {
  const at = breakdowns.findIndex(({ attribution }) => attribution !== undefined)
  const attribution = breakdowns[at]?.attribution
  if (attribution === undefined) return null
  const isSum = measurement.kind === 'property' && measurement.aggregate === 'sum'
  if (measurement.kind !== 'total' && measurement.kind !== 'unique' && !isSum) {
    throw new InvalidRequest('attribution is of math total, unique or sum')
  }
  return { at, model: modelOf(attribution), lookbackMs: attribution.lookback_days * dayMs }
}

/** What the plans need beside the report itself. */
export interface PlanContext {
  readonly definitions: Definitions
  readonly view: ReadView
  /** Which profiles the data view shows; null: all. */
  readonly profileView?: string | null
  /** In and Not in of cohorts, where the report is broken down by them. */
  readonly segments?: Expression | null
}

/** A plan for each metric of a saved report, in their order. */
export const planInsights = (
  { definitions, view, profileView = null, segments = null }: PlanContext,
  definition: InsightsDefinition,
): Promise<readonly InsightsPlan[]> => {
  const { metrics, breakdowns, unit, dates, chart, where, limit = keyCountMax, is_cumulative: isFirst } = definition
  const ofReport = {
    buckets: bucketsOfReport(view.timezone, dates, unit, view.nowMs),
    isWhole: !timeCharts.includes(chart),
    breakdowns: segments === null ? breakdowns.map(breakdownOf) : [segments],
    limit,
  }
  const quantileOf = ({ percentile = 50 }: EventMetric | ProfileMetric) => percentile / 100
  const matchOf = async (metric: EventMetric): Promise<Match> => {
    const filters = [where, metric.where].filter((text) => text !== undefined)
    return {
      selection: await selectionOf(definitions, view, metric.event),
      where: allOf(filters.map((text) => parseExpression(text))),
      isFirst: metric.first_time === true,
    }
  }
  const eventPlan = async (metric: EventMetric): Promise<MetricPlan> => {
    const measurement = measurementOf(metric, view.custom.sessions)
    return {
      ...ofReport,
      kind: 'events',
      match: await matchOf(metric),
      entity: metric.group_key ?? null,
      measurement,
      quantile: quantileOf(metric),
      isFirstOnly: isFirst && measurement.kind === 'unique',
      segments: metric.segments ?? 'all',
      attribution: attributionOf(breakdowns, measurement),
    }
  }
  const profilePlan = (metric: ProfileMetric): ProfilePlan => {
    const { math, property: name } = metric
    const property = name === undefined ? null : propertyExpression({ property: name, source: 'user' })
    const conditions = [profileView, where, metric.where].filter((text) => text !== undefined && text !== null)
    return {
      ...ofReport,
      kind: 'profiles',
      where: conditions.map((text) => parseExpression(text, { properties: 'profile' })),
      measurement:
        math === 'total' || property === null ? { kind: 'total' } : { kind: 'property', aggregate: math, property },
      quantile: quantileOf(metric),
    }
  }
  return Promise.all(
    metrics.map((metric: InsightsMetric): InsightsPlan | Promise<MetricPlan> => {
      if (metric.type === 'profiles') return profilePlan(metric)
      if (metric.type === 'cohort') return { ...ofReport, kind: 'cohort', cohortId: metric.cohort_id }
      return eventPlan(metric)
    }),
  )
}
