import { dayMs } from '../../../kernel/time.ts'
import { bucketSql } from '../compile/bucket.ts'
import { createEventContext, eventSource, type TimeRange } from '../compile/event-source.ts'
import { compileExpression } from '../compile/expression.ts'
import { bucketKeysSql } from '../compile/expression-lists.ts'
import { matchSql, namesOfMatches } from '../compile/match.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { defaultSessionTimeoutMs, notInSessions } from '../domain/sessions/sessions.ts'
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
    total: () => grouped(plan, binder, 'count()', 'sum(c)', eventRows(view, binder, plan, null)),
    unique: () => uniqueSql(view, binder, plan),
    active: () => activeSql(view, binder, plan, measurement.kind === 'active' ? measurement.dayCount : 1),
    sessions: () => sessionsSql(view, binder, plan),
    property: () => propertySql(view, binder, plan),
    'per-user': () => perUserSql(view, binder, plan),
  }
  return lines[measurement.kind]()
}

/** Groups rows of k, b and whatever `value` is made of. `c` counts them; `n` is the value of a bucket. */
const grouped = (plan: MetricPlan, binder: Binder, value: string, rank: string, rows: string): string =>
  `SELECT k, groupArray((b, n)) AS points FROM (
SELECT k, b, ${value} AS n, count() AS c FROM (
${rows})
GROUP BY k, b)
GROUP BY k ORDER BY ${rank} DESC, k LIMIT ${binder.bind(plan.breakdowns.length === 0 ? 1 : plan.limit, 'UInt32')}`

/** Each breakdown's keys of a row, as an array of arrays. */
const keyLists = (context: EventContext, breakdowns: readonly Expression[]): string =>
  `[${breakdowns.map((on) => bucketKeysSql(compileExpression(on, 'json', context))).join(',\n  ')}]::Array(Array(String))`

/** Every combination of keys: a row for each. */
const combined = (lists: string, count: number): string =>
  `[${Array.from({ length: count }, (_, at) => `arrayJoin(${lists}[${at + 1}])`).join(', ')}]::Array(String)`

const bucketOf = (binder: Binder, plan: MetricPlan): string => (plan.isWhole ? '0' : bucketSql(binder, plan.buckets))

interface RowsOptions {
  readonly range?: TimeRange
  readonly where?: (context: EventContext) => readonly string[]
  /** In place of the bucket. */
  readonly b?: string
  /** Rows that are all alike are one. */
  readonly isDistinct?: boolean
}

/** Rows of the metric's events: k, b, and `v`, what `value` compiles to. */
const eventRows = (
  view: ReadView,
  binder: Binder,
  plan: MetricPlan,
  value: ((context: EventContext) => string) | null,
  { range = plan.buckets.range, where, b, isDistinct = false }: RowsOptions = {},
): string => {
  const context = createEventContext(view, binder)
  const columns = [
    `${keyLists(context, plan.breakdowns)} AS lists`,
    `${b ?? bucketOf(binder, plan)} AS b`,
    ...(value === null ? [] : [`${value(context)} AS v`]),
  ]
  const from = eventSource(view, binder, context, {
    range,
    events: namesOfMatches([plan.match]),
    where: [matchSql(context, plan.match), ...(where?.(context) ?? [])],
  })
  const rest = value === null ? 'b' : 'b, v'
  return `SELECT ${isDistinct ? 'DISTINCT ' : ''}${combined('lists', plan.breakdowns.length)} AS k, ${rest} FROM (
SELECT ${columns.join(',\n  ')} ${from})`
}

const person = (context: EventContext): string => context.person
const isSomebody = (context: EventContext): readonly string[] => [`${context.person} != ''`]

const uniqueSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const rows = eventRows(view, binder, plan, person, { where: isSomebody, isDistinct: true })
  const first = `SELECT k, min(b) AS b, v FROM (${rows}) GROUP BY k, v`
  return grouped(plan, binder, 'count()', 'sum(n)', plan.isFirstOnly ? first : rows)
}

const activeSql = (view: ReadView, binder: Binder, plan: MetricPlan, dayCount: number): string => {
  const { zone } = plan.buckets
  const { fromDay, toDay } = daysOfRange(plan.buckets)
  const ends = plan.isWhole ? [toDay] : [...new Set(lastDays(plan.buckets))]
  const range = rangeOfDays(zone, { fromDay: (plan.isWhole ? toDay : fromDay) - dayCount + 1, toDay })
  const day = `toInt32(toDate32(e.time, ${binder.bind(zone, 'String')}))`
  const rows = eventRows(view, binder, plan, person, { range, b: day, where: isSomebody, isDistinct: true })
  const last = `arrayFilter(last -> last >= b AND last < b + ${binder.bind(dayCount, 'Int32')}, ${binder.bind(ends, 'Array(Int32)')})`
  const trailing = `SELECT DISTINCT k, arrayJoin(${last}) AS b, v FROM (${rows})`
  return grouped(plan, binder, 'count()', 'sum(n)', trailing)
}

const number = (context: EventContext, property: Expression): string =>
  `CAST(${compileExpression(property, 'number', context)}, 'Nullable(Float64)')`

/** Values that can be measured: numbers; different values can be of any kind. */
const measurable = (aggregate: Aggregate | 'total', property: Expression | null) => {
  if (property === null) return { value: () => '1', isThere: '1' }
  if (aggregate !== 'distinct') return { value: (c: EventContext) => number(c, property), isThere: 'isFinite(v)' }
  return { value: (c: EventContext) => compileExpression(property, 'json', c), isThere: `v NOT IN ('', 'null')` }
}

const aggregateSql = ({ quantile }: MetricPlan, aggregate: Aggregate | PerUser | 'total'): string => {
  const plain = {
    total: 'count()',
    sum: 'sum(v)',
    average: 'avg(v)',
    min: 'min(v)',
    max: 'max(v)',
    distinct: 'uniqExact(v)',
  }
  if (aggregate === 'median') return 'quantileExactInclusive(0.5)(assumeNotNull(v))'
  // The engine takes a quantile as a literal only.
  if (aggregate === 'percentile') return `quantileExactInclusive(${String(quantile)})(assumeNotNull(v))`
  return plain[aggregate]
}

const rankOf: Readonly<Record<string, string>> = { sum: 'sum(n)', min: 'max(n)', max: 'max(n)', distinct: 'max(n)' }

const propertySql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  if (measurement.kind !== 'property') return ''
  const { aggregate, property } = measurement
  const { value, isThere } = measurable(aggregate, property)
  const rows = `SELECT k, b, v FROM (${eventRows(view, binder, plan, value)}) WHERE ${isThere}`
  return grouped(plan, binder, aggregateSql(plan, aggregate), rankOf[aggregate] ?? 'sum(c)', rows)
}

const perUserSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  if (measurement.kind !== 'per-user') return ''
  const { aggregate, property, over } = measurement
  const { value, isThere } = measurable(aggregate, property)
  const both = (context: EventContext) => `(${context.person}, ${value(context)})`
  const rows = eventRows(view, binder, plan, both, { where: isSomebody })
  const perPerson = `SELECT k, b, of_person AS v FROM (
SELECT k, b, who, toFloat64(${aggregateSql(plan, aggregate)}) AS of_person FROM (
SELECT k, b, who, value AS v FROM (SELECT k, b, v.1 AS who, v.2 AS value FROM (${rows})))
WHERE ${isThere} GROUP BY k, b, who)`
  return grouped(plan, binder, aggregateSql(plan, over), 'sum(c)', perPerson)
}

/** How many sessions hold one of the events. They are put together from all events of a person, a day of the zone at a time. */
const sessionsSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const context = createEventContext(view, binder)
  const { zone } = plan.buckets
  const range = rangeOfDays(zone, daysOfRange(plan.buckets))
  const inRange = `t >= ${binder.bind(plan.buckets.range.fromMs, 'Int64')} AND t < ${binder.bind(plan.buckets.range.toMs, 'Int64')}`
  const columns = [
    `${context.person} AS who`,
    'toUnixTimestamp64Milli(e.time) AS t',
    `toInt32(toDate32(e.time, ${binder.bind(zone, 'String')})) AS day`,
    `${bucketOf(binder, plan)} AS b`,
    `${keyLists(context, plan.breakdowns)} AS lists`,
    `(${matchSql(context, plan.match)}) AND ${inRange} AS is_met`,
  ]
  const from = eventSource(view, binder, context, {
    range: { fromMs: range.fromMs, toMs: Math.min(range.toMs, plan.buckets.range.toMs + dayMs) },
    events: null,
    where: [`${context.person} != ''`, `e.event NOT IN ${binder.bind(notInSessions, 'Array(String)')}`],
  })
  const gap = binder.bind(defaultSessionTimeoutMs, 'Int64')
  const rows = `SELECT DISTINCT ${combined('lists', plan.breakdowns.length)} AS k, b, (who, day, session) AS v FROM (
SELECT who, day, b, lists, is_met, sum(is_new) OVER (PARTITION BY who, day ORDER BY t ROWS UNBOUNDED PRECEDING) AS session FROM (
SELECT *, t - lagInFrame(t, 1, t) OVER (PARTITION BY who, day ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) > ${gap} AS is_new FROM (
SELECT ${columns.join(',\n  ')} ${from})))
WHERE is_met`
  return grouped(plan, binder, 'count()', 'sum(n)', rows)
}
