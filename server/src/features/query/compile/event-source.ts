import { InvalidRequest } from '../../../kernel/errors.ts'
import {
  canonicalIdSql,
  eventRowsSql,
  liveEventsSql,
  unlinkedEventsSql,
  unlinkedIdSql,
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
}

/** Compile expressions against it first, then make the source: it joins just the profile properties asked for. */
export const createEventContext = (view: ReadView, binder: Binder): EventContext => {
  const person = view.hasIdentityRows ? canonicalIdSql : unlinkedIdSql
  const columns = { time: 'e.time', distinctId: person, insertId: 'e.insert_id', eventName: 'e.event' }
  const userProperties: string[] = []
  return {
    bind: binder.bind,
    person,
    userProperties,
    column: (name) => columns[name],
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
  const from = view.hasIdentityRows
    ? visibleEventsSql('everybody', joins, rows, live)
    : unlinkedEventsSql(joins, rows, live)
  const where = [...dataView, ...(wanted.where ?? [])]
  return [from, ...conditions(binder, { ...wanted, where })].join('\n  AND ')
}

const conditions = (binder: Binder, { range, events, where }: Required<WantedEvents>): readonly string[] => [
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
export const userJoin = (binder: Binder, { person, userProperties }: EventContext): string => {
  if (userProperties.length === 0) return ''
  const columns = userProperties.map((name, at) => `properties[${binder.bind(name, 'String')}] AS c${at}`)
  return `
LEFT ANY JOIN (SELECT distinct_id, ${columns.join(', ')} FROM (${visibleProfilesSql('everybody')})) AS u
  ON ${person} = u.distinct_id`
}
