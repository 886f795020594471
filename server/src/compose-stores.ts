import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from './config/config.ts'
import type { RegionConfig } from './config/regions.ts'
import {
  type ClosableRegionDb,
  openEmbeddedRegionDb,
  openRemoteRegionDb,
} from './platform/clickhouse/clickhouse-region-db.ts'
import { migrateClickhouse } from './platform/clickhouse/migrate.ts'
import { openFileObjectStore } from './platform/objects/file-object-store.ts'
import type { ObjectStore } from './platform/objects/object-store.ts'
import { type PgConnection, startPostgres } from './platform/postgres/embedded-postgres.ts'
import { migratePostgres } from './platform/postgres/migrate.ts'
import { type ClosableControlDb, openPgControlDb } from './platform/postgres/pg-control-db.ts'
import { withLease } from './platform/postgres/with-lease.ts'

export interface RegionStores {
  readonly region: RegionConfig
  readonly db: ClosableRegionDb
  readonly objects: ObjectStore
}

/** Every store that this process uses; those of regions it does not serve are not even connected to (DESIGN §3). */
export interface Stores {
  readonly control: ClosableControlDb
  readonly regions: readonly RegionStores[]
  close(): Promise<void>
}

/** Starts or connects to all stores side by side and migrates them. When one fails, none is left running. */
export const openStores = async (config: Config): Promise<Stores> => {
  await mkdir(config.dataDir, { recursive: true, mode: 0o711 })
  const closers: Closer[] = []
  // The last one opened is the first one closed.
  const close = async (): Promise<void> => {
    for (const closeOne of closers.splice(0).reverse()) await closeOne()
  }
  const served = config.regions.filter(({ id }) => config.servedRegionIds.has(id))
  const opening = [
    openControl(config, closers),
    ...served.map((region) => openRegion(config, region, closers)),
  ] as const
  try {
    // All of them have ended, well or not, before anything is closed.
    await Promise.allSettled(opening)
    const control = await opening[0]
    const regions = (await Promise.all(opening.slice(1))) as RegionStores[]
    const withLock = withLease(control)
    await Promise.all(regions.map(({ db }) => migrateClickhouse(db, migrations('clickhouse'), withLock)))
    return { control, regions, close }
  } catch (error) {
    await close()
    throw error
  }
}

type Closer = () => Promise<void>

const openControl = async (config: Config, closers: Closer[]): Promise<ClosableControlDb> => {
  const connection =
    config.databaseUrl === null ? await startOwnPostgres(config, closers) : { connectionString: config.databaseUrl }
  const control = openPgControlDb(connection)
  closers.push(() => control.close())
  await migratePostgres(connection, migrations('postgres'))
  return control
}

const migrations = (store: 'postgres' | 'clickhouse'): string => join(import.meta.dirname, '../migrations', store)

const startOwnPostgres = async (config: Config, closers: Closer[]): Promise<PgConnection> => {
  const postgres = await startPostgres({ folder: join(config.dataDir, 'control') })
  closers.push(() => postgres.stop())
  return postgres.connection
}

const openRegion = async (config: Config, region: RegionConfig, closers: Closer[]): Promise<RegionStores> => {
  const folder = join(config.dataDir, region.id.toLowerCase())
  await mkdir(folder, { recursive: true })
  const regionId = region.id
  const place = region.objects ?? { folder: join(folder, 'objects') }
  const objects =
    'bucket' in place
      ? // Loaded for whoever has a bucket: 30 MB of memory.
        await (await import('./platform/objects/s3-object-store.ts')).openS3ObjectStore(regionId, place)
      : await openFileObjectStore({ regionId, folder: place.folder })
  const db =
    region.clickhouseUrl === null
      ? await openEmbeddedRegionDb({ regionId, folder: join(folder, 'clickhouse') })
      : await openRemoteRegionDb({ regionId, url: region.clickhouseUrl, cluster: region.clickhouseCluster })
  closers.push(() => db.close())
  return { region, db, objects }
}
