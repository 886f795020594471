import { InvalidRequest } from '../../../kernel/errors.ts'
import {
  eventRowsSql,
  type IdentityRows,
  isSomebodysSql,
  linkedEventsSql,
  liveEventsSql,
  personKeySql,
  personSql,
  rowsOfPeopleSql,
  unlinkedEventsSql,
  visibleEventsSql,
  visibleProfilesSql,
} from '../../identity/index.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import type { ReadView } from '../read-view.ts'
import { borrowedJoin, borrowedSql } from './borrowed.ts'
import { notClassified, withoutClassified } from './classified.ts'
import { type Borrowed, cohortProperty, customProperties } from './custom-properties.ts'
import { compileFilter } from './expression.ts'
import { canonicalEvent, eventPropertySql, listedSql, renamedRows } from './names.ts'
import { isSessionEvent, sessionRowsSql } from './session-rows.ts'
import type { Binder, EventContext } from './sql-context.ts'

/** Half-open, milliseconds since 1970. */
export interface TimeRange {
  readonly fromMs: number
  readonly toMs: number
}

export interface WantedEvents {
  /** Null: all time. */
  readonly range: TimeRange | null
  /** Names, found by the primary key. Null: every event. */
  readonly events: readonly string[] | null
  /** SQL compiled in the same context; rows have to meet all of it. */
  readonly where?: readonly string[]
  /** `not asked for`: nothing beside what was compiled in the context uses `person` or `personKey`. */
  readonly people?: 'not asked for'
  /** `all`: properties are asked for beside what was compiled in the context. */
  readonly properties?: 'all'
}

interface ContextOptions {
  /** The rows are those that something is borrowed from. */
  readonly isBorrowedFrom?: boolean
}

/** Compile expressions against it first, then make the source: it joins just the profile properties asked for. */
export const createEventContext = (
  view: ReadView,
  binder: Binder,
  { isBorrowedFrom = false }: ContextOptions = {},
): EventContext => {
  let isPersonUsed = false
  const used = (sql: string): string => {
    isPersonUsed = true
    return sql
  }
  const person = () => used(personSql[view.identity])
  const columns = { time: 'e.time', insertId: 'e.insert_id', eventName: 'e.event' }
  const userProperties: string[] = []
  const eventProperties: string[] = []
  const borrowed: Borrowed[] = []
  const custom = customProperties(view, {
    kind: 'event',
    borrow: (one) => {
      if (isBorrowedFrom)
        throw new InvalidRequest('a borrowed property cannot be part of what is borrowed, or of a data view')
      const same = borrowed.findIndex((known) => JSON.stringify(known) === JSON.stringify(one))
      return borrowedSql(same === -1 ? borrowed.push(one) - 1 : same)
    },
  })
  const context: EventContext = {
    bind: binder.bind,
    get person() {
      return person()
    },
    get personKey() {
      return used(personKeySql[view.identity])
    },
    isSomebody: isSomebodysSql,
    isEvent: (name) => `e.event = ${binder.bind(canonicalEvent(view, name), 'String')}`,
    get isListed() {
      return listedSql(view, binder)
    },
    isPersonUsed: () => isPersonUsed,
    userProperties,
    eventProperties,
    borrowed,
    column: (name) => (name === 'distinctId' ? person() : columns[name]),
    readAs: (name) => canonicalEvent(view, name),
    timezone: view.timezone,
    nowMs: view.nowMs,
    eventProperty: (name) => {
      const made = custom(name, context)
      if (made !== null) return made
      eventProperties.push(name)
      return eventPropertySql(view, binder, notClassified(view, 'event', name))
    },
    userProperty: (name) => {
      const made = cohortProperty(view, binder, name, person) ?? custom(name, context)
      if (made !== null) return made
      notClassified(view, 'profile', name)
      const found = userProperties.indexOf(name)
      return `u.c${found === -1 ? userProperties.push(name) - 1 : found}`
    },
    behavior: () => {
      throw new InvalidRequest('behaviors["…"] can be used in /engage only')
    },
  }
  return context
}

/**
 * `FROM … WHERE …` of the events of a project as anybody may see them; append `AND …`, `GROUP BY …` and so on.
 * Columns: `e.event`, `e.time` (UTC, ms), `e.distinct_id` (as sent), `e.insert_id`, `e.properties` (JSON text by name);
 * `context.person` is who it belongs to.
 */
export const eventSource = (view: ReadView, binder: Binder, context: EventContext, wanted: WantedEvents): string => {
  const range = knownRange(view, wanted.range)
  return knownSource(view, binder, context, { ...wanted, range })
}

/** What of a range there is in the view. */
const knownRange = ({ untilMs }: ReadView, range: TimeRange | null): TimeRange | null => {
  if (untilMs === null) return range
  return { fromMs: range?.fromMs ?? 0, toMs: Math.min(range?.toMs ?? untilMs, untilMs) }
}

const knownSource = (view: ReadView, binder: Binder, context: EventContext, asked: WantedEvents): string => {
  const events = asked.events?.map((name) => canonicalEvent(view, name)) ?? null
  const wanted = { ...asked, events }
  if (wanted.events?.some(isSessionEvent)) return withSessionEvents(view, binder, context, wanted)
  const dataView = view.dataView === null ? [] : [compileFilter(parseExpression(view.dataView), context)]
  const joins = eventJoins(view, binder, context, wanted.range)
  const { rows, live } = liveRows(view, binder, wanted)
  // Links say who, never whether: who does not ask needs none of them.
  const isWho = wanted.people !== 'not asked for' || context.isPersonUsed()
  const identity = view.identity === 'links' && !isWho ? 'none' : view.identity
  const from = fromOf[identity](joins, rows, live)
  const where = [...dataView, ...(wanted.where ?? [])]
  return [from, ...conditions(binder, { ...wanted, where })].join('\n  AND ')
}

/**
 * Rows as the caller reads them, and what is still to be asked of them. Retention and deletions by rule are about events
 * as stored, by their own names and with all properties: they come before anything is renamed or taken out.
 */
const liveRows = (view: ReadView, binder: Binder, { range, events }: WantedEvents) => {
  const stored = eventRowsSql(view.duplicates)
  const live = liveEventsSql(view.live, range?.fromMs ?? null)
  const isAsStored = view.classified.event.length === 0 && view.names.mergedEvents.size === 0
  if (isAsStored) return { rows: stored, live }
  const kept =
    live === '1' ? stored : `(SELECT * FROM ${stored} AS e WHERE e.project_id = {projectId:UInt64} AND ${live})`
  return { rows: renamedRows(view, binder, withoutClassified(view, binder, 'event', kept), events), live: '1' }
}

/** What events of sessions have, as far as the caller may see it. */
const inheritedToSee = ({ custom, classified }: ReadView): readonly string[] =>
  custom.sessions.inherited.filter((name) => !classified.event.includes(name))

/** The same with events of sessions among them: what is stored, and what is made of it, already say who they belong to. */
const withSessionEvents = (view: ReadView, binder: Binder, context: EventContext, wanted: WantedEvents): string => {
  const names = wanted.events ?? []
  const stored = () => {
    const inner = createEventContext(view, binder)
    return { context: inner, from: (events: WantedEvents) => eventSource(view, binder, inner, events) }
  }
  const joins = eventJoins(view, binder, context, wanted.range)
  const sessions = sessionRowsSql(view, binder, stored(), {
    names: names.filter(isSessionEvent),
    range: wanted.range,
    properties: [...new Set(wanted.properties === 'all' ? inheritedToSee(view) : context.eventProperties)],
  })
  const others = names.filter((name) => !isSessionEvent(name))
  const { context: inner, from } = stored()
  const columns = `e.event AS event, e.time AS time, ${inner.person} AS distinct_id, e.insert_id AS insert_id, e.properties AS properties`
  const rows = others.length === 0 ? [] : [`SELECT ${columns} ${from({ range: wanted.range, events: others })}`]
  return [rowsOfPeopleSql([sessions, ...rows].join('\nUNION ALL\n'), joins), ...conditions(binder, wanted)].join(
    '\n  AND ',
  )
}

const fromOf: Readonly<Record<IdentityRows, (joins: string, rows: string, live: string) => string>> = {
  none: unlinkedEventsSql,
  links: linkedEventsSql,
  all: (joins, rows, live) => visibleEventsSql('everybody', joins, rows, live),
}

const conditions = (binder: Binder, { range, events, where = [] }: WantedEvents): readonly string[] => [
  ...(events === null ? [] : [namesSql(binder, events)]),
  ...(range === null
    ? []
    : [
        `e.time >= fromUnixTimestamp64Milli(${binder.bind(range.fromMs, 'Int64')}, 'UTC')`,
        `e.time < fromUnixTimestamp64Milli(${binder.bind(range.toMs, 'Int64')}, 'UTC')`,
      ]),
  ...where.map((condition) => `(${condition})`),
]

const namesSql = (binder: Binder, events: readonly string[]): string =>
  events.length === 1
    ? `e.event = ${binder.bind(events[0], 'String')}`
    : `e.event IN ${binder.bind(events, 'Array(String)')}`

/** What `context` was asked for beside the rows themselves: profiles, and what is borrowed. */
export const eventJoins = (view: ReadView, binder: Binder, context: EventContext, range: TimeRange | null): string => {
  const borrowed = context.borrowed.map((one, at) => {
    const inner = createEventContext(view, binder, { isBorrowedFrom: true })
    const from = (wanted: WantedEvents) => eventSource(view, binder, inner, wanted)
    return borrowedJoin(context, inner, from, one, { at, range })
  })
  return [userJoin(binder, context), ...borrowed].join('')
}

/** The profile properties that `context` was asked for, as columns of `u`. */
const userJoin = (binder: Binder, context: EventContext): string => {
  if (context.userProperties.length === 0) return ''
  // A profile can be large, and there are many: the engine groups just the values.
  const columns = Object.fromEntries(
    context.userProperties.map((name, at) => [`c${at}`, `properties[${binder.bind(name, 'String')}]`]),
  )
  return `
LEFT ANY JOIN (${visibleProfilesSql('everybody', columns)}) AS u
  ON ${context.person} = u.distinct_id`
}
