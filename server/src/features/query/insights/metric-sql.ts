import { bucketSql } from '../compile/bucket.ts'
import { createEventContext, eventSource, type TimeRange } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { matchSql, namesOfMatches } from '../compile/match.ts'
import { mayBeInSessionsSql, sessionMarkSql, sessionOrderSql } from '../compile/sessions.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import type { SessionRules } from '../domain/sessions/sessions.ts'
import { rangeOfDays } from '../domain/time/buckets.ts'
import { daysOfRange, lastDays } from '../domain/time/report-dates.ts'
import type { ReadView } from '../read-view.ts'
import type { Aggregate, MetricPlan, PerUser } from './metric-plan.ts'

/** One combination of the breakdowns' values; those with the most come first. */
export interface MetricRow {
  readonly k: readonly string[]
  readonly points: readonly (readonly [bucket: number, value: number | null])[]
}

/** Rows of MetricRow. For `active` people the number of a bucket is its last day. */
export const metricSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  const lines = {
    total: () => ofEvents(plan, binder, { name: 'count', of: '' }, eventRows(view, binder, plan, null)),
    unique: () => uniqueSql(view, binder, plan),
    active: () => activeSql(view, binder, plan, measurement.kind === 'active' ? measurement.dayCount : 1),
    sessions: () => sessionsSql(view, binder, plan),
    property: () => propertySql(view, binder, plan),
    'per-user': () => perUserSql(view, binder, plan),
  }
  return lines[measurement.kind]()
}

/** An aggregate function of the engine, as its parts: `name` + `with` + `of` in brackets. */
interface AggregateFunction {
  readonly name: string
  readonly with?: string
  readonly of: string
}
const call = ({ name, with: parameters = '', of }: AggregateFunction, suffix = ''): string =>
  `${name}${suffix}${parameters}(${of})`

/** What the most important combinations have most of: their values, where those add up or compare, or their rows. */
const rankOf: Readonly<Record<string, string>> = { sum: 'sum(n)', min: 'max(n)', max: 'max(n)', uniqExact: 'sum(n)' }

const isSplit = ({ breakdowns }: MetricPlan): boolean => breakdowns.length > 0
/** The column of keys, where there are any. */
const k = (plan: MetricPlan): string => (isSplit(plan) ? 'k, ' : '')

const withoutKeys = (value: string, rows: string): string =>
  `SELECT []::Array(String) AS k, groupArray((b, n)) AS points FROM (
SELECT b, ${value} AS n FROM (${rows}) GROUP BY b)`

const ranked = (plan: MetricPlan, binder: Binder, rank: string, rows: string): string =>
  `SELECT k, groupArray((b, n)) AS points FROM (${rows})
GROUP BY k ORDER BY ${rank} DESC, k LIMIT ${binder.bind(plan.limit, 'UInt32')}`

/** Rows of j, b, v. They are grouped by values as stored, and the keys of those are worked out once for each. */
const ofEvents = (plan: MetricPlan, binder: Binder, aggregate: AggregateFunction, rows: string): string => {
  if (!isSplit(plan)) return withoutKeys(call(aggregate), rows)
  const stored = `SELECT j, b, ${call(aggregate, 'State')} AS v, count() AS c FROM (${rows}) GROUP BY j, b`
  const merged = call({ ...aggregate, of: 'v' }, 'Merge')
  const sums = `SELECT k, b, ${merged} AS n, sum(c) AS c FROM (${keyed(plan, stored, 'b, v, c')}) GROUP BY k, b`
  return ranked(plan, binder, rankOf[aggregate.name] ?? 'sum(c)', sums)
}

/** Rows of k (where there are breakdowns), b, v. */
const ofKeys = (plan: MetricPlan, binder: Binder, value: string, rows: string): string =>
  isSplit(plan)
    ? ranked(plan, binder, 'sum(c)', `SELECT k, b, ${value} AS n, count() AS c FROM (${rows}) GROUP BY k, b`)
    : withoutKeys(value, rows)

/** Rows of j with their keys as k: a row for every combination. Without breakdowns they stay as they are. */
const keyed = (plan: MetricPlan, rows: string, columns: string): string => {
  if (!isSplit(plan)) return `SELECT ${columns} FROM (${rows})`
  const lists = plan.breakdowns.map((_, at) => bucketKeysSql(`j[${at + 1}]`)).join(',\n  ')
  const one = plan.breakdowns.map((_, at) => `arrayJoin(lists[${at + 1}])`).join(', ')
  return `SELECT [${one}]::Array(String) AS k, ${columns} FROM (SELECT *, [${lists}]::Array(Array(String)) AS lists FROM (${rows}))`
}

/** Each breakdown's value of a row, as JSON texts. */
const valuesSql = (context: EventContext, { breakdowns }: MetricPlan): string =>
  `[${breakdowns.map((on) => compileExpression(on, 'json', context)).join(', ')}]::Array(String)`

const bucketOf = (binder: Binder, plan: MetricPlan): string => (plan.isWhole ? '0' : bucketSql(binder, plan.buckets))

interface RowsOptions {
  readonly range?: TimeRange
  readonly where?: (context: EventContext) => readonly string[]
  /** In place of the bucket. */
  readonly b?: string
}

/** Rows of the metric's events: j (where there are breakdowns), b, and `v`, what `value` compiles to. */
const eventRows = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  value: ((context: EventContext) => string) | null,
  { range = plan.buckets.range, where, b }: RowsOptions = {},
): string => {
  const context = createEventContext(view, binder)
  const columns = [
    ...(isSplit(plan) ? [`${valuesSql(context, plan)} AS j`] : []),
    `${b ?? bucketOf(binder, plan)} AS b`,
    ...(value === null ? [] : [`${value(context)} AS v`]),
  ]
  const from = eventSource(view, binder, context, {
    range,
    events: namesOfMatches([plan.match]),
    where: [matchSql(context, plan.match), ...(where?.(context) ?? [])],
  })
  return `SELECT ${columns.join(',\n  ')} ${from}`
}

const person = (context: EventContext): string => context.personKey
const isSomebody = (context: EventContext): readonly string[] => [context.isSomebody]

const uniqueSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const rows = eventRows(view, binder, plan, person, { where: isSomebody })
  if (!plan.isFirstOnly) return ofEvents(plan, binder, { name: 'uniqExact', of: 'v' }, rows)
  const first = `SELECT ${k(plan)}min(b) AS b, v FROM (${keyed(plan, rows, 'b, v')}) GROUP BY ${k(plan)}v`
  return ofKeys(plan, binder, 'count()', `SELECT * FROM (${first})`)
}

const activeSql = (view: ReadView, binder: Binder, plan: MetricPlan, dayCount: number): string => {
  const { zone } = plan.buckets
  const { fromDay, toDay } = daysOfRange(plan.buckets)
  const ends = plan.isWhole ? [toDay] : [...new Set(lastDays(plan.buckets))]
  const range = rangeOfDays(zone, { fromDay: (plan.isWhole ? toDay : fromDay) - dayCount + 1, toDay })
  const day = `toInt32(toDate32(e.time, ${binder.bind(zone, 'String')}))`
  const rows = eventRows(view, binder, plan, person, { range, b: day, where: isSomebody })
  const days = `SELECT ${k(plan)}v, groupUniqArray(b) AS days FROM (${keyed(plan, rows, 'b, v')}) GROUP BY ${k(plan)}v`
  // Each day somebody was there counts for the ends that follow within so many days.
  const trailing = `arrayDistinct(arrayFlatten(arrayMap(day -> range(day, day + ${binder.bind(dayCount, 'Int32')}), days)))`
  const met = `arrayIntersect(${trailing}, ${binder.bind(ends, 'Array(Int32)')})`
  return ofKeys(plan, binder, 'count()', `SELECT ${k(plan)}arrayJoin(${met}) AS b FROM (${days})`)
}

const number = (context: EventContext, property: Expression): string =>
  `CAST(${compileExpression(property, 'number', context)}, 'Nullable(Float64)')`

/** Values that can be measured: numbers; different values can be of any kind. */
const measurable = (aggregate: Aggregate | 'total', property: Expression | null) => {
  if (property === null) return { value: () => '1', isThere: '1' }
  if (aggregate !== 'distinct') return { value: (c: EventContext) => number(c, property), isThere: 'isFinite(v)' }
  return { value: (c: EventContext) => compileExpression(property, 'json', c), isThere: `v NOT IN ('', 'null')` }
}

const functionOf = ({ quantile }: MetricPlan, aggregate: Aggregate | PerUser | 'total'): AggregateFunction => {
  const names = { total: 'count', sum: 'sum', average: 'avg', min: 'min', max: 'max', distinct: 'uniqExact' }
  const exact = { name: 'quantileExactInclusive', of: 'assumeNotNull(v)' }
  if (aggregate === 'median') return { ...exact, with: '(0.5)' }
  // The engine takes a quantile as a literal only.
  if (aggregate === 'percentile') return { ...exact, with: `(${String(quantile)})` }
  return { name: names[aggregate], of: aggregate === 'total' ? '' : 'v' }
}

const propertySql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  if (measurement.kind !== 'property') return ''
  const { aggregate, property } = measurement
  const { value, isThere } = measurable(aggregate, property)
  const rows = `SELECT * FROM (${eventRows(view, binder, plan, value)}) WHERE ${isThere}`
  return ofEvents(plan, binder, functionOf(plan, aggregate), rows)
}

const perUserSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  if (measurement.kind !== 'per-user') return ''
  const { aggregate, property, over } = measurement
  const { value, isThere } = measurable(aggregate, property)
  const both = (context: EventContext) => `(${context.personKey}, ${value(context)})`
  const rows = keyed(plan, eventRows(view, binder, plan, both, { where: isSomebody }), 'b, v.1 AS who, v.2 AS value')
  const perPerson = `SELECT ${k(plan)}b, of_person AS v FROM (
SELECT ${k(plan)}b, who, toFloat64(${call(functionOf(plan, aggregate))}) AS of_person FROM (
SELECT ${k(plan)}b, who, value AS v FROM (${rows}))
WHERE ${isThere} GROUP BY ${k(plan)}b, who)`
  return ofKeys(plan, binder, call(functionOf(plan, over)), perPerson)
}

/** How many sessions hold one of the events. */
const sessionsSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  if (measurement.kind !== 'sessions') return ''
  const { rules } = measurement
  if (rules.kind === 'property') return sessionsByPropertySql(view, binder, plan, rules)
  const rows = rules.kind === 'timeout' ? byGapSql(view, binder, plan, rules) : byEventsSql(view, binder, plan, rules)
  return ofKeys(plan, binder, 'uniqExact(v)', keyed(plan, rows, 'b, v'))
}

const daySql = (binder: Binder, { buckets: { zone } }: MetricPlan): string =>
  `toInt32(toDate32(e.time, ${binder.bind(zone, 'String')}))`

const mayBeInSessions = (binder: Binder, context: EventContext, rules: SessionRules): readonly string[] => [
  context.isSomebody,
  mayBeInSessionsSql(binder, rules),
]

/** A session is a value on one day: nothing but the metric's events has to be read. */
const sessionsByPropertySql = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  rules: Extract<SessionRules, { kind: 'property' }>,
): string => {
  const id = (context: EventContext) => sessionMarkSql(binder, context, rules) ?? ''
  const session = (context: EventContext) => `(${context.personKey}, ${daySql(binder, plan)}, ${id(context)})`
  const where = (context: EventContext) => [...mayBeInSessions(binder, context, rules), `${id(context)} != ''`]
  return ofEvents(plan, binder, { name: 'uniqExact', of: 'v' }, eventRows(view, binder, plan, session, { where }))
}

/** All events of people, in whole days: who, t, day, b, is_met (the metric's event, in the range), j, and the mark x. */
const sessionEventRows = (view: ReadView, binder: Binder, plan: MetricPlan, rules: SessionRules): string => {
  const context = createEventContext(view, binder)
  const range = rangeOfDays(plan.buckets.zone, daysOfRange(plan.buckets))
  const { fromMs, toMs } = plan.buckets.range
  const inRange = `t >= ${binder.bind(fromMs, 'Int64')} AND t < ${binder.bind(toMs, 'Int64')}`
  const mark = sessionMarkSql(binder, context, rules)
  const columns = [
    `${context.personKey} AS who`,
    'toUnixTimestamp64Milli(e.time) AS t',
    `${daySql(binder, plan)} AS day`,
    `${bucketOf(binder, plan)} AS b`,
    `(${matchSql(context, plan.match)}) AND ${inRange} AS is_met`,
    `${isSplit(plan) ? `if(is_met, ${valuesSql(context, plan)}, [])` : '[]::Array(String)'} AS j`,
    ...(mark === null ? [] : [`${mark} AS x`]),
  ]
  const from = eventSource(view, binder, context, {
    range,
    events: null,
    where: mayBeInSessions(binder, context, rules),
  })
  return `SELECT ${columns.join(',\n  ')} ${from}`
}

const byGapSql = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  rules: Extract<SessionRules, { kind: 'timeout' }>,
): string => {
  const steps = (at: number) => `arrayDifference(arrayMap(one -> one.${at}, own))`
  const isNew = `arrayMap((gap, days) -> gap > ${binder.bind(rules.timeoutMs, 'Int64')} OR days != 0, ${steps(1)}, ${steps(2)})`
  const met = `arrayFilter((one, session) -> one.3, own, arrayCumSum(${isNew}) AS sessions)`
  const numbers = `arrayFilter((session, one) -> one.3, sessions, own)`
  return `SELECT one.1 AS b, one.2 AS j, (who, one.3) AS v FROM (
SELECT who, arrayJoin(arrayDistinct(arrayMap((one, session) -> (one.4, one.5, session), ${met}, ${numbers}))) AS one FROM (
SELECT who, arraySort(groupArray((t, day, is_met, b, j))) AS own FROM (
${sessionEventRows(view, binder, plan, rules)})
GROUP BY who HAVING max(is_met)))`
}

/** Between two ends of one day lies one session at most: it goes from the first start there to the second end. */
const byEventsSql = (view: ReadView, binder: Binder, plan: MetricPlan, rules: SessionRules): string => {
  const [isStart, isEnd] = ['bitAnd(x, 1)', 'bitShiftRight(x, 1)']
  const order = `ORDER BY t, ${sessionOrderSql('x')} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW`
  return `SELECT b, j, (who, day, stretch) AS v FROM (
SELECT *, max(${isStart}) OVER (PARTITION BY who, day, stretch ${order}) AS is_open FROM (
SELECT *, sum(${isEnd}) OVER (PARTITION BY who, day ${order}) - ${isEnd} AS stretch FROM (
${sessionEventRows(view, binder, plan, rules)})))
WHERE is_met AND is_open = 1`
}
