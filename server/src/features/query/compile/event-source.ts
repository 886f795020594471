import { InvalidRequest } from '../../../kernel/errors.ts'
import {
  eventRowsSql,
  type IdentityRows,
  isSomebodysSql,
  linkedEventsSql,
  liveEventsSql,
  personKeySql,
  personSql,
  unlinkedEventsSql,
  visibleEventsSql,
  visibleProfilesSql,
} from '../../identity/index.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import type { ReadView } from '../read-view.ts'
import { notClassified, withoutClassified } from './classified.ts'
import { compileFilter } from './expression.ts'
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
}

/** Compile expressions against it first, then make the source: it joins just the profile properties asked for. */
export const createEventContext = (view: ReadView, binder: Binder): EventContext => {
  let isPersonUsed = false
  const used = (sql: string): string => {
    isPersonUsed = true
    return sql
  }
  const person = () => used(personSql[view.identity])
  const columns = { time: 'e.time', insertId: 'e.insert_id', eventName: 'e.event' }
  const userProperties: string[] = []
  return {
    bind: binder.bind,
    get person() {
      return person()
    },
    get personKey() {
      return used(personKeySql[view.identity])
    },
    isSomebody: isSomebodysSql,
    isPersonUsed: () => isPersonUsed,
    userProperties,
    column: (name) => (name === 'distinctId' ? person() : columns[name]),
    timezone: view.timezone,
    nowMs: view.nowMs,
    eventProperty: (name) => `e.properties[${binder.bind(notClassified(view, 'event', name), 'String')}]`,
    userProperty: (name) => {
      notClassified(view, 'profile', name)
      const found = userProperties.indexOf(name)
      return `u.c${found === -1 ? userProperties.push(name) - 1 : found}`
    },
    behavior: () => {
      throw new InvalidRequest('behaviors["…"] can be used in /engage only')
    },
  }
}

/**
 * `FROM … WHERE …` of the events of a project as anybody may see them; append `AND …`, `GROUP BY …` and so on.
 * Columns: `e.event`, `e.time` (UTC, ms), `e.distinct_id` (as sent), `e.insert_id`, `e.properties` (JSON text by name);
 * `context.person` is who it belongs to.
 */
export const eventSource = (view: ReadView, binder: Binder, context: EventContext, wanted: WantedEvents): string => {
  const dataView = view.dataView === null ? [] : [compileFilter(parseExpression(view.dataView), context)]
  const joins = userJoin(binder, context)
  const rows = withoutClassified(view, binder, 'event', eventRowsSql(view.duplicates))
  const live = liveEventsSql(view.live, wanted.range?.fromMs ?? null)
  // Links say who, never whether: who does not ask needs none of them.
  const isWho = wanted.people !== 'not asked for' || context.isPersonUsed()
  const identity = view.identity === 'links' && !isWho ? 'none' : view.identity
  const from = fromOf[identity](joins, rows, live)
  const where = [...dataView, ...(wanted.where ?? [])]
  return [from, ...conditions(binder, { ...wanted, where })].join('\n  AND ')
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

/** The profile properties that `context` was asked for, as columns of `u`. */
export const userJoin = (binder: Binder, context: EventContext): string => {
  if (context.userProperties.length === 0) return ''
  // A profile can be large, and there are many: the engine groups just the values.
  const columns = Object.fromEntries(
    context.userProperties.map((name, at) => [`c${at}`, `properties[${binder.bind(name, 'String')}]`]),
  )
  return `
LEFT ANY JOIN (${visibleProfilesSql('everybody', columns)}) AS u
  ON ${context.person} = u.distinct_id`
}
