import { randomUUID } from 'node:crypto'
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type EmbeddedRegionDb, openEmbeddedRegionDb } from '../../src/platform/clickhouse/clickhouse-region-db.ts'
import { openFileObjectStore } from '../../src/platform/objects/file-object-store.ts'
import type { ObjectStore } from '../../src/platform/objects/object-store.ts'
import {
  type EmbeddedPostgres,
  type PgConnection,
  startPostgres,
} from '../../src/platform/postgres/embedded-postgres.ts'
import { type ClosableControlDb, openPgControlDb } from '../../src/platform/postgres/pg-control-db.ts'

/** The real engines, fresh and empty, in a folder of the test's own. */
export interface TestEngines {
  readonly folder: string
  readonly region: EmbeddedRegionDb
  readonly objects: ObjectStore
  readonly control: ClosableControlDb
  readonly controlConnection: PgConnection
  readonly postgres: EmbeddedPostgres
  /** Another, empty control database of the same Postgres. */
  freshControl(): Promise<{ readonly control: ClosableControlDb; readonly connection: PgConnection }>
  /** Stops everything and removes the folder. */
  close(): Promise<void>
}

/**
 * Starts one embedded ClickHouse (region `US`) and one embedded Postgres, in about a second. Call it in `beforeAll`,
 * `close` in `afterAll`. Migrations are the caller's business.
 */
export const openTestEngines = async (): Promise<TestEngines> => {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-test-'))
  // Postgres runs as another user when the tests run as root.
  await chmod(folder, 0o711)
  const regionFolder = join(folder, 'us')
  await mkdir(regionFolder)
  const [region, postgres, objects] = await Promise.all([
    openEmbeddedRegionDb({ regionId: 'US', folder: join(regionFolder, 'clickhouse'), maxThreads: 2 }),
    startPostgres({ folder: join(folder, 'control') }),
    openFileObjectStore({ regionId: 'US', folder: join(regionFolder, 'objects') }),
  ])
  const control = openPgControlDb(postgres.connection)
  const others: ClosableControlDb[] = []

  const freshControl = async () => {
    const database = `test_${randomUUID().replaceAll('-', '')}`
    await control.rows(`CREATE DATABASE ${database}`)
    const connection = { ...postgres.connection, database } as PgConnection
    const fresh = openPgControlDb(connection)
    others.push(fresh)
    return { control: fresh, connection }
  }

  return {
    folder,
    region,
    objects,
    control,
    controlConnection: postgres.connection,
    postgres,
    freshControl,
    async close() {
      await Promise.all([region.close(), ...[control, ...others].map((db) => db.close())])
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
