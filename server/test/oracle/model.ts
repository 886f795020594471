import type { ExpressionRecord } from '../../src/features/query/domain/expression/evaluate.ts'
import { type Join, legacyPeople, originalPeople, type SentIds, simplifiedPeople } from './model-identity.ts'

/** JSON texts by name. */
export type Texts = Readonly<Record<string, string>>

/** An event as a client sends it. */
export interface SentEvent {
  readonly event: string
  readonly timeMs: number
  readonly ids: SentIds
  readonly insertId: string
  readonly properties: Texts
  readonly join: Join | null
  /** Of the identity events, beside `properties`. */
  readonly joinProperties: Texts
}

/** An event as anybody may see it. */
export interface SeenEvent {
  readonly event: string
  readonly timeMs: number
  /** Who it belongs to; '' for nobody. */
  readonly person: string
  readonly sentAs: string
  readonly insertId: string
  readonly properties: Texts
}

interface Row extends Omit<SeenEvent, 'person'> {
  readonly number: number
}

/** Properties that the server writes; that they are there can be told, what is in them cannot. */
export const ofServer: readonly string[] = [
  '$mp_event_size',
  '$mp_api_endpoint',
  '$mp_api_timestamp_ms',
  'mp_processing_time_ms',
]
const any = '"?"'

export interface ModelOptions {
  readonly timezone: string
  readonly mode: 'simplified' | 'original' | 'legacy'
}

/** All of a project in memory: what was sent goes in, in its order, and what anybody may see comes out. */
export const createModel = ({ timezone, mode }: ModelOptions) => {
  const people = { simplified: simplifiedPeople, original: originalPeople, legacy: legacyPeople }[mode]()
  let rows: Row[] = []
  const profiles = new Map<string, Record<string, string>>()
  let number = 0
  const erased = new Set<string>()

  const mergeProfile = (loser: string, winner: string): void => {
    const lost = profiles.get(loser)
    if (lost === undefined) return
    profiles.set(winner, { ...lost, ...profiles.get(winner) })
    profiles.delete(loser)
  }

  const takeEvents = (events: readonly SentEvent[], by: 'import' | 'track'): void => {
    const taken = events.filter(({ join }) => by !== 'track' || join?.kind !== 'merge' || mode === 'legacy')
    // What is sent together is joined first, and then stored.
    const joined = taken.map(({ ids, join }) => {
      const stored = people.arrive(ids)
      const why = join === null || mode === 'simplified' ? null : people.join(join, mergeProfile, number)
      return { stored, why }
    })
    for (const [at, { event, timeMs, insertId, properties, joinProperties }] of taken.entries()) {
      const { stored, why } = joined[at] as (typeof joined)[number]
      const texts: Record<string, string> = { ...properties, ...joinProperties }
      for (const name of ofServer) texts[name] = any
      if (by === 'import') texts['$import'] = 'true'
      if (stored.deviceId !== null) texts['$device_id'] = JSON.stringify(stored.deviceId)
      if (stored.userId !== null) texts['$user_id'] = JSON.stringify(stored.userId)
      if (why !== null) texts['$failure_reason'] = JSON.stringify(why)
      if (why !== null) texts['$failure_description'] = any
      number += 1
      rows.push({ event, timeMs, sentAs: stored.id, insertId, properties: texts, number })
    }
  }

  const seen = (row: Row): SeenEvent => ({
    ...row,
    person: people.personAt?.(row.sentAs, row.number) ?? people.canonicalOf(row.sentAs),
  })

  /** Each event once: what came in last counts. */
  const events = (): readonly SeenEvent[] => {
    const last = new Map<string, Row>()
    for (const row of rows) last.set(JSON.stringify([row.event, row.sentAs, row.timeMs, row.insertId]), row)
    return [...last.values()].map(seen)
  }

  const profileOf = (person: string): Texts => profiles.get(person) ?? {}

  return {
    timezone,
    mode,
    takeEvents,
    events,
    /** With what came in twice. */
    rawEvents: (): readonly SeenEvent[] => rows.map(seen),
    canonicalOf: people.canonicalOf,
    /** Ever: lists of people that were uploaded before are without the id. */
    wasErased: (id: string): boolean => erased.has(id),
    setProfile: (id: string, texts: Texts): void => {
      const person = people.canonicalOf(id)
      profiles.set(person, { ...profiles.get(person), ...texts })
    },
    /** By the id that they are kept under. In simplified mode that of a device is listed until it is somebody's (identity §3.2). */
    profiles: (): ReadonlyMap<string, Texts> =>
      new Map([...profiles].filter(([id]) => mode !== 'simplified' || people.canonicalOf(id) === id)),
    erase: (ids: readonly string[]): ReadonlySet<string> => {
      const all = people.allIdsOf(ids)
      rows = rows.filter(({ sentAs }) => !all.has(sentAs))
      for (const id of all) profiles.delete(id)
      for (const id of all) erased.add(id)
      people.forget(all)
      return all
    },
    /** An event as expressions see it. */
    recordOf: ({ event, timeMs, person, insertId, properties }: SeenEvent, nowMs: number): ExpressionRecord => ({
      event: properties,
      user: profileOf(person),
      behaviors: {},
      columns: { distinctId: person, insertId, eventName: event },
      timeMs,
      timezone,
      nowMs,
    }),
  }
}

export type Model = ReturnType<typeof createModel>
