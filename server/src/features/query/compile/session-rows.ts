import { sessionEndEvent, sessionProperties, sessionStartEvent } from '../domain/sessions/sessions.ts'
import { rangeOfDays } from '../domain/time/buckets.ts'
import { daysOfRange } from '../domain/time/report-dates.ts'
import type { ReadView } from '../read-view.ts'
import type { TimeRange, WantedEvents } from './event-source.ts'
import { mayBeInSessionsSql, sessionMarkSql, sessionOrderSql } from './sessions.ts'
import type { Binder, EventContext } from './sql-context.ts'

export const isSessionEvent = (name: string): boolean => name === sessionStartEvent || name === sessionEndEvent

/** How stored events are read, by the one source there is. */
export interface StoredEvents {
  readonly context: EventContext
  from(wanted: WantedEvents): string
}

/** Which of them, and what their expressions ask for. */
export interface WantedSessionEvents {
  readonly names: readonly string[]
  readonly range: TimeRange | null
  readonly properties: readonly string[]
}

/**
 * Rows of the virtual events of sessions in the shape of stored ones (RPT-07): `event`, `time`, `distinct_id` (canonical),
 * `insert_id`, `properties`. Sessions are whole whatever the range: they end at midnight.
 */
export const sessionRowsSql = (
  view: ReadView,
  binder: Binder,
  stored: StoredEvents,
  { names, range, properties }: WantedSessionEvents,
): string => {
  const { timezone: zone } = view
  const rules = view.custom.sessions
  const { context } = stored
  const inherited = properties.filter((name) => !ownProperties.includes(name) && rules.inherited.includes(name))
  const mark = sessionMarkSql(context, rules)
  const columns = [
    `${context.person} AS who`,
    'e.event AS name',
    'toUnixTimestamp64Milli(e.time) AS t',
    `toInt32(toDate32(e.time, ${binder.bind(zone, 'String')})) AS day`,
    ...(mark === null ? [] : [`${mark} AS x`]),
    `${rules.kind === 'events' ? sessionOrderSql('x') : '0'} AS place`,
    `[${inherited.map((name) => context.eventProperty(name)).join(', ')}]::Array(String) AS i`,
  ]
  const where = [context.isSomebody, mayBeInSessionsSql(binder, rules)]
  const days = range === null ? null : rangeOfDays(zone, daysOfRange({ zone, range }))
  const events = `SELECT ${columns.join(',\n  ')} ${stored.from({ range: days, events: null, where })}`
  const own: Readonly<Record<string, string>> = {
    [sessionProperties.duration]: 'toString((last_at - first_at) / 1000)',
    [sessionProperties.eventCount]: 'toString(event_count)',
    [sessionProperties.originStart]: 'toJSONString(first_name)',
    [sessionProperties.originEnd]: 'toJSONString(last_name)',
  }
  const members = [
    ...Object.entries(own).map(([name, sql]) => `${binder.bind(name, 'String')}, ${sql}`),
    ...inherited.map((name, at) => `${binder.bind(name, 'String')}, inherited[${at + 1}]`),
  ]
  const inheritedSql = inherited.map(
    (_, at) => `argMinIf(i[${at + 1}], (t, place, name, i[${at + 1}]), i[${at + 1}] NOT IN ('', 'null'))`,
  )
  const at = (name: string) => (name === sessionStartEvent ? 'first_at' : 'last_at')
  const moments = names.map((name) => `(${binder.bind(name, 'String')}, ${at(name)})`)
  return `SELECT moment.1 AS event, fromUnixTimestamp64Milli(moment.2, 'UTC') AS time, who AS distinct_id, '' AS insert_id,
  CAST(mapFilter((k, v) -> v != '', map(${members.join(', ')})), 'Map(LowCardinality(String), String)') AS properties
FROM (
SELECT who, min(t) AS first_at, max(t) AS last_at, count() AS event_count, argMin(name, (t, place, name)) AS first_name,
  argMax(name, (t, place, name)) AS last_name, [${inheritedSql.join(', ')}]::Array(String) AS inherited
FROM (${sessionsSql[rules.kind](binder, rules, events)})
GROUP BY who, session)
ARRAY JOIN [${moments.join(', ')}] AS moment`
}

const ownProperties: readonly string[] = Object.values(sessionProperties)

type Rules = ReadView['custom']['sessions']

/** The rows that are in sessions, with what tells those of one person apart as `session`. */
const sessionsSql: Readonly<Record<Rules['kind'], (binder: Binder, rules: Rules, events: string) => string>> = {
  timeout: (binder, rules, events) => {
    const gap = binder.bind(rules.kind === 'timeout' ? rules.timeoutMs : 0, 'Int64')
    const before = (column: string) => `lagInFrame(${column}, 1, ${column}) OVER previous`
    // Events of one instant are peers of the sum, and so in one session.
    return `SELECT *, sum(is_new) OVER (PARTITION BY who ORDER BY t) AS session FROM (
SELECT *, t - ${before('t')} > ${gap} OR day != ${before('day')} AS is_new FROM (${events})
WINDOW previous AS (PARTITION BY who ORDER BY t ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW))`
  },
  events: (_binder, _rules, events) => {
    const [isStart, isEnd] = ['bitAnd(x, 1)', 'bitShiftRight(x, 1)']
    const order = 'ORDER BY t, place ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW'
    // Between two ends of one day lies one session at most: it goes from the first start there to the second end.
    return `SELECT *, (day, stretch) AS session FROM (
SELECT *, max(${isStart}) OVER (PARTITION BY who, day, stretch ${order}) AS is_open FROM (
SELECT *, sum(${isEnd}) OVER (PARTITION BY who, day ${order}) - ${isEnd} AS stretch FROM (${events})))
WHERE is_open = 1`
  },
  property: (_binder, _rules, events) => `SELECT *, (day, x) AS session FROM (${events}) WHERE x != ''`,
}
