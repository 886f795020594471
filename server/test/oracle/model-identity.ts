// Who is who (identity §3, §4), as the page tells it, in memory.

/** Ids as sent with an event. */
export interface SentIds {
  readonly distinct_id?: string
  readonly $device_id?: string
  readonly $user_id?: string
}
export interface StoredIds {
  readonly id: string
  readonly deviceId: string | null
  readonly userId: string | null
}
export interface Join {
  readonly kind: 'identify' | 'alias' | 'merge'
  readonly from: string
  readonly to: string
}
export interface People {
  /** What an event is stored under; learns who belongs together from it. */
  arrive(sent: SentIds): StoredIds
  /** Null: they are one person now; otherwise why not. `onMove` is told before a canonical id gives way to another. */
  join(join: Join, onMove: (loser: string, winner: string) => void, number: number): string | null
  canonicalOf(id: string): string
  /** Who an event is of that came in after so many others; left out of modes that look back. */
  personAt?(id: string, number: number): string
  /** Every id of the people that the ids mean. */
  allIdsOf(ids: readonly string[]): ReadonlySet<string>
  forget(ids: ReadonlySet<string>): void
}

const prefix = '$device:'

/** Identity §3. */
export const simplifiedPeople = (): People => {
  const userOf = new Map<string, string>()
  const canonicalOf = (id: string): string => userOf.get(id) ?? id
  return {
    canonicalOf,
    arrive: ({ distinct_id: id, $device_id: device, $user_id: user }) => {
      if (user !== undefined) {
        if (device !== undefined && !userOf.has(prefix + device)) userOf.set(prefix + device, user)
        return { id: user, deviceId: device ?? null, userId: user }
      }
      if (device !== undefined) return { id: prefix + device, deviceId: device, userId: null }
      if (id?.startsWith(prefix)) return { id, deviceId: id.slice(prefix.length), userId: null }
      return { id: id ?? '', deviceId: null, userId: id === undefined || id === '' ? null : id }
    },
    join: () => null,
    allIdsOf: (ids) => {
      const people = new Set(ids.map(canonicalOf))
      const devices = [...userOf].filter(([, user]) => people.has(user)).map(([device]) => device)
      return new Set([...ids, ...people, ...devices])
    },
    forget: (ids) => {
      for (const [device, user] of [...userOf]) if (ids.has(device) || ids.has(user)) userOf.delete(device)
    },
  }
}

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/

/** Identity §4. A cluster is an object that all its ids share. */
export const originalPeople = (): People => {
  interface Cluster {
    canonical: string
    ids: string[]
  }
  const clusterOf = new Map<string, Cluster>()
  const usedAliases = new Set<string>()
  const find = (id: string): Cluster => clusterOf.get(id) ?? { canonical: id, ids: [id] }
  const whyNot = ({ kind, from, to }: Join): string | null => {
    if (from === to) return 'same_id'
    if (kind === 'identify' && !uuid4.test(from.replace(/^\$device:/, ''))) return 'anon_id_not_uuid4'
    if (find(from).canonical === find(to).canonical) return null
    if (kind === 'identify' && find(from).ids.length > 1) return 'anon_id_already_merged'
    const standsForAnother = find(from).canonical !== from || usedAliases.has(from)
    return kind === 'alias' && standsForAnother ? 'alias_already_used' : null
  }
  return {
    canonicalOf: (id) => find(id).canonical,
    arrive: ({ distinct_id: id, $device_id: device, $user_id: user }) => ({
      id: id ?? '',
      deviceId: device ?? null,
      userId: user ?? null,
    }),
    join: (join, onMove) => {
      const why = whyNot(join)
      const [a, b] = [find(join.from), find(join.to)]
      if (why !== null || a.canonical === b.canonical) return why
      if (join.kind === 'alias') usedAliases.add(join.from)
      const [winner, loser] = a.ids.length > b.ids.length ? [a, b] : [b, a]
      onMove(loser.canonical, winner.canonical)
      const joined = { canonical: winner.canonical, ids: [...winner.ids, ...loser.ids] }
      for (const id of joined.ids) clusterOf.set(id, joined)
      return null
    },
    allIdsOf: (ids) => new Set(ids.flatMap((id) => [id, ...find(id).ids])),
    forget: (ids) => {
      for (const id of ids) {
        clusterOf.delete(id)
        usedAliases.delete(id)
      }
    },
  }
}

/** Identity §5: what an alias does from then on is its original's; nothing is moved. */
export const legacyPeople = (): People => {
  const links = new Map<string, { readonly to: string; readonly number: number }>()
  const rootOf = (id: string): string => {
    const link = links.get(id)
    return link === undefined ? id : rootOf(link.to)
  }
  return {
    canonicalOf: rootOf,
    personAt: (id, number) => {
      const link = links.get(id)
      return link === undefined || number <= link.number ? id : rootOf(id)
    },
    arrive: ({ distinct_id: id, $device_id: device, $user_id: user }) => ({
      id: id ?? '',
      deviceId: device ?? null,
      userId: user ?? null,
    }),
    join: ({ kind, from, to }, _onMove, number) => {
      if (kind !== 'alias') return null
      if (from === to) return 'same_id'
      if (rootOf(from) === rootOf(to)) return null
      if (links.has(from)) return 'alias_already_used'
      links.set(from, { to: rootOf(to), number })
      return null
    },
    allIdsOf: (ids) => {
      const roots = new Set(ids.map(rootOf))
      return new Set([...ids, ...roots, ...[...links.keys()].filter((id) => roots.has(rootOf(id)))])
    },
    forget: (ids) => {
      for (const [id, { to }] of [...links]) if (ids.has(id) || ids.has(to)) links.delete(id)
    },
  }
}
