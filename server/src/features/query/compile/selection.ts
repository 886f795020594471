import type { Expression } from '../domain/expression/nodes.ts'
import { parseExpression } from '../domain/expression/parse.ts'
import { NoSuchCustomEvent } from '../errors.ts'
import type { Definitions } from '../ports.ts'
import type { ReadView } from '../read-view.ts'
import { compileFilter } from './expression.ts'
import { canonicalEvent } from './names.ts'
import type { EventContext } from './sql-context.ts'

/** Events that a question counts under one name. */
export interface Selection {
  /** As it was asked for: an event's name, or `$custom_event:<id>`. */
  readonly label: string
  readonly parts: readonly { readonly event: string; readonly where: Expression | null }[]
}

const customEvent = /^\$custom_event:([1-9]\d{0,9})$/

/** Finds what custom events are made of. Throws NoSuchCustomEvent. */
export const resolveEvent = async (definitions: Definitions, view: ReadView, name: string): Promise<Selection> => {
  const id = customEvent.exec(name)?.[1]
  if (id === undefined) return { label: name, parts: [{ event: canonicalEvent(view, name), where: null }] }
  const found = await definitions.customEvent(view.scope, Number(id))
  if (found === null) throw new NoSuchCustomEvent(Number(id))
  const parts = found.events.map(({ event, where }) => ({
    event: canonicalEvent(view, event),
    where: where === undefined ? null : parseExpression(where),
  }))
  return { label: name, parts }
}

/** The events of that name and nothing else; a custom event goes by another name than its events. */
export const isPlainEvent = ({ label, parts }: Selection): boolean =>
  parts.length === 1 && parts[0]?.event === label && parts[0].where === null

/** Names for the primary key, and conditions beside them, for `eventSource`. */
export const selectionSql = (
  context: EventContext,
  { parts }: Selection,
): { readonly events: readonly string[]; readonly where: readonly string[] } => {
  const events = [...new Set(parts.map(({ event }) => event))]
  if (parts.every(({ where }) => where === null)) return { events, where: [] }
  const conditions = parts.map(({ event, where }) => {
    const isEvent = `e.event = ${context.bind(event, 'String')}`
    return where === null ? isEvent : `(${isEvent} AND ${compileFilter(where, context)})`
  })
  return { events, where: [conditions.join(' OR ')] }
}
