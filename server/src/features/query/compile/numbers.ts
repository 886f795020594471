import type { Expression } from '../domain/expression/nodes.ts'
import type { ReadView } from '../read-view.ts'
import { bucketSql } from './bucket.ts'
import { createEventContext, eventSource } from './event-source.ts'
import { compileExpression, compileFilter } from './expression.ts'
import { selectionSql } from './selection.ts'
import type { SeriesPlan } from './series.ts'
import type { Binder } from './sql-context.ts'

export interface NumberPlan extends SeriesPlan {
  /** Worth a number; events for which it is none are left out by `numeric`, and 0 for `sum` and `average`. */
  readonly on: Expression
}

const parts = (view: ReadView, binder: Binder, plan: NumberPlan) => {
  const context = createEventContext(view, binder)
  const { events, where } = selectionSql(context, plan.selection)
  const number = compileExpression(plan.on, 'number', context)
  const conditions = [
    ...where,
    ...(plan.where === null ? [] : [compileFilter(plan.where, context)]),
    ...(plan.measure === 'general' ? [] : [context.isSomebody]),
  ]
  const people = plan.measure === 'general' ? ({ people: 'not asked for' } as const) : {}
  const from = eventSource(view, binder, context, { range: plan.buckets.range, events, where: conditions, ...people })
  return { number, from, context, bucket: bucketSql(binder, plan.buckets) }
}

export interface NumberBounds {
  readonly n: number
  readonly low: number
  readonly high: number
}

/** Between which numbers all values are; `n` of them. */
export const boundsSql = (view: ReadView, binder: Binder, plan: NumberPlan): string => {
  const { number, from } = parts(view, binder, plan)
  return `SELECT count() AS n, min(v) AS low, max(v) AS high
FROM (SELECT ${number} AS v ${from}) WHERE isFinite(v)`
}

/** Rows [range, bucket, value], by both. */
export const rangesSql = (view: ReadView, binder: Binder, plan: NumberPlan, width: number): string => {
  const { number, from, context, bucket } = parts(view, binder, plan)
  const who = plan.measure === 'general' ? '' : `, ${context.personKey} AS w`
  const value = { general: 'count()', unique: 'uniqExact(w)', average: 'count() / uniqExact(w)' }[plan.measure]
  return `SELECT toInt64(floor(v / ${binder.bind(width, 'Float64')})) AS r, b, ${value} AS n
FROM (SELECT ${number} AS v, ${bucket} AS b${who} ${from}) WHERE isFinite(v)
GROUP BY r, b ORDER BY r, b`
}

/** Rows [bucket, value]: the sum, or the average over all events, of the numbers; what is no number is 0. */
export const aggregateSql = (
  view: ReadView,
  binder: Binder,
  plan: NumberPlan,
  aggregate: 'sum' | 'average',
): string => {
  const { number, from, bucket } = parts(view, binder, plan)
  const sum = `sum(ifNull(${number}, 0))`
  return `SELECT ${bucket} AS b, ${aggregate === 'sum' ? sum : `${sum} / count()`} AS n
${from}
GROUP BY b`
}
