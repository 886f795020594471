import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import {
  createProfileStore,
  defaultProfileSettings,
  type ProfileStore,
  type ProfileStoreSettings,
} from './store/clickhouse-profile-store.ts'

export interface ProfilesDeps {
  readonly control: ControlDb
  /** Engines of the regions that this process serves. */
  readonly regionDbs: readonly RegionDb[]
  readonly settings?: ProfileStoreSettings
}

export interface Profiles {
  /** Throws for a region that is not served here, which a ProjectScope cannot name. */
  storeOf(regionId: string): ProfileStore
  /** Resolves when every update that was taken is answered. */
  drain(): Promise<void>
}

/** Wires the profiles slice: one store per region. Its HTTP side is part of ingestion (`/engage`). */
export const createProfiles = ({ control, regionDbs, settings = defaultProfileSettings }: ProfilesDeps): Profiles => {
  const stores = new Map(regionDbs.map((db) => [db.regionId, createProfileStore(db, control, settings)]))
  return {
    storeOf: (regionId) => {
      const store = stores.get(regionId)
      if (store === undefined) throw new Error(`region ${regionId} is not served here`)
      return store
    },
    drain: async () => {
      await Promise.all([...stores.values()].map((store) => store.drain()))
    },
  }
}
