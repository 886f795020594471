import type { ReadView } from '../read-view.ts'
import { createEventContext, eventSource, type WantedEvents } from './event-source.ts'
import { bucketKeysSql } from './expression-lists.ts'
import { type Match, matchSql, namesOfMatches } from './match.ts'
import type { Binder, EventContext } from './sql-context.ts'

/** Who is counted: people (null), or the groups that an event names in a property (query §7). */
export type Entity = string | null

export interface EntitySql {
  /** A column with this is one row per event and entity: an event counts for every group of a list. */
  readonly key: string
  /** For `eventSource`: only events of somebody. */
  readonly wanted: Pick<WantedEvents, 'people'> & { readonly where: readonly string[] }
}

const noGroup = `('', 'null', 'undefined')`

export const entitySql = (context: EventContext, entity: Entity): EntitySql => {
  if (entity === null) return { key: context.personKey, wanted: { where: [context.isSomebody] } }
  const text = context.eventProperty(entity)
  return {
    key: `arrayJoin(arrayFilter(id -> id NOT IN ${noGroup}, ${bucketKeysSql(text)}))`,
    wanted: { where: [`${text} != ''`], people: 'not asked for' },
  }
}

/**
 * SQL of a condition on a row with columns `person`, of `entity`, and `t`, its instant: it is the first of all that the
 * entity ever did of what is selected. Several of one instant all are.
 */
export const firstSql = (view: ReadView, binder: Binder, entity: Entity, match: Match): string => {
  const context = createEventContext(view, binder)
  const { key, wanted } = entitySql(context, entity)
  const selected = matchSql(context, { selection: match.selection, where: null })
  const from = eventSource(view, binder, context, {
    ...wanted,
    range: null,
    events: namesOfMatches([match]),
    where: [...wanted.where, selected],
  })
  return `(person, t) IN (SELECT person, min(t) FROM (
SELECT ${key} AS person, toUnixTimestamp64Milli(e.time) AS t ${from})
GROUP BY person)`
}

/** `matchSql`, and `firstSql` where the match asks for it. The row has `person` and `t` where it is used. */
export const matchOfEntitySql = (
  view: ReadView,
  binder: Binder,
  context: EventContext,
  entity: Entity,
  match: Match,
): string => {
  const sql = matchSql(context, match)
  return match.isFirst === true ? `(${sql}) AND ${firstSql(view, binder, entity, match)}` : sql
}
