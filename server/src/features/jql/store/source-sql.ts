import {
  type Binder,
  compileFilter,
  createBinder,
  createEventContext,
  createProfileContext,
  type EventContext,
  type ExpressionContext,
  eventSource,
  parseExpression,
  profileSource,
  type ReadView,
  rangeDays,
  rangeOfDays,
  type TimeRange,
} from '../../query/index.ts'
import type { Request } from '../domain/language/session.ts'
import type { EventSelector, EventsSource, JoinSource, PeopleSource } from '../domain/language/sources.ts'

/** One statement that yields a line of JSON for each record of a source (jql §2.1). */
export interface SourceStatement {
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
}

/** Instants become what the wall clock of the project shows, told as milliseconds of UTC. */
const wallMsSql = (binder: Binder, { timezone }: ReadView, time: string): string =>
  `(toUnixTimestamp64Milli(${time}) + timeZoneOffset(toTimeZone(${time}, ${binder.bind(timezone, 'String')})) * 1000)`

const membersSql = (properties: string): string =>
  `arrayMap((name, value) -> concat(toJSONString(name), ':', value), mapKeys(${properties}), mapValues(${properties}))`

const eventLineSql = (view: ReadView, binder: Binder, context: EventContext, labels: string): string => `concat(
  '{"name":', toJSONString(e.event),
  if(${context.person} = '', '', concat(',"distinct_id":', toJSONString(${context.person}))),
  ',"time":', toString(${wallMsSql(binder, view, 'e.time')}), ',"sampling_factor":1', ${labels},
  ',"properties":{', arrayStringConcat(
    arrayPushFront(${membersSql('e.properties')}, concat('"$insert_id":', toJSONString(e.insert_id))), ','), '}}')`

const userLineSql = (view: ReadView, binder: Binder): string => {
  const seen = `parseDateTime64BestEffortOrNull(JSONExtractString(p.properties['$last_seen']), 3, 'UTC')`
  return `concat(
  '{"distinct_id":', toJSONString(p.distinct_id),
  ',"time":', toString(${wallMsSql(binder, view, 'p.changed_at')}),
  ',"last_seen":', ifNull(toString(${wallMsSql(binder, view, seen)}), 'null'),
  ',"properties":{', arrayStringConcat(${membersSql('p.properties')}, ','), '}}')`
}

const filterSql = (context: ExpressionContext, selector: string, of: 'event' | 'profile'): string =>
  compileFilter(parseExpression(selector, { properties: of }), context)

const eventSelectorSql = (context: EventContext, { event, selector }: EventSelector): string => {
  const conditions = [
    ...(event === undefined ? [] : [context.isEvent(event)]),
    ...(selector === undefined ? [] : [filterSql(context, selector, 'event')]),
  ]
  return conditions.length === 0 ? '1' : `(${conditions.join(' AND ')})`
}

/** A record is kept when any of the selectors matches; without selectors, always. */
const anyOf = (conditions: readonly string[]): string =>
  conditions.length === 0 ? '1' : `(${conditions.join(' OR ')})`

/** Names that the primary key can find; null when a selector takes any event. */
const namesOf = (selectors: readonly EventSelector[]): readonly string[] | null => {
  const names = selectors.map(({ event }) => event)
  return names.length > 0 && names.every((name) => name !== undefined) ? [...new Set(names)] : null
}

const labelsSql = (context: EventContext, selectors: readonly EventSelector[]): string => {
  const labelled = selectors.filter(({ label }) => label !== undefined)
  if (labelled.length === 0) return `''`
  const labels = labelled.map(
    (selector) => `if(${eventSelectorSql(context, selector)}, ${context.bind(selector.label, 'String')}, '')`,
  )
  return `concat(',"labels":', toJSONString(arrayDistinct(arrayFilter(label -> label != '', [${labels.join(', ')}]))))`
}

const rangeOf = (view: ReadView, { fromDate, toDate }: EventsSource): TimeRange =>
  rangeOfDays(view.timezone, rangeDays(fromDate, toDate))

interface EventRows {
  readonly context: EventContext
  readonly line: string
  readonly where: readonly string[]
}

const eventRows = (view: ReadView, binder: Binder, { selectors }: EventsSource): EventRows => {
  const context = createEventContext(view, binder)
  const line = eventLineSql(view, binder, context, labelsSql(context, selectors))
  const where = selectors.length === 0 ? [] : [anyOf(selectors.map((one) => eventSelectorSql(context, one)))]
  return { context, line, where }
}

const eventsSql = (view: ReadView, binder: Binder, source: EventsSource, byUser: boolean): string => {
  const { context, line, where } = eventRows(view, binder, source)
  const wanted = { range: rangeOf(view, source), events: namesOf(source.selectors), where }
  const order = byUser ? `\nORDER BY ${context.person}, e.time, e.insert_id` : ''
  return `SELECT ${line} AS line${eventSource(view, binder, context, wanted)}${order}`
}

const userWhereSql = (context: ExpressionContext, { selectors }: PeopleSource): string =>
  anyOf(selectors.map(({ selector }) => `(${filterSql(context, selector, 'profile')})`))

const peopleSql = (view: ReadView, binder: Binder, source: PeopleSource, byUser: boolean): string => {
  const where = userWhereSql(createProfileContext(view, binder), source)
  const order = byUser ? '\nORDER BY p.distinct_id' : ''
  return `SELECT ${userLineSql(view, binder)} AS line
${profileSource(view, binder)} AND ${where}${order}`
}

/** A person without an event meets only selectors that name none; what they ask of the event is undefined. */
const isWantedAloneSql = (view: ReadView, binder: Binder, selectors: readonly EventSelector[]): string => {
  if (selectors.length === 0) return 'true'
  const ofProfile = createProfileContext(view, binder)
  const context: ExpressionContext = {
    ...ofProfile,
    eventProperty: () => `''`,
    column: (name) =>
      name === 'time'
        ? `CAST(NULL, 'Nullable(DateTime64(3))')`
        : name === 'distinctId'
          ? ofProfile.column(name)
          : `CAST(NULL, 'Nullable(String)')`,
  }
  const conditions = selectors
    .filter(({ event }) => event === undefined)
    .map(({ selector }) => (selector === undefined ? '1' : filterSql(context, selector, 'event')))
  return conditions.length === 0 ? 'false' : `toBool(${anyOf(conditions)})`
}

/**
 * Lines of joining.ts: people in order, of each first the profile, then the events by time. An event that the
 * selectors of the join leave out still says that its person has events, where that matters.
 */
const joinSql = (view: ReadView, binder: Binder, source: JoinSource): string => {
  const { context, line, where } = eventRows(view, binder, source.events)
  const { person } = context
  const isMatch = anyOf(source.selectors.map((one) => eventSelectorSql(context, one)))
  const tellsOfAll = source.selectors.length > 0 && (source.type === 'full' || source.type === 'right')
  const eventLine = `concat('["event",', toJSONString(${person}), if(${isMatch}, concat(',', ${line}), ''), ']')`
  const wanted = {
    range: rangeOf(view, source.events),
    events: namesOf(source.events.selectors),
    where: tellsOfAll ? where : [...where, isMatch],
  }
  const users = userWhereSql(createProfileContext(view, binder), source.people)
  const isWanted = isWantedAloneSql(view, binder, source.selectors)
  return `SELECT line FROM (
SELECT p.distinct_id AS person, 0 AS rank, 0 AS at, concat('["user",', toJSONString(p.distinct_id), ',',
  ${userLineSql(view, binder)}, ',', if(${isWanted}, 'true', 'false'), ']') AS line
${profileSource(view, binder)} AND ${users}
UNION ALL
SELECT ${person} AS person, 1 AS rank, toUnixTimestamp64Milli(e.time) AS at, ${eventLine} AS line${eventSource(view, binder, context, wanted)})
ORDER BY person, rank, at`
}

/** Throws InvalidRequest for dates and expressions that are none. */
export const sourceStatement = (view: ReadView, { source, byUser }: Request): SourceStatement => {
  const binder = createBinder(view)
  const sql =
    source.kind === 'events'
      ? eventsSql(view, binder, source, byUser)
      : source.kind === 'people'
        ? peopleSql(view, binder, source, byUser)
        : joinSql(view, binder, source)
  return { sql, params: binder.params }
}
