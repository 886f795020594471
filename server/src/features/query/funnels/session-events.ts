import type { PersonEvents } from '../domain/funnel/person.ts'
import type { VirtualPart } from './funnel-plan.ts'

/**
 * A person's events with those that begin and end sessions among them: at the instants of a session's first and last
 * event, with what those say of themselves (RPT-07).
 */
export const withSessionEvents = (
  virtual: readonly VirtualPart[],
  person: PersonEvents,
  sessions: readonly number[],
): PersonEvents => {
  if (virtual.length === 0) return person
  const partsAt = (where: VirtualPart['at']) => virtual.filter(({ at }) => at === where).map(({ part }) => part)
  const [starts, ends] = [partsAt('start'), partsAt('end')]
  // Those by a property may lie in each other.
  const lastOf = new Map(sessions.map((session, at) => [session, at]))
  const begun = new Set<number>()
  const order: { readonly from: number; readonly parts: readonly number[] }[] = []
  for (const [at, session] of sessions.entries()) {
    const isIn = session !== -1
    if (isIn && !begun.has(session)) order.push({ from: at, parts: starts })
    begun.add(session)
    order.push({ from: at, parts: person.parts[at] ?? [] })
    if (isIn && lastOf.get(session) === at) order.push({ from: at, parts: ends })
  }
  const along = <Value>(list: readonly Value[]): readonly Value[] => order.map(({ from }) => list[from] as Value)
  return {
    times: along(person.times),
    parts: order.map(({ parts }) => parts),
    sessions: along(sessions),
    ...(person.values === undefined ? {} : { values: along(person.values) }),
    ...(person.filters === undefined ? {} : { filters: along(person.filters) }),
    ...(person.held === undefined ? {} : { held: along(person.held) }),
    ...(person.numbers === undefined ? {} : { numbers: along(person.numbers) }),
  }
}
