import { identitiesOf, type Mode, type Properties, readIds } from './model-identities.ts'
import { changed, type Profile } from './model-profiles.ts'

export interface EventRecord {
  readonly event: string
  readonly properties: Properties
}

/** What a client sends at once. Of `engage` each record has `$distinct_id` and one operation. */
export type Request =
  | { readonly surface: 'track' | 'import'; readonly records: readonly EventRecord[] }
  | { readonly surface: 'engage'; readonly records: readonly Properties[] }

interface KeptEvent {
  readonly event: string
  readonly storedId: string
  readonly properties: Properties
  readonly at: number
  /** Whether it came in before or after the erasure that ran meanwhile cannot be told. */
  readonly isOptional: boolean
}

/** What raw export and the profiles of a project are to be, after requests and erasures that came one after the other. */
export interface Model {
  apply(request: Request, options?: { readonly isOptional: boolean }): void
  erase(ids: readonly string[], suppress: boolean): void
  /** Every id of the person. */
  idsOf(id: string): readonly string[]
  lines(): readonly { readonly line: string; readonly isOptional: boolean }[]
  /** Sorted. */
  profiles(): readonly string[]
  /** Ids that were erased and that nobody has named since. */
  gone(): readonly string[]
}

/** An object as text, whatever order its names came in. */
export const textOf = (value: Properties): string =>
  JSON.stringify(Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))))

export const lineOf = (event: string, properties: Properties): string => `${event} ${textOf(properties)}`

// Names that have a place of their own, or are the server's.
const taken = ['token', 'distinct_id', '$device_id', '$user_id']
const without = (properties: Properties, names: readonly string[]): Properties =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => !names.includes(name)))

export const createModel = (mode: Mode): Model => {
  const people = identitiesOf[mode]()
  const profiles = new Map<string, Profile>()
  const suppressed = new Set<string>()
  const gone = new Set<string>()
  let events: readonly KeptEvent[] = []
  let clock = 0

  /** Identity §4: what the canonical side says stays, what it does not say is filled in from the other. */
  const mergeProfiles = (before: readonly string[], canonical: string): void => {
    const found = before.flatMap((id) => profiles.get(id) ?? [])
    if (found.length === 0) return
    const own = profiles.get(canonical)
    for (const id of before) profiles.delete(id)
    profiles.set(canonical, Object.assign({}, ...found, own))
  }

  const takeEvents = (surface: 'track' | 'import', records: readonly EventRecord[], isOptional: boolean): void => {
    const read = records
      .filter(({ event }) => !(mode === 'original' && surface === 'track' && event === '$merge'))
      .map((record) => ({ ...record, ids: readIds(mode, record.event, record.properties) }))
      .filter(({ ids: { storedId, deviceId, join } }) => {
        const named = [storedId, deviceId === null ? storedId : `$device:${deviceId}`, join?.from, join?.to]
        if (named.some((id) => id !== undefined && suppressed.has(id))) return false
        for (const id of named) if (id !== undefined) gone.delete(id)
        return true
      })
    clock += 1
    // Every event of a request is stored once all its joins are decided.
    const reasons = read.map(({ ids: { join } }) => {
      if (join === null) return null
      const before = [people.profileOf(join.from), people.profileOf(join.to)]
      const reason = people.join(join.kind, join.from, join.to, clock)
      if (mode === 'original' && reason === null) mergeProfiles(before, people.profileOf(join.to))
      return reason
    })
    clock += 1
    const kept = read.map(({ event, properties, ids }, index): KeptEvent => {
      const reason = reasons[index] ?? null
      return {
        event,
        storedId: ids.storedId,
        at: clock,
        isOptional,
        properties: {
          ...without(properties, taken),
          ...(ids.deviceId === null ? {} : { $device_id: ids.deviceId }),
          ...(ids.userId === null ? {} : { $user_id: ids.userId }),
          ...(surface === 'import' ? { $import: true } : {}),
          ...(reason === null ? {} : { $failure_reason: reason }),
        },
      }
    })
    events = [...events, ...kept]
  }

  const takeUpdate = (record: Properties): void => {
    const sent = String(record['$distinct_id'])
    if (suppressed.has(sent)) return
    gone.delete(sent)
    const id = record['$ignore_alias'] === true ? sent : people.profileOf(sent)
    const after = changed(profiles.get(id) ?? null, record)
    if (after === null) profiles.delete(id)
    else profiles.set(id, after)
  }

  return {
    apply: (request, { isOptional } = { isOptional: false }) => {
      if (request.surface === 'engage') for (const record of request.records) takeUpdate(record)
      else takeEvents(request.surface, request.records, isOptional)
    },
    erase: (named, suppress) => {
      const ids = new Set(named.flatMap((id) => [id, ...people.idsOf(id)]))
      people.forget(ids)
      events = events.filter(({ storedId }) => !ids.has(storedId))
      for (const id of ids) {
        profiles.delete(id)
        gone.add(id)
        if (suppress) suppressed.add(id)
      }
    },
    idsOf: people.idsOf,
    lines: () =>
      events.map(({ event, storedId, properties, at, isOptional }) => {
        const owner = people.ownerOf(storedId, at)
        const moved = {
          $distinct_id_before_identity: storedId,
          $preshuffle_distinct_id: storedId,
          $is_reshuffled: true,
        }
        const shown = { ...properties, distinct_id: owner, ...(owner === storedId ? {} : moved) }
        return { line: lineOf(event, shown), isOptional }
      }),
    profiles: () =>
      [...profiles]
        // Simplified: that of a device is listed until the device is somebody's.
        .filter(([id]) => mode !== 'simplified' || people.profileOf(id) === id)
        .map(([id, profile]) => `${id} ${textOf(profile)}`)
        .sort(),
    gone: () => [...gone],
  }
}
