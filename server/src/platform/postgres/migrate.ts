import pg from 'pg'
import { type AppliedMigration, pendingMigrations, readMigrations } from '../migration-files.ts'
import type { PgConnection } from './embedded-postgres.ts'
import { toAppError } from './pg-errors.ts'

// Any number, the same in every server: makes them migrate one after the other.
const lockKey = 4_805_210_977

/**
 * Applies `NNNN-name.sql` of `folder` that are not in `schema_migration` yet, each in one transaction, under a lock that
 * makes other servers wait. Returns the names applied. Throws EngineUnavailable, AppError INTERNAL for a faulty file
 * (which leaves nothing behind), Error when an applied file was changed.
 */
export const migratePostgres = async (connection: PgConnection, folder: string): Promise<readonly string[]> => {
  const files = await readMigrations(folder)
  // No statement timeout: waiting for another server and rewriting a table both take their time.
  const client = new pg.Client({ ...connection, connectionTimeoutMillis: 5_000, application_name: 'lethe-migrate' })
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('SELECT pg_advisory_lock($1)', [lockKey])
    await client.query(`CREATE TABLE IF NOT EXISTS schema_migration (
      name text PRIMARY KEY, sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())`)
    const applied = await client.query<AppliedMigration>('SELECT name, sha256 FROM schema_migration')
    const pending = pendingMigrations(files, applied.rows)
    for (const file of pending) {
      await client.query('BEGIN')
      await client.query(file.text)
      await client.query('INSERT INTO schema_migration (name, sha256) VALUES ($1, $2)', [file.name, file.sha256])
      await client.query('COMMIT')
    }
    return pending.map(({ name }) => name)
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('migration ')) throw error
    throw toAppError(error)
  } finally {
    // Ends the session: rolls back what is open and frees the lock.
    await client.end().catch(() => undefined)
  }
}
