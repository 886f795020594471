import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import type { PrepareProfileMerges } from '../identity/index.ts'
import type { GroupId } from './domain/group-update.ts'
import {
  createProfileStore,
  defaultProfileSettings,
  type ProfileStore,
  type ProfileStoreSettings,
} from './store/clickhouse-profile-store.ts'
import { groupProfiles } from './store/group-profiles.ts'
import { createProfileMerger } from './store/merge-profiles.ts'
import { personProfiles } from './store/person-profiles.ts'
import type { ProfileTable } from './store/profile-rows.ts'

export interface ProfilesDeps {
  readonly control: ControlDb
  /** Engines of the regions that this process serves. */
  readonly regionDbs: readonly RegionDb[]
  readonly settings?: ProfileStoreSettings
}

export interface Profiles {
  /** Throws for a region that is not served here, which a ProjectScope cannot name. */
  storeOf(regionId: string): ProfileStore
  /** The same for profiles of groups. */
  groupStoreOf(regionId: string): ProfileStore<GroupId>
  /** For joins of the region's people (identity §4). */
  mergerOf(regionId: string): PrepareProfileMerges
  /** Resolves when every update that was taken is answered. */
  drain(): Promise<void>
}

/** Wires the profiles slice: two stores per region. Its HTTP side is part of ingestion (`/engage`, `/groups`). */
export const createProfiles = ({ control, regionDbs, settings = defaultProfileSettings }: ProfilesDeps): Profiles => {
  const open = <Id>(table: ProfileTable<Id>): ReadonlyMap<string, ProfileStore<Id>> =>
    new Map(regionDbs.map((db) => [db.regionId, createProfileStore({ db, control, table }, settings)]))
  const people = open(personProfiles)
  const groups = open(groupProfiles)
  const mergers = new Map(regionDbs.map((db) => [db.regionId, createProfileMerger(db)]))
  return {
    storeOf: (regionId) => servedOf(people, regionId),
    groupStoreOf: (regionId) => servedOf(groups, regionId),
    mergerOf: (regionId) => servedOf(mergers, regionId),
    drain: async () => {
      await Promise.all([...people.values(), ...groups.values()].map((store) => store.drain()))
    },
  }
}

const servedOf = <Store>(stores: ReadonlyMap<string, Store>, regionId: string): Store => {
  const store = stores.get(regionId)
  if (store === undefined) throw new Error(`region ${regionId} is not served here`)
  return store
}
