import { type AppliedMigration, pendingMigrations, readMigrations } from '../migration-files.ts'
import type { WithLock } from '../postgres/with-lease.ts'
import { renderMigration } from './migration-template.ts'
import type { RegionDb } from './region-db.ts'

const ownTable = `CREATE TABLE IF NOT EXISTS {table:schema_migration} (
  name String, sha256 String, applied_at DateTime64(3, 'UTC') DEFAULT now64(3)
) ENGINE = {engine:MergeTree} ORDER BY name SETTINGS old_parts_lifetime = 0;
-- shard by 1
ALTER TABLE {table:schema_migration} MODIFY SETTING old_parts_lifetime = 0;
`
// The second statement is for installations from before the setting: an erasure waits for retired parts of every table.
// A rewrite of a big table takes its time.
const statementTimeoutMs = 3_600_000

const clusterOf = (db: RegionDb): string | null => / ON CLUSTER '(.+)'/.exec(db.table('any').onCluster)?.[1] ?? null

/**
 * Applies the migrations of `folder` (see `migration-template.ts`) that are not in `schema_migration` yet, one server at
 * a time. Returns the names applied. Throws EngineUnavailable, AppError INTERNAL for a faulty statement, Error for a
 * faulty template or an applied file that was changed.
 */
export const migrateClickhouse = (db: RegionDb, folder: string, withLock: WithLock): Promise<readonly string[]> =>
  withLock(`clickhouse-migrate:${db.regionId}`, async () => {
    const cluster = clusterOf(db)
    const files = await readMigrations(folder)
    const run = async (text: string): Promise<void> => {
      for (const sql of renderMigration(text, cluster)) await db.command(sql, { timeoutMs: statementTimeoutMs })
    }
    await run(ownTable)
    const table = db.table('schema_migration').read
    const applied = await db.rows<AppliedMigration>(`SELECT name, sha256 FROM ${table}`)
    const pending = pendingMigrations(files, applied)
    for (const file of pending) {
      await run(file.text)
      await db.insert(table, JSON.stringify({ name: file.name, sha256: file.sha256 }))
    }
    return pending.map(({ name }) => name)
  })
