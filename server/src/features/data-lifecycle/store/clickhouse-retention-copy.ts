import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { retireParts } from '../../../platform/clickhouse/retired-parts.ts'
import type { RetentionRow } from '../domain/retention.ts'

/** The rules as every read of events goes by them (identity/store/lifecycle-sql.ts). */
export interface RetentionCopy {
  /** The very next read goes by it, wholly. Of copies made at the same time the one with the highest version counts. */
  write(version: number, rows: readonly RetentionRow[]): Promise<void>
  /** Rows of the copy that counts; null: there is none. */
  read(): Promise<readonly RetentionRow[] | null>
}

export const createRetentionCopy = (db: RegionDb): RetentionCopy => ({
  write: async (version, rows) => {
    const lines = rows.map(({ projectId, event, keepDays }) =>
      JSON.stringify({ version, project_id: projectId, event, keep_days: keepDays }),
    )
    await db.insert('event_retention', lines.join('\n'))
    const old = await db.rows<{ version: string }>(
      'SELECT DISTINCT version FROM event_retention WHERE version < (SELECT max(version) FROM event_retention)',
    )
    const { local, onCluster } = db.table('event_retention')
    for (const { version: replaced } of old) {
      await db.command(`ALTER TABLE ${local}${onCluster} DROP PARTITION ID '${replaced}'`)
    }
    // An erasure looks at the disk of every table: nothing of ours may stand in its way.
    await retireParts(db, 'event_retention', { limitMs: 2_000 })
  },

  read: async () => {
    const rows = await db.rows<{ project_id: string; event: string; keep_days: number }>(
      `SELECT project_id, event, keep_days FROM event_retention QUALIFY version = max(version) OVER ()`,
    )
    if (rows.length === 0) return null
    return rows.map((row) => ({ projectId: Number(row.project_id), event: row.event, keepDays: row.keep_days }))
  },
})
