import type { Match } from '../compile/match.ts'
import type { Expression } from '../domain/expression/nodes.ts'
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

export interface MetricPlan {
  readonly match: Match
  readonly measurement: Measurement
  /** From 0 to 1, where something is a percentile. */
  readonly quantile: number
  readonly breakdowns: readonly Expression[]
  readonly buckets: Buckets
  /** All of the range as one bucket, with the number 0. */
  readonly isWhole: boolean
  /** People count in the first bucket that they are in; only for `unique`. */
  readonly isFirstOnly: boolean
  /** How many combinations of the breakdowns' values. */
  readonly limit: number
}

/** Counts are 0 where nothing is; an average of nothing is no number. */
export const isCount = ({ kind, ...rest }: Measurement): boolean =>
  kind === 'property' ? 'aggregate' in rest && ['sum', 'distinct'].includes(rest.aggregate) : kind !== 'per-user'
