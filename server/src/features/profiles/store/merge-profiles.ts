import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { PrepareProfileMerges, ProfileMerge } from '../../identity/index.ts'
import { mergeProfiles } from '../domain/merge-profiles.ts'
import { personProfiles } from './person-profiles.ts'
import { profileRowText, type StoredProfile } from './profile-rows.ts'
import { lockProfileSlots, profileSlot } from './profile-slots.ts'

/** Profiles of one person under several ids; all but the first are to go. */
interface Merge {
  readonly projectId: number
  readonly canonicalId: string
  readonly otherIds: readonly string[]
}

// Profiles that are in memory at once, with 1 MB each at most.
const batchProfileCountMax = 100

const heldSql = `
SELECT distinct_id FROM profile WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}
GROUP BY distinct_id HAVING argMax(is_deleted, version) = 0`

/** Members with a profile of their own, and those whose first one may be on its way. */
const mergesOf = async (
  db: RegionDb,
  { scope, clusters, movedCanonicalIds }: ProfileMerge,
): Promise<readonly Merge[]> => {
  const { projectId } = scope
  const several = clusters.filter(({ memberIds }) => memberIds.length > 1)
  const ids = several.flatMap(({ memberIds }) => memberIds)
  if (ids.length === 0) return []
  const rows = await db.rows<{ distinct_id: string }>(heldSql, { params: { projectId, ids } })
  const candidates = new Set([...movedCanonicalIds, ...rows.map((row) => row.distinct_id)])
  return several
    .map(({ canonicalId, memberIds }) => ({
      projectId,
      canonicalId,
      otherIds: memberIds.filter((id) => id !== canonicalId && candidates.has(id)).sort(),
    }))
    .filter(({ otherIds }) => otherIds.length > 0)
}

const batchesOf = (merges: readonly Merge[]): readonly (readonly Merge[])[] => {
  const batches: Merge[][] = []
  let profileCount = Number.POSITIVE_INFINITY
  for (const merge of merges) {
    profileCount += merge.otherIds.length + 1
    if (profileCount > batchProfileCountMax) {
      batches.push([])
      profileCount = merge.otherIds.length + 1
    }
    batches.at(-1)?.push(merge)
  }
  return batches
}

/** What the table gets; nothing when no other profile is there any more. */
const rowsOf = ({ projectId, canonicalId, otherIds }: Merge, stored: ReadonlyMap<string, StoredProfile>): string[] => {
  const others = otherIds.flatMap((id) => {
    const profile = stored.get(id)
    return profile === undefined || profile.properties === null
      ? []
      : [{ id, ...profile, properties: profile.properties }]
  })
  if (others.length === 0) return []
  const first = stored.get(canonicalId)
  const merged = mergeProfiles(
    first?.properties ?? null,
    others.map(({ properties }) => properties),
  )
  const rowOf = (id: string, version: number, properties: typeof merged | null) =>
    profileRowText(projectId, personProfiles.idMembers(id), version, properties)
  return [
    rowOf(canonicalId, (first?.version ?? 0) + 1, merged),
    ...others.map(({ id, version }) => rowOf(id, version + 1, null)),
  ]
}

/**
 * Identity §4: profiles of people who became one. A merge that was interrupted is made good by the next join of the
 * same person, because every profile of a member is looked for. The profile of `$ignore_alias` is one of them.
 */
export const createProfileMerger =
  (db: RegionDb): PrepareProfileMerges =>
  async (tx, asked) => {
    const merges: Merge[] = []
    for (const one of asked) merges.push(...(await mergesOf(db, one)))
    if (merges.length === 0) return async () => undefined
    const slots = merges.flatMap(({ projectId, canonicalId, otherIds }) =>
      [canonicalId, ...otherIds].map((id) => profileSlot(projectId, id)),
    )
    await lockProfileSlots(tx, personProfiles.name, db.regionId, slots)
    return async () => {
      for (const [projectId, ofProject] of Map.groupBy(merges, (merge) => merge.projectId)) {
        for (const batch of batchesOf(ofProject)) {
          const ids = batch.flatMap(({ canonicalId, otherIds }) => [canonicalId, ...otherIds])
          const stored = await personProfiles.readNewest(db, projectId, ids)
          const rows = batch.flatMap((merge) => rowsOf(merge, stored))
          if (rows.length > 0) await db.insert(personProfiles.name, rows.join('\n'))
        }
      }
    }
  }
