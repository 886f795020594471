import type { Entity } from '../compile/entity.ts'
import type { Match } from '../compile/match.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { Model } from '../domain/insights/attribution.ts'
import type { SessionRules } from '../domain/sessions/sessions.ts'
import type { Buckets } from '../domain/time/buckets.ts'

export type Aggregate = 'sum' | 'average' | 'median' | 'percentile' | 'min' | 'max' | 'distinct'
export type PerUser = 'average' | 'median' | 'percentile' | 'min' | 'max'

/** What is measured (query §9). */
export type Measurement =
  | { readonly kind: 'total' }
  | { readonly kind: 'unique' }
  /** Trailing days that end with the last day of each bucket: 1, 7 or 30. */
  | { readonly kind: 'active'; readonly dayCount: number }
  | { readonly kind: 'sessions'; readonly rules: SessionRules }
  | { readonly kind: 'property'; readonly aggregate: Aggregate; readonly property: Expression }
  /** Of each person first; `property` null: how often they did it. */
  | {
      readonly kind: 'per-user'
      readonly aggregate: Aggregate | 'total'
      readonly property: Expression | null
      readonly over: PerUser
    }

/** Which breakdown has the value of what people did before, and how that is credited. */
export interface Attribution {
  readonly at: number
  readonly model: Model
  readonly lookbackMs: number
}

/** What the plans of all metrics of a report have in common. */
interface OfReport {
  readonly breakdowns: readonly Expression[]
  readonly buckets: Buckets
  /** All of the range as one bucket, with the number 0. */
  readonly isWhole: boolean
  /** How many combinations of the breakdowns' values. */
  readonly limit: number
}

export interface MetricPlan extends OfReport {
  readonly kind: 'events'
  readonly match: Match
  /** Who is counted, where the measurement counts anybody. */
  readonly entity: Entity
  readonly measurement: Measurement
  /** From 0 to 1, where something is a percentile. */
  readonly quantile: number
  /** People count in the first bucket that they are in; only for `unique`. */
  readonly isFirstOnly: boolean
  /** Under which of their values people count; only for `unique`. */
  readonly segments: 'all' | 'first' | 'last'
  readonly attribution: Attribution | null
}

/** Profiles as they are now. */
export interface ProfilePlan extends OfReport {
  readonly kind: 'profiles'
  readonly where: readonly Expression[]
  readonly measurement: Extract<Measurement, { kind: 'total' | 'property' }>
  readonly quantile: number
}

/** How many are in a cohort at the end of each bucket. */
export interface CohortPlan extends OfReport {
  readonly kind: 'cohort'
  readonly cohortId: number
}

export type InsightsPlan = MetricPlan | ProfilePlan | CohortPlan

/** Counts are 0 where nothing is; an average of nothing is no number. */
export const isCount = (plan: InsightsPlan): boolean => {
  if (plan.kind === 'cohort') return true
  const { measurement } = plan
  if (measurement.kind === 'property') return ['sum', 'distinct'].includes(measurement.aggregate)
  return measurement.kind !== 'per-user'
}
