import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { ProfileProperties } from '../domain/apply-operations.ts'

/** The newest row of a profile. A version is never used twice, so it is kept also when the profile is gone. */
export interface StoredProfile {
  readonly version: number
  /** Null: deleted, or hidden while its erasure runs (PRIV-21). */
  readonly properties: ProfileProperties | null
}

/** The table of one kind of profile: how its rows are named, and read as their store may see them. */
export interface ProfileTable<Id> {
  readonly name: 'profile' | 'group_profile'
  /** Within a project: the same text is the same profile. */
  textOf(id: Id): string
  /** Columns that name it, as members of a JSON object. */
  idMembers(id: Id): string
  /** Whose profile each of the ids is for now; ids that are missing are for their own. */
  canonicalIds(db: RegionDb, scope: ProjectScope, ids: readonly Id[]): Promise<ReadonlyMap<Id, Id>>
  /** Profiles of one project by `textOf`; those that never were are missing. */
  readNewest(db: RegionDb, projectId: number, ids: readonly Id[]): Promise<ReadonlyMap<string, StoredProfile>>
}

/** What every such table has beside its names. */
export interface NewestRow {
  readonly version: string
  readonly properties: Readonly<Record<string, string>>
  readonly is_gone: number
}

export const storedProfile = ({ version, properties, is_gone: isGone }: NewestRow): StoredProfile => ({
  version: Number(version),
  properties: isGone ? null : new Map(Object.entries(properties)),
})

/** One line of JSONEachRow; `updated_at` is left to the engine's clock. `idMembers` as its table makes them. */
export const profileRowText = (
  projectId: number,
  idMembers: string,
  version: number,
  properties: ProfileProperties | null,
): string => {
  const members = [...(properties ?? [])].map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`)
  return (
    `{"project_id":${projectId},${idMembers},"version":${version},` +
    `"is_deleted":${properties === null ? 1 : 0},"properties":{${members.join(',')}}}`
  )
}
