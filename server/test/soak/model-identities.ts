// Who is who in each mode, as the specification says it (identity §3, §4, §5), in plain lists: written without a look at the
// server's own code, for people of a few ids.

export type Mode = 'simplified' | 'original' | 'legacy'
export type JoinKind = 'link' | 'identify' | 'alias' | 'merge'

export interface Identities {
  /** Why `from` may not become the same person as `to`; null: it is now, or was before. `at` counts what happened. */
  join(kind: JoinKind, from: string, to: string, at: number): string | null
  /** Who an event under `id` that came in `at` belongs to now. */
  ownerOf(id: string, at: number): string
  /** Whose profile an update under `id` is for. */
  profileOf(id: string): string
  /** Every id of the person, `id` included. */
  idsOf(id: string): readonly string[]
  forget(ids: ReadonlySet<string>): void
}

const simplified = (): Identities => {
  const userOf = new Map<string, string>()
  const person = (id: string) => userOf.get(id) ?? id
  return {
    join: (_kind, device, user) => {
      if (!userOf.has(device)) userOf.set(device, user)
      return null
    },
    ownerOf: person,
    profileOf: person,
    idsOf: (id) => [person(id), ...[...userOf].filter(([, user]) => user === person(id)).map(([device]) => device)],
    forget: (ids) => {
      for (const id of ids) userOf.delete(id)
    },
  }
}

interface Person {
  readonly canonical: string
  readonly ids: readonly string[]
}

const uuid4 = /^(\$device:)?[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

const original = (): Identities => {
  let people: readonly Person[] = []
  const aliases = new Set<string>()
  const of = (id: string): Person => people.find(({ ids }) => ids.includes(id)) ?? { canonical: id, ids: [id] }
  return {
    join: (kind, from, to) => {
      if (from === to) return 'same_id'
      if (kind === 'identify' && !uuid4.test(from)) return 'anon_id_not_uuid4'
      const [a, b] = [of(from), of(to)]
      if (a.canonical === b.canonical) return null
      if (kind === 'identify' && a.ids.length > 1) return 'anon_id_already_merged'
      // Somebody else's id stands for that one.
      if (kind === 'alias' && (aliases.has(from) || a.canonical !== from)) return 'alias_already_used'
      if (kind === 'alias') aliases.add(from)
      const { canonical } = a.ids.length > b.ids.length ? a : b
      const others = people.filter((one) => one.canonical !== a.canonical && one.canonical !== b.canonical)
      people = [...others, { canonical, ids: [...a.ids, ...b.ids] }]
      return null
    },
    ownerOf: (id) => of(id).canonical,
    profileOf: (id) => of(id).canonical,
    idsOf: (id) => of(id).ids,
    forget: (ids) => {
      people = people.filter((one) => !one.ids.some((id) => ids.has(id)))
      for (const id of ids) aliases.delete(id)
    },
  }
}

const legacy = (): Identities => {
  const aliases = new Map<string, { readonly of: string; readonly since: number }>()
  const root = (id: string) => aliases.get(id)?.of ?? id
  return {
    join: (_kind, alias, id, at) => {
      if (alias === id) return 'same_id'
      const [a, b] = [root(alias), root(id)]
      if (a === b) return null
      if (aliases.has(alias)) return 'alias_already_used'
      for (const [other, { of, since }] of aliases) if (of === a) aliases.set(other, { of: b, since })
      aliases.set(alias, { of: b, since: at })
      return null
    },
    ownerOf: (id, at) => {
      const known = aliases.get(id)
      return known !== undefined && at > known.since ? known.of : id
    },
    profileOf: root,
    idsOf: (id) => [root(id), ...[...aliases].filter(([, known]) => known.of === root(id)).map(([alias]) => alias)],
    forget: (ids) => {
      for (const id of ids) aliases.delete(id)
    },
  }
}

export const identitiesOf: Record<Mode, () => Identities> = { simplified, original, legacy }

export type Properties = Readonly<Record<string, unknown>>

/** The ids that an event is kept with (identity §3.1, §4), and the join that it asks for. */
export interface ReadIds {
  readonly storedId: string
  readonly deviceId: string | null
  readonly userId: string | null
  readonly join: { readonly kind: JoinKind; readonly from: string; readonly to: string } | null
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null)
const device = '$device:'

const readSimplified = (properties: Properties): ReadIds => {
  const [sent, sentDevice, sentUser] = ['distinct_id', '$device_id', '$user_id'].map((name) => textOf(properties[name]))
  const isDevice = sent?.startsWith(device) === true
  const deviceId = sentDevice ?? (isDevice ? (sent as string).slice(device.length) : null)
  const userId = sentUser ?? (isDevice || !sent ? null : sent)
  const ofDevice = deviceId === null ? '' : device + deviceId
  const join = deviceId === null || userId === null ? null : ({ kind: 'link', from: ofDevice, to: userId } as const)
  return { storedId: userId ?? ofDevice, deviceId, userId, join }
}

const kinds: Readonly<Record<string, JoinKind>> = { $identify: 'identify', $create_alias: 'alias', $merge: 'merge' }

const readJoin = (mode: Mode, event: string, properties: Properties): ReadIds['join'] => {
  const kind = kinds[event]
  const id = textOf(properties['distinct_id'])
  if (kind === undefined || (mode === 'legacy' && kind !== 'alias')) return null
  const pair = properties['$distinct_ids'] as readonly string[] | undefined
  const [from, to] = {
    link: [null, null],
    identify: [properties['$anon_id'] ?? properties['$anon_distinct_id'], properties['$identified_id'] ?? id],
    alias: [properties['alias'], id],
    merge: [pair?.[1], pair?.[0]],
  }[kind].map(textOf)
  return from && to ? { kind, from, to } : null
}

export const readIds = (mode: Mode, event: string, properties: Properties): ReadIds => {
  if (mode === 'simplified') return readSimplified(properties)
  const join = readJoin(mode, event, properties)
  return {
    storedId: textOf(properties['distinct_id']) ?? (join === null ? '' : join.to),
    deviceId: textOf(properties['$device_id']),
    userId: textOf(properties['$user_id']),
    join,
  }
}
