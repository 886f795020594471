import { isNotAPerson } from '../../../kernel/not-a-person.ts'
import type { Join } from './read-join.ts'

/** What is wrong with a join; its event is stored all the same (identity §4). */
export type JoinFailure =
  | 'anon_id_not_uuid4'
  | 'anon_id_already_merged'
  | 'cluster_limit_exceeded'
  | 'alias_already_used'
  | 'same_id'
  | 'id_not_a_person'

export const joinFailures: Record<JoinFailure, string> = {
  anon_id_not_uuid4: 'The anonymous id is not a UUID of version 4.',
  anon_id_already_merged: 'The anonymous id is merged with another identified id already.',
  cluster_limit_exceeded: 'The person would have more ids than are allowed.',
  alias_already_used: 'The alias stands for another distinct_id already.',
  same_id: 'An id cannot be merged with itself.',
  id_not_a_person: 'One of the ids is a placeholder and not the id of one person.',
}

/** One id of a cluster that has a row in the table of links. */
export interface LinkedId {
  readonly distinctId: string
  /** As it is seen now; null when its rows are hidden. */
  readonly canonicalId: string | null
  /** The highest of its rows, hidden ones included. */
  readonly revision: number
  /** Engine clock; a link that does not look back keeps it when it moves (identity §5). */
  readonly appliesFrom: string
}

/** A row to write: the next revision of its id. */
export interface DecidedLink {
  readonly distinctId: string
  readonly canonicalId: string
  readonly revision: number
  readonly isRetroactive: boolean
  /** Null: now. */
  readonly appliesFrom: string | null
}

/** All ids of one person, after the joins. */
export interface JoinedCluster {
  readonly canonicalId: string
  readonly memberIds: readonly string[]
}

export interface Decision {
  /** In the order of the joins; null: they are one person now, or were before. */
  readonly failures: readonly (JoinFailure | null)[]
  readonly links: readonly DecidedLink[]
  /** Every cluster that a join without failure names, also when nothing changed. */
  readonly clusters: readonly JoinedCluster[]
  /** Canonical ids, before and now, of the clusters that became one. */
  readonly movedCanonicalIds: readonly string[]
}

/** IDM-08. */
export const clusterIdCountMax = 500
// What an id's order among its own rows has room for (store/link-order.ts).
const revisionMax = 4_000

const uuid4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i
const devicePrefix = '$device:'
const isUuid4 = (id: string): boolean => uuid4.test(id.startsWith(devicePrefix) ? id.slice(devicePrefix.length) : id)

/** The clusters of one project while joins are decided: who is who, and whom that has changed. */
const createClusters = (linked: readonly LinkedId[]) => {
  const known = new Map(linked.map((row) => [row.distinctId, row]))
  const canonicals = new Map<string, string>()
  const members = new Map<string, string[]>()
  const changed = new Set<string>()
  const moved = new Set<string>()

  const membersOf = (canonical: string): string[] => {
    const found = members.get(canonical) ?? [canonical]
    members.set(canonical, found)
    return found
  }
  for (const { distinctId, canonicalId } of linked) {
    if (canonicalId === null) continue
    canonicals.set(distinctId, canonicalId)
    if (distinctId !== canonicalId) membersOf(canonicalId).push(distinctId)
  }
  return {
    canonicalOf: (id: string): string => canonicals.get(id) ?? id,
    membersOf,
    hasLink: (id: string): boolean => canonicals.has(id),
    canMove: (canonical: string): boolean =>
      membersOf(canonical).every((id) => (known.get(id)?.revision ?? 0) < revisionMax),
    /** All of `loser` belong to `winner` from now on; both canonical. */
    move: (loser: string, winner: string): void => {
      for (const id of membersOf(loser)) {
        canonicals.set(id, winner)
        changed.add(id)
      }
      membersOf(winner).push(...membersOf(loser))
      members.delete(loser)
      moved.add(loser).add(winner)
    },
    /** A link of a canonical id to itself: all that it says is that the id was used as an alias. */
    linkToSelf: (id: string): void => {
      canonicals.set(id, id)
      changed.add(id)
    },
    moved,
    changed: () => [...changed].map((id) => ({ id, canonicalId: canonicals.get(id) ?? id, before: known.get(id) })),
  }
}

type Clusters = ReturnType<typeof createClusters>

const faultOfIds = ({ kind, from, to }: Join): JoinFailure | null => {
  if (from === to) return 'same_id'
  if (isNotAPerson(from) || isNotAPerson(to)) return 'id_not_a_person'
  return kind === 'identify' && !isUuid4(from) ? 'anon_id_not_uuid4' : null
}

/** Original mode: the canonical id of the larger cluster stays, of two equal ones that of `to`. */
const joinOriginal = (clusters: Clusters, { kind, from, to }: Join): JoinFailure | null => {
  const [a, b] = [clusters.canonicalOf(from), clusters.canonicalOf(to)]
  if (a === b) return null
  const [sizeA, sizeB] = [clusters.membersOf(a).length, clusters.membersOf(b).length]
  if (kind === 'identify' && sizeA > 1) return 'anon_id_already_merged'
  if (kind === 'alias' && clusters.hasLink(from)) return 'alias_already_used'
  if (sizeA + sizeB > clusterIdCountMax) return 'cluster_limit_exceeded'
  const [loser, winner] = sizeA > sizeB ? [b, a] : [a, b]
  if (!clusters.canMove(loser)) return 'cluster_limit_exceeded'
  clusters.move(loser, winner)
  if (kind === 'alias' && winner === from) clusters.linkToSelf(from)
  return null
}

/** Legacy mode: the alias, with what stands for it, belongs to the root of what it stands for. */
const joinLegacy = (clusters: Clusters, { from, to }: Join): JoinFailure | null => {
  const [a, b] = [clusters.canonicalOf(from), clusters.canonicalOf(to)]
  if (a === b) return null
  if (clusters.hasLink(from)) return 'alias_already_used'
  if (!clusters.canMove(a)) return 'cluster_limit_exceeded'
  clusters.move(a, b)
  return null
}

/**
 * Decides joins one after the other (identity §4, §5). `linked`: of every cluster that the joins name, every id that has a
 * row. A join of ids that are one person already is no failure and writes nothing, so a retry is answered like the first.
 */
export const decideJoins = (
  mode: 'original' | 'legacy',
  joins: readonly Join[],
  linked: readonly LinkedId[],
): Decision => {
  const clusters = createClusters(linked)
  const join = mode === 'original' ? joinOriginal : joinLegacy
  const failures = joins.map((one) => faultOfIds(one) ?? join(clusters, one))
  const joined = new Set(joins.flatMap(({ to }, at) => (failures[at] === null ? [clusters.canonicalOf(to)] : [])))
  const isRetroactive = mode === 'original'
  return {
    failures,
    links: clusters.changed().map(({ id, canonicalId, before }) => ({
      distinctId: id,
      canonicalId,
      revision: (before?.revision ?? 0) + 1,
      isRetroactive,
      appliesFrom: isRetroactive || before === undefined || before.canonicalId === null ? null : before.appliesFrom,
    })),
    clusters: [...joined].map((canonicalId) => ({ canonicalId, memberIds: [...clusters.membersOf(canonicalId)] })),
    movedCanonicalIds: [...clusters.moved],
  }
}
