import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { matchSql } from '../compile/match.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import { type Model, sharesOf } from '../domain/insights/attribution.ts'
import type { ReadView } from '../read-view.ts'
import type { Attribution, MetricPlan } from './metric-plan.ts'
import { bucketOf, number, ofKeys, ranked, valuesSql } from './rows-sql.ts'

/**
 * Rows of MetricRow of what is credited to the values of one breakdown (query §9): every event of the metric is shared out
 * among its touchpoints, the events of its person that had a value of the breakdown within the time before. Who had none,
 * and nobody, is credited to `undefined`.
 */
export const attributedSql = (view: ReadView, binder: Binder, plan: MetricPlan, attribution: Attribution): string => {
  const others = plan.breakdowns.filter((_, at) => at !== attribution.at)
  const lists = others.map((_, at) => bucketKeysSql(`j[${at + 1}]`)).join(',\n  ')
  const keys = plan.breakdowns.map((_, at) =>
    at === attribution.at ? 'credit.1' : `arrayJoin(lists[${at < attribution.at ? at + 1 : at}])`,
  )
  const credited = `SELECT [${keys.join(', ')}]::Array(String) AS k, b, who, v, credit.2 AS share FROM (
SELECT b, who, v, [${lists}]::Array(Array(String)) AS lists, arrayJoin(credits) AS credit FROM (
${creditsSql(view, binder, plan, attribution, others)}))`
  if (plan.measurement.kind === 'unique') {
    const people = `SELECT DISTINCT k, b, who AS v FROM (${credited}) WHERE who != 0 AND share > 0`
    const counted = plan.isFirstOnly ? `SELECT k, min(b) AS b, v FROM (${people}) GROUP BY k, v` : people
    return ofKeys(plan, binder, 'count()', counted)
  }
  return ranked(
    plan,
    binder,
    'sum(n)',
    `SELECT k, b, sum(share * v) AS n FROM (${credited}) WHERE share > 0 GROUP BY k, b`,
  )
}

/** Of each event of the metric: b, who (0: nobody), j, v, and `credits`, pairs of a key and its share. */
const creditsSql = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  attribution: Attribution,
  others: MetricPlan['breakdowns'],
): string => {
  const lookback = binder.bind(attribution.lookbackMs, 'Int64')
  const touched = `SELECT who, arrayJoin(conversions) AS one, arrayFilter(x -> x.1 < one.1 AND x.1 >= one.1 - ${lookback}, touches) AS own FROM (
SELECT who, arraySort(groupArrayIf((t, touch), touch != '')) AS touches, groupArrayIf((t, b, j, v), is_met) AS conversions
FROM (${eventsSql(view, binder, plan, attribution, others)})
WHERE is_met OR touch != ''
GROUP BY who HAVING notEmpty(conversions))`
  const keysOf = bucketKeysSql('x.2')
  const pairs = `arrayFlatten(arrayMap((x, share) -> arrayMap(key -> (key, share), ${keysOf}), own, ${sharesSql(binder, attribution)}))`
  // Whoever takes part is credited once, however often.
  const credits = attribution.model === 'participation' ? `arrayDistinct(${pairs})` : pairs
  return `SELECT one.2 AS b, who, one.3 AS j, one.4 AS v, if(empty(own), [('undefined', toFloat64(1))], ${credits}) AS credits
FROM (${touched})`
}

const eventsSql = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  { at, lookbackMs }: Attribution,
  others: MetricPlan['breakdowns'],
): string => {
  const context = createEventContext(view, binder)
  const { fromMs, toMs } = plan.buckets.range
  const inRange = `t >= ${binder.bind(fromMs, 'Int64')} AND t < ${binder.bind(toMs, 'Int64')}`
  const on = plan.breakdowns[at]
  const touch = on === undefined ? `''` : compileExpression(on, 'json', context)
  const value = valueSql(context, plan)
  const isMeasured = plan.measurement.kind === 'property' ? ' AND isFinite(v)' : ''
  const columns = [
    'toUnixTimestamp64Milli(e.time) AS t',
    `if(${context.isSomebody}, ${context.personKey}, toUInt64(0)) AS who`,
    `${bucketOf(binder, plan)} AS b`,
    `ifNull(toFloat64(${value}), nan) AS v`,
    `(${matchSql(context, plan.match)}) AND ${inRange}${isMeasured} AS is_met`,
    `if(is_met, ${valuesSql(context, { breakdowns: others })}, []) AS j`,
    `${touch} AS touch_json`,
    `if(who = 0 OR touch_json IN ('', 'null', '[]'), '', touch_json) AS touch`,
  ]
  const from = eventSource(view, binder, context, { range: { fromMs: fromMs - lookbackMs, toMs }, events: null })
  return `SELECT ${columns.join(',\n  ')} ${from}`
}

const valueSql = (context: EventContext, { measurement }: MetricPlan): string =>
  measurement.kind === 'property' ? number(context, measurement.property) : '1'

/** One share for each of `own`, touchpoints by time, of which `one.1` is the instant they are credited with. */
const sharesSql = (binder: Binder, { model }: Attribution): string => {
  const each = (share: string) => `arrayMap((x, i) -> toFloat64(${share}), own, arrayEnumerate(own))`
  const n = 'length(own)'
  if (model === 'first') return each('i = 1')
  if (model === 'last') return each(`i = ${n}`)
  if (model === 'linear') return each(`1 / ${n}`)
  if (model === 'participation') return each('1')
  if (model === 'time_decay') {
    const weight = (x: string) => `exp2((${x}.1 - one.1) / ${binder.bind(halfLifeMs, 'Float64')})`
    return each(`${weight('x')} / arraySum(y -> ${weight('y')}, own)`)
  }
  return each(`multiIf(${n} = 1, 1, ${n} = 2, if(i = 1, ${shared(binder, model, 2, 0)}, ${shared(binder, model, 2, 1)}),
    i = 1, ${shared(binder, model, 3, 0)}, i = ${n}, ${shared(binder, model, 3, 2)}, ${shared(binder, model, 3, 1)} / (${n} - 2))`)
}

const halfLifeMs = 7 * 86_400_000

/** The share of one of two touchpoints, or of the first, the middle and the last of more. */
const shared = (binder: Binder, model: Exclude<Model, string>, count: 2 | 3, at: number): string =>
  binder.bind(sharesOf(model, count)[at] ?? 0, 'Float64')
