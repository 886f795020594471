import { createEventContext, eventSource } from '../compile/event-source.ts'
import { matchSql } from '../compile/match.ts'
import { mayBeInSessionsSql, sessionMarkSql, sessionOrderSql } from '../compile/sessions.ts'
import type { Binder, EventContext } from '../compile/sql-context.ts'
import type { SessionRules } from '../domain/sessions/sessions.ts'
import { rangeOfDays } from '../domain/time/buckets.ts'
import { daysOfRange } from '../domain/time/report-dates.ts'
import type { ReadView } from '../read-view.ts'
import type { MetricPlan } from './metric-plan.ts'
import { bucketOf, eventRows, isSplit, keyed, ofEvents, ofKeys, valuesSql } from './rows-sql.ts'

/** How many sessions hold one of the events. */
export const sessionsSql = (view: ReadView, binder: Binder, plan: MetricPlan): string => {
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
  const id = (context: EventContext) => sessionMarkSql(context, rules) ?? ''
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
  const mark = sessionMarkSql(context, rules)
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
