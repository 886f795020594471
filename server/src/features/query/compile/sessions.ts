import { notInSessions, type ProjectSessions, type SessionRules } from '../domain/sessions/sessions.ts'
import type { Binder, EventContext } from './sql-context.ts'

/**
 * SQL of what an event says of its session. By events: 1 begins one, 2 ends it, 3 both, 0 neither. By a property: its
 * JSON text, '' for none. Null where the instants say all.
 */
export const sessionMarkSql = (context: EventContext, rules: SessionRules): string | null => {
  if (rules.kind === 'timeout') return null
  if (rules.kind === 'property') {
    const value = context.eventProperty(rules.property)
    return `if(${value} = 'null', '', ${value})`
  }
  const [start, end] = [rules.start, rules.end].map((name) => context.isEvent(name))
  return `toUInt8(toUInt8(${start}) + 2 * toUInt8(${end}))`
}

/** Condition: the event can be in a session. */
export const mayBeInSessionsSql = (binder: Binder, rules: SessionRules | ProjectSessions): string =>
  `e.event NOT IN ${binder.bind([...notInSessions, ...('excluded' in rules ? rules.excluded : [])], 'Array(String)')}`

/** By events: of what happens in one instant, a start comes first and an end last. */
export const sessionOrderSql = (mark: string): string => `transform(${mark}, [0, 1, 2, 3], [1, 0, 2, 0], 1)`
