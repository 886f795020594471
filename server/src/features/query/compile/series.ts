import type { Expression } from '../domain/expression/nodes.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import type { ReadView } from '../read-view.ts'
import { bucketSql } from './bucket.ts'
import { createEventContext, eventSource } from './event-source.ts'
import { compileExpression, compileFilter } from './expression.ts'
import { bucketKeysSql } from './expression-lists.ts'
import { type Selection, selectionSql } from './selection.ts'
import type { Binder, EventContext } from './sql-context.ts'

/** `general`: events. `unique`: people. `average`: events per person, of those who did any (query §6). */
export type Measure = 'general' | 'unique' | 'average'
export const measures: readonly Measure[] = ['general', 'unique', 'average']

export interface SeriesPlan {
  readonly selection: Selection
  readonly buckets: Buckets
  readonly measure: Measure
  readonly where: Expression | null
}

/** One row per key: [number of the bucket, value]. Buckets without events are left out. */
export interface SeriesRow {
  readonly key: string
  readonly points: readonly (readonly [bucket: number, value: number])[]
}

const source = (view: ReadView, binder: Binder, context: EventContext, plan: SeriesPlan): string => {
  const { events, where } = selectionSql(context, plan.selection)
  const conditions = [
    ...where,
    ...(plan.where === null ? [] : [compileFilter(plan.where, context)]),
    // Events of nobody count in totals, never for people (query §6).
    ...(plan.measure === 'general' ? [] : [context.isSomebody]),
  ]
  const people = plan.measure === 'general' ? ({ people: 'not asked for' } as const) : {}
  return eventSource(view, binder, context, { range: plan.buckets.range, events, where: conditions, ...people })
}

/** Columns of the innermost grouping: `c` events, and `s`, the people of a bucket, where they matter. */
export const counted = (measure: Measure, context: EventContext): string =>
  measure === 'general' ? 'count() AS c' : `count() AS c, uniqExactState(${context.personKey}) AS s`

export const bucketValue: Record<Measure, string> = {
  general: 'c',
  unique: 'finalizeAggregation(s)',
  average: 'c / finalizeAggregation(s)',
}

/** What the most important keys have most of: people for `unique`, events otherwise (reports §1). */
const rankOf: Record<Measure, string> = { general: 'sum(c)', unique: 'uniqExactMerge(s)', average: 'sum(c)' }

/** The whole selection as one row, with the key ''. */
export const totalSeriesSql = (view: ReadView, binder: Binder, plan: SeriesPlan): string => {
  const context = createEventContext(view, binder)
  const from = source(view, binder, context, plan)
  return `SELECT '' AS key, groupArray((b, ${bucketValue[plan.measure]})) AS points FROM (
SELECT ${bucketSql(binder, plan.buckets)} AS b, ${counted(plan.measure, context)}
${from}
GROUP BY b)`
}

export interface BreakdownPlan extends SeriesPlan {
  readonly on: Expression
  /** Null: the keys with the highest rank, `limit` of them. */
  readonly keys: readonly string[] | null
  readonly limit: number
}

/**
 * A row per value of `on`, the highest first. Events are grouped by the value as it is stored, and its text is worked
 * out once per group: far less often than once per event.
 */
export const breakdownSeriesSql = (view: ReadView, binder: Binder, plan: BreakdownPlan): string => {
  const { on, measure, keys } = plan
  const context = createEventContext(view, binder)
  const json = compileExpression(on, 'json', context)
  const from = source(view, binder, context, plan)
  const isAsked = keys === null ? '' : `WHERE key IN ${binder.bind(keys, 'Array(String)')}`
  const merged = measure === 'general' ? 'sum(c) AS c' : 'sum(c) AS c, uniqExactMergeState(s) AS s'
  return `SELECT key, groupArray((b, ${bucketValue[measure]})) AS points FROM (
SELECT arrayJoin(${bucketKeysSql('v')}) AS key, b, ${merged} FROM (
SELECT ${json} AS v, ${bucketSql(binder, plan.buckets)} AS b, ${counted(measure, context)}
${from}
GROUP BY v, b)
GROUP BY key, b)
${isAsked}
GROUP BY key ORDER BY ${rankOf[measure]} DESC, key LIMIT ${binder.bind(plan.limit, 'UInt32')}`
}
