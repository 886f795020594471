import { bucketSql } from '../compile/bucket.ts'
import { entitySql, matchOfEntitySql } from '../compile/entity.ts'
import { createEventContext, eventSource } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { namesOfMatches } from '../compile/match.ts'
import type { Binder } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { simultaneousMs } from '../domain/funnel/attempts.ts'
import type { Attribution } from '../domain/funnel/person.ts'
import type { ReadView } from '../read-view.ts'
import type { FunnelPlan } from './funnel-plan.ts'
import { rangeOf } from './funnel-sql.ts'

// Funnels that `isSimple` by the values of a property, in one statement. It says the same as `countedAttempts` and `countedByKey`, which take the events
// of one person. Each event is one number, instant × 64 + step: the engine gathers those far faster than anything else.
const stepBits = 64

/** What a row adds to: everybody, the keys of a value, both, or one key. */
export const rowKinds = { all: 1, value: 2, allAndValue: 3, key: 4 } as const

/** Sums of one bucket, as `Tally` has them. `text`: JSON text of the value, or the key. */
export type FunnelByValueRow = readonly [
  kind: (typeof rowKinds)[keyof typeof rowKinds],
  text: string,
  bucket: number,
  counts: readonly number[],
  previous: readonly number[],
  start: readonly number[],
]

/** Rows of FunnelByValueRow for a plan that `isSimple`, by the values of `on`. */
export const funnelByValueSql = (view: ReadView, binder: Binder, plan: FunnelPlan, on: Expression): string => `
SELECT kind, text, b, sumForEach(arrayMap(r -> toInt64(r != 0), rs)) AS counts,
  sumForEach(arrayMap((r, before) -> if(r = 0, 0, r - before), rs, arrayPopBack(arrayPushFront(rs, rs[1])))) AS previous,
  sumForEach(arrayMap(r -> if(r = 0, 0, r - rs[1]), rs)) AS start
FROM (SELECT kind, text, b, arrayMap((m, at) -> if(m = 0, 0, arrayMax(arraySlice(ms, 1, at))), ms, arrayEnumerate(ms)) AS rs
FROM (${attemptsByValue(view, binder, plan, on)}))
GROUP BY kind, text, b`

/** One row per person who entered: `xs`, their events, and `vs`, the value of each. */
const gatheredSql = (view: ReadView, binder: Binder, plan: FunnelPlan, on: Expression): string => {
  const context = createEventContext(view, binder)
  const { key, wanted } = entitySql(context, plan.entity)
  const columns = [
    `${key} AS person`,
    'toUnixTimestamp64Milli(e.time) AS t',
    `${compileExpression(on, 'json', context)} AS v`,
    ...plan.steps.map((step, at) => `${matchOfEntitySql(view, binder, context, plan.entity, step)} AS is${at}`),
  ]
  const events = namesOfMatches(plan.steps)
  const from = eventSource(view, binder, context, { range: rangeOf(plan), events, ...wanted })
  const { fromMs, toMs } = plan.buckets.range
  const step = `multiIf(${plan.steps.map((_, at) => `is${at}, ${at}, `).join('')}-1)`
  return `SELECT groupArray(t * ${stepBits} + step) AS xs, groupArray(v) AS vs
FROM (SELECT *, ${step} AS step FROM (SELECT ${columns.join(',\n  ')} ${from}))
WHERE step >= 0
GROUP BY person HAVING countIf(step = 0 AND t >= ${binder.bind(fromMs, 'Int64')} AND t < ${binder.bind(toMs, 'Int64')}) > 0`
}

const isEntrySql = (binder: Binder, { buckets: { range } }: FunnelPlan, x: string): string => {
  const [from, to] = [range.fromMs, range.toMs].map((ms) => binder.bind(ms * stepBits, 'Int64'))
  return `${x} % ${stepBits} = 0 AND ${x} >= ${from} AND ${x} < ${to}`
}

const bucketOf = (binder: Binder, { buckets }: FunnelPlan, x: string): string =>
  bucketSql(binder, buckets, `fromUnixTimestamp64Milli(intDiv(${x}, ${stepBits}), 'UTC')`)

/**
 * The instants of the events that take the steps of the attempt that begins with the event `entry`, 0 for steps that are
 * not taken: each the earliest one that is as late as the latest so far, or nearly, and in the window.
 */
const takenSql = (binder: Binder, { steps, windowMs }: FunnelPlan, entry: string): string => {
  const first = `[intDiv(${entry}, ${stepBits})]`
  if (steps.length === 1) return first
  const window = binder.bind(windowMs, 'Int64')
  const found = `arrayFilter(x -> x % ${stepBits} = step AND x >= (arrayMax(ms) - ${simultaneousMs}) * ${stepBits}
  AND x <= (ms[1] + ${window}) * ${stepBits} + step, xs)`
  // Most people have but the first events.
  return `arrayResize(arrayFold((ms, step) -> arrayPushBack(ms, if(ms[-1] = 0, 0, intDiv(arrayMin(${found}), ${stepBits}))),
  range(1, toUInt8(arrayMax(x -> x % ${stepBits}, xs)) + 1), ${first}), ${steps.length}, 0)`
}

const isThere = (value: string): string => `${value} NOT IN ('', 'null')`

/** SQL of the value of each attempt, by the attempts' entries `es` and what took their steps, `taken`. */
const attributedSql = (attribution: Attribution): string => {
  // Of events that take one step at one instant the one with the smallest value comes first.
  const valueAt = (instant: string, step: string) =>
    `if(${instant} = 0, '', arrayMin(arrayFilter((v, x) -> x = ${instant} * ${stepBits} + ${step}, vs, xs)))`
  if (typeof attribution === 'object') {
    const { step } = attribution
    return step === 0 ? 'es.2' : `arrayMap(ms -> ${valueAt(`ms[${step + 1}]`, String(step))}, taken)`
  }
  const values = `arrayMap((m, at) -> if(at = 1, e.2, ${valueAt('m', 'at - 1')}), ms, arrayEnumerate(ms))`
  const search = attribution === 'first' ? 'arrayFirst' : 'arrayLast'
  const searched = `arrayMap((e, ms) -> ${search}(value -> ${isThere('value')}, ${values}), es, taken)`
  return attribution === 'first' ? `if(arrayAll(e -> ${isThere('e.2')}, es), es.2, ${searched})` : searched
}

/**
 * One row for each that somebody adds to: an attempt in each bucket, and of those that follow in it, each beginning when the
 * one before it has ended, the first under each key; `ms`, the instants of its steps. Within, lists of a person have one element per entry: `es` [event, value], `bs` its bucket, `taken`.
 */
const attemptsByValue = (view: ReadView, binder: Binder, plan: FunnelPlan, on: Expression): string => {
  const taken = `SELECT xs, vs, es, arrayMap(e -> ${takenSql(binder, plan, 'e.1')}, es) AS taken,
  arrayMap(e -> toInt32(${bucketOf(binder, plan, 'e.1')}), es) AS bs
FROM (SELECT xs, vs, arraySort(arrayFilter(e -> ${isEntrySql(binder, plan, 'e.1')}, arrayZip(xs, vs))) AS es
FROM (${gatheredSql(view, binder, plan, on)}))`
  // The first instant that the next attempt may begin at. What took a later step at the instant of the entry comes after it.
  const window = binder.bind(plan.windowMs, 'Int64')
  const next = `if(ms[-1] = 0, ms[1] + ${window} + 1, arrayMax(ms) + (arrayCount(m -> m >= ms[1], ms) > 1))`
  const isBegun = `if(length(es) = 1, [1], arrayFold((acc, b, ms) -> if(notEmpty(acc.3) AND b = acc.1 AND ms[1] < acc.2,
    (acc.1, acc.2, arrayPushBack(acc.3, toUInt8(0))), (b, ${next}, arrayPushBack(acc.3, toUInt8(1)))),
    bs, taken, (toInt32(0), toInt64(0), CAST([], 'Array(UInt8)'))).3)`
  const begun = `SELECT arrayFilter((one, begun) -> begun, arrayZip(bs, ${attributedSql(plan.attribution)}, taken), ${isBegun}) AS attempts
FROM (${taken})`
  const row = (kind: string | number, text: string) => `(toUInt8(${kind}), ${text}, one.1, one.3)`
  // Somebody with several attempts counts once for everybody, and once under each key. Texts without escapes are one key if
  // they are one text; other values have to become keys first. Lists that are empty for nearly everybody cost nothing.
  const isPlain = `length(attempts) = 1 OR arrayAll(value -> startsWith(value, '"') AND position(value, '\\\\') = 0, attempts.2)`
  const { all, value, key, allAndValue } = rowKinds
  const plain = `arrayFilter(one -> one.1 != 0, arrayMap((one, n, k) -> ${row(
    `multiIf(n = 1 AND k = 1, ${allAndValue}, n = 1, ${all}, k = 1, ${value}, 0)`,
    `if(k = 1, one.2, '')`,
  )}, plain, arrayEnumerateUniq(plain.1), arrayEnumerateUniq(plain.1, plain.2)))`
  const first = `arrayFilter((one, n) -> n = 1, arrayMap(one -> ${row(all, `''`)}, odd), arrayEnumerateUniq(odd.1))`
  const keyed = `arrayFlatten(arrayMap(one -> arrayMap(key -> ${row(key, 'key')}, ${bucketKeysSql('one.2')}), odd))`
  const rows = `arrayConcat(${plain}, ${first}, arrayFilter((one, n) -> n = 1, ${keyed} AS keyed, arrayEnumerateUniq(keyed.2, keyed.3)))`
  const sorted = `SELECT if(${isPlain}, attempts, []) AS plain, if(${isPlain}, [], attempts) AS odd FROM (${begun})`
  return `SELECT one.1 AS kind, one.2 AS text, one.3 AS b, one.4 AS ms FROM (SELECT arrayJoin(${rows}) AS one FROM (${sorted}))`
}
