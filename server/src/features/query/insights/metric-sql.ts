import type { Binder, EventContext } from '../compile/sql-context.ts'
import { rangeOfDays } from '../domain/time/buckets.ts'
import { daysOfRange, lastDays } from '../domain/time/report-dates.ts'
import type { ReadView } from '../read-view.ts'
import { attributedSql } from './attribution-sql.ts'
import type { MetricPlan } from './metric-plan.ts'
import { call, eventRows, functionOf, isSplit, k, keyed, measurable, number, ofEvents, ofKeys } from './rows-sql.ts'
import { sessionsSql } from './session-metric-sql.ts'

/** Rows of MetricRow. For `active` people the number of a bucket is its last day. */
export const metricSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  const { measurement } = plan
  if (plan.attribution !== null) return attributedSql(view, binder, plan, plan.attribution)
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

const person = (): string => 'person'

const uniqueSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
  if (plan.segments !== 'all' && isSplit(plan)) return uniqueInOneSql(view, binder, plan, plan.segments)
  const rows = eventRows(view, binder, plan, person, { hasPerson: true })
  if (!plan.isFirstOnly) return ofEvents(plan, binder, { name: 'uniqExact', of: 'v' }, rows)
  const first = `SELECT ${k(plan)}min(b) AS b, v FROM (${keyed(plan, rows, 'b, v')}) GROUP BY ${k(plan)}v`
  return ofKeys(plan, binder, 'count()', `SELECT * FROM (${first})`)
}

/** Everybody under one combination of values: the first, or last, of each interval; of one instant the least, or greatest. */
const uniqueInOneSql = (view: ReadView, binder: Binder, plan: MetricPlan, segments: 'first' | 'last'): string => {
  const both = () => '(person, e.time)'
  const rows = keyed(plan, eventRows(view, binder, plan, both, { hasPerson: true }), 'b, v.1 AS who, v.2 AS t')
  const one = `${segments === 'first' ? 'argMin' : 'argMax'}(k, (t, k))`
  const people = `SELECT one AS k, b, who AS v FROM (SELECT b, who, ${one} AS one FROM (${rows}) GROUP BY b, who)`
  const counted = plan.isFirstOnly ? `SELECT k, min(b) AS b, v FROM (${people}) GROUP BY k, v` : people
  return ofKeys(plan, binder, 'count()', counted)
}

const activeSql = (view: ReadView, binder: Binder, plan: MetricPlan, dayCount: number): string => {
  const { zone } = plan.buckets
  const { fromDay, toDay } = daysOfRange(plan.buckets)
  const ends = plan.isWhole ? [toDay] : [...new Set(lastDays(plan.buckets))]
  const range = rangeOfDays(zone, { fromDay: (plan.isWhole ? toDay : fromDay) - dayCount + 1, toDay })
  const day = `toInt32(toDate32(e.time, ${binder.bind(zone, 'String')}))`
  const rows = eventRows(view, binder, plan, person, { range, b: day, hasPerson: true })
  const days = `SELECT ${k(plan)}v, groupUniqArray(b) AS days FROM (${keyed(plan, rows, 'b, v')}) GROUP BY ${k(plan)}v`
  // Each day somebody was there counts for the ends that follow within so many days.
  const trailing = `arrayDistinct(arrayFlatten(arrayMap(day -> range(day, day + ${binder.bind(dayCount, 'Int32')}), days)))`
  const met = `arrayIntersect(${trailing}, ${binder.bind(ends, 'Array(Int32)')})`
  return ofKeys(plan, binder, 'count()', `SELECT ${k(plan)}arrayJoin(${met}) AS b FROM (${days})`)
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
  const both = (context: EventContext) => `(person, ${value(context)})`
  const rows = keyed(plan, eventRows(view, binder, plan, both, { hasPerson: true }), 'b, v.1 AS who, v.2 AS value')
  const perPerson = `SELECT ${k(plan)}b, of_person AS v FROM (
SELECT ${k(plan)}b, who, toFloat64(${call(functionOf(plan, aggregate))}) AS of_person FROM (
SELECT ${k(plan)}b, who, value AS v FROM (${rows}))
WHERE ${isThere} GROUP BY ${k(plan)}b, who)`
  return ofKeys(plan, binder, call(functionOf(plan, over)), perPerson)
}

/** Of the numbers of a breakdown whose ranges are to be worked out: how many there are, and between which all are. */
export const boundsSql = (view: ReadView, binder: Binder, plan: MetricPlan, at: number): string => {
  const on = plan.breakdowns[at]
  const rows = eventRows(view, binder, { ...plan, breakdowns: [] }, (context) =>
    on === undefined ? 'NULL' : number(context, on),
  )
  return boundsOf(rows)
}

/** The same of rows with a number `v`. */
export const boundsOf = (rows: string): string =>
  `SELECT count() AS n, min(v) AS low, max(v) AS high FROM (${rows}) WHERE isFinite(v)`
