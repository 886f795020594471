import type { Effects } from './effects.ts'
import { type EntityMarks, marksOf, type PropertySchema, type Schema } from './schema.ts'

/** What was found of an event in a region engine. Counts and moments only: no value of anybody's. */
export interface FoundEvent {
  readonly name: string
  /** Events of the last 30 days. */
  readonly volume: number
  /** By when they happened. */
  readonly firstSeen: Date
  readonly lastSeen: Date
}

export interface FoundProperty {
  readonly name: string
  /** Events of the last 30 days, or profiles, that have it. */
  readonly count: number
  /** Of its values: `string`, `number`, `boolean`, `array`, `object`, `null`; the most frequent first. */
  readonly types: readonly string[]
}

export type Status = 'visible' | 'hidden' | 'pending' | 'blocked' | 'merged'

/** What is known of a name: what was said about it, and what was found. */
interface Described {
  readonly name: string
  readonly display_name: string | null
  readonly description: string | null
  readonly status: Status
  readonly hidden: boolean
  readonly blocked: boolean
}

export interface EventItem extends Described {
  readonly pending: boolean
  readonly merged_into: string | null
  readonly tags: readonly string[]
  readonly contacts: readonly string[]
  readonly team_contacts: readonly string[]
  readonly verified: { readonly by: string; readonly at: Date } | null
  readonly volume_30d: number
  /** Null: none is stored. */
  readonly first_seen: Date | null
  readonly last_seen: Date | null
  readonly compliant: boolean
  /** Which standards it does not meet (LEX-10). */
  readonly faults: readonly string[]
}

export interface PropertyItem extends Described {
  readonly merged_into: string | null
  readonly types: readonly string[]
  readonly count_30d: number
  readonly classified: boolean
}

const described = (name: string, schema: Schema | PropertySchema | undefined, status: Status): Described => {
  const marks: EntityMarks = marksOf(schema)
  return {
    name,
    display_name: marks.displayName ?? null,
    description: schema?.description ?? null,
    status,
    hidden: marks.hidden === true,
    blocked: marks.dropped === true,
  }
}

const statusOf = (marks: EntityMarks, { isMerged = false, isPending = false } = {}): Status => {
  if (isMerged) return 'merged'
  if (marks.dropped === true) return 'blocked'
  if (isPending) return 'pending'
  return marks.hidden === true ? 'hidden' : 'visible'
}

export interface EventFacts {
  readonly found: readonly FoundEvent[]
  readonly schemas: ReadonlyMap<string, Schema>
  readonly effects: Effects
  readonly verified: ReadonlyMap<string, NonNullable<EventItem['verified']>>
  /** Null: nothing waits for approval. */
  readonly approved: ReadonlySet<string> | null
  readonly faultsOf: (item: { readonly name: string; readonly schema: Schema | undefined }) => readonly string[]
}

/** Everything that was found or described, the most frequent first. */
export const eventItems = (facts: EventFacts): readonly EventItem[] => {
  const { found, schemas, effects, verified, approved, faultsOf } = facts
  const byName = new Map(found.map((event) => [event.name, event]))
  const names = new Set([...byName.keys(), ...schemas.keys(), ...effects.mergedEvents.keys()])
  return [...names]
    .map((name): EventItem => {
      const schema = schemas.get(name)
      const marks = marksOf(schema)
      const mergedInto = effects.mergedEvents.get(name) ?? null
      const seen = byName.get(name)
      const isPending = approved !== null && schema === undefined && !approved.has(name)
      const faults = mergedInto === null ? faultsOf({ name, schema }) : []
      return {
        ...described(name, schema, statusOf(marks, { isMerged: mergedInto !== null, isPending })),
        pending: isPending,
        merged_into: mergedInto,
        tags: marks.tags ?? [],
        contacts: marks.contacts ?? [],
        team_contacts: marks.teamContacts ?? [],
        verified: verified.get(name) ?? null,
        volume_30d: seen?.volume ?? 0,
        first_seen: seen?.firstSeen ?? null,
        last_seen: seen?.lastSeen ?? null,
        compliant: faults.length === 0,
        faults,
      }
    })
    .sort((a, b) => b.volume_30d - a.volume_30d || (a.name < b.name ? -1 : 1))
}

export interface PropertyFacts {
  readonly found: readonly FoundProperty[]
  readonly schemas: ReadonlyMap<string, PropertySchema>
  readonly merged: ReadonlyMap<string, string>
  readonly classified: ReadonlySet<string>
}

export const propertyItems = ({ found, schemas, merged, classified }: PropertyFacts): readonly PropertyItem[] => {
  const byName = new Map(found.map((property) => [property.name, property]))
  const names = new Set([...byName.keys(), ...schemas.keys(), ...merged.keys()])
  return [...names]
    .map((name): PropertyItem => {
      const schema = schemas.get(name)
      const mergedInto = merged.get(name) ?? null
      const seen = byName.get(name)
      const typed = typeof schema?.type === 'string' ? [schema.type] : []
      return {
        ...described(name, schema, statusOf(marksOf(schema), { isMerged: mergedInto !== null })),
        merged_into: mergedInto,
        types: seen?.types ?? typed,
        count_30d: seen?.count ?? 0,
        classified: classified.has(name),
      }
    })
    .sort((a, b) => b.count_30d - a.count_30d || (a.name < b.name ? -1 : 1))
}
