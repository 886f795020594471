import { aggregateSql, boundsSql, type NumberBounds, type NumberPlan, rangesSql } from '../compile/numbers.ts'
import { resolveEvent } from '../compile/selection.ts'
import type { Measure } from '../compile/series.ts'
import { createBinder } from '../compile/sql-context.ts'
import { rangeName, rangesFor } from '../domain/number-ranges.ts'
import { lineOf, seriesAnswer, valuesByKey } from '../domain/series.ts'
import { bucketsOfDays, units } from '../domain/time/buckets.ts'
import { dayRange, oneOf, oneText } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { measureOf, requiredOn, whereOf } from '../http/question.ts'
import type { Definitions } from '../ports.ts'

interface Deps {
  readonly definitions: Definitions
}

const planOf = async (deps: Deps, { params, view }: QueryCall, measure: Measure): Promise<NumberPlan> => ({
  buckets: bucketsOfDays(view.timezone, dayRange(params), oneOf(params, 'unit', units, 'day')),
  on: requiredOn(params),
  where: whereOf(params),
  measure,
  selection: await resolveEvent(deps.definitions, view, oneText(params, 'event')),
})

/** QRY-07: one event over time by ranges of a number. Ranges and buckets without events are left out. */
export const segmentationNumeric = (deps: Deps): Endpoint => ({
  name: 'segmentation/numeric',
  handle: async (call) => {
    const plan = await planOf(deps, call, measureOf(call.params, 'general'))
    const { buckets } = plan
    const bounds = await boundsOf(call, plan)
    if (bounds === null) return { json: seriesAnswer(buckets, []) }
    const ranges = rangesFor(bounds.low, bounds.high)
    const binder = createBinder(call.view)
    const sql = rangesSql(call.view, binder, plan, ranges.width)
    const rows = await call.run.rows<{ r: number; b: number; n: number }>(call.view, binder, sql)
    const byRange = Map.groupBy(rows, ({ r }) => r)
    const lines = [...byRange].map(([number, points]) =>
      lineOf(
        buckets,
        rangeName(ranges, number),
        points.map(({ b, n }) => [b, n] as const),
      ),
    )
    return { json: seriesAnswer(buckets, lines, 'sparse') }
  },
})

/** Null: no event has a number. */
const boundsOf = async ({ run, view }: QueryCall, plan: NumberPlan): Promise<NumberBounds | null> => {
  const binder = createBinder(view)
  const [bounds] = await run.rows<NumberBounds>(view, binder, boundsSql(view, binder, plan))
  return bounds === undefined || bounds.n === 0 ? null : bounds
}

const aggregateResults = async (deps: Deps, call: QueryCall, aggregate: 'sum' | 'average') => {
  const plan = await planOf(deps, call, 'general')
  const { view } = call
  const binder = createBinder(view)
  const rows = await call.run.rows<{ b: number; n: number }>(view, binder, aggregateSql(view, binder, plan, aggregate))
  const line = lineOf(
    plan.buckets,
    aggregate,
    rows.map(({ b, n }) => [b, n] as const),
  )
  return valuesByKey(plan.buckets, line.values, 'zeros')
}

/** QRY-08. */
export const segmentationSum = (deps: Deps): Endpoint => ({
  name: 'segmentation/sum',
  handle: async (call) => {
    const results = await aggregateResults(deps, call, 'sum')
    return { json: { status: 'ok', computed_at: new Date(call.view.nowMs).toISOString(), results } }
  },
})

/** QRY-08: over events. */
export const segmentationAverage = (deps: Deps): Endpoint => ({
  name: 'segmentation/average',
  handle: async (call) => ({ json: { results: await aggregateResults(deps, call, 'average'), status: 'ok' } }),
})
