import { InvalidRequest } from '../../../kernel/errors.ts'
import type { Expression } from '../domain/expression/nodes.ts'
import { sessionEndEvent, sessionStartEvent } from '../domain/sessions/sessions.ts'
import type { Definitions } from '../ports.ts'
import type { ReadView } from '../read-view.ts'
import { compileFilter } from './expression.ts'
import { resolveEvent, type Selection } from './selection.ts'
import type { EventContext } from './sql-context.ts'

/** Which events play one part in a question that has several (birth and return, the steps of a funnel). */
export interface Match {
  /** Null: any event. */
  readonly selection: Selection | null
  readonly where: Expression | null
  /** Only the first occurrence of the selection in all history, whatever `where` says of it (query §7). */
  readonly isFirst?: boolean
}

/** What stands for any event where one is named. */
const anyEvent = '$any_event'

/** The events of a name, which may be `$custom_event:<id>` or `$any_event`; null: any. Throws NoSuchCustomEvent. */
export const selectionOf = async (definitions: Definitions, view: ReadView, name: string): Promise<Selection | null> =>
  name === anyEvent ? null : resolveEvent(definitions, view, name)

/** Boolean SQL: whether the row `e` matches; that it is the first is for `firstSql` to say. */
export const matchSql = (context: EventContext, { selection, where }: Match): string => {
  const conditions: string[] = []
  if (selection !== null) {
    const parts = selection.parts.map((part) => {
      const isEvent = `e.event = ${context.bind(part.event, 'String')}`
      return part.where === null ? isEvent : `(${isEvent} AND ${compileFilter(part.where, context)})`
    })
    conditions.push(`(${parts.join(' OR ')})`)
  }
  if (selection === null && context.isListed !== null) conditions.push(context.isListed)
  if (where !== null) conditions.push(`(${compileFilter(where, context)})`)
  return conditions.length === 0 ? '1' : conditions.join(' AND ')
}

/** Names for the primary key that hold every event that any of the parts can match; null: every event. */
export const namesOfMatches = (matches: readonly Match[]): readonly string[] | null => {
  const names = new Set<string>()
  let isAny = false
  for (const { selection } of matches) {
    if (selection === null) isAny = true
    for (const { event } of selection?.parts ?? []) names.add(event)
  }
  if (isAny) {
    // Nobody sends them, so they are not any event, and any event is read as it is stored.
    const virtual = [...names].find((name) => name === sessionStartEvent || name === sessionEndEvent)
    if (virtual !== undefined) throw new InvalidRequest(`${virtual} cannot stand beside any event`)
    return null
  }
  return [...names]
}
