import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

/** All that a region engine holds of one project, whatever it is: tables are taken from the live schema. */
export interface ProjectRows {
  /** Rows of the project in each table that has a column `project_id`. */
  count(projectId: number): Promise<Readonly<Record<string, number>>>
  /** Resolves when one table has been rewritten without the project; old parts are still on disk. */
  erase(table: string, projectId: number): Promise<void>
  /** The engine's clock: ISO with microseconds. */
  engineNow(): Promise<string>
}

// As long as any rewrite of a large table may take; beyond this the engine is stuck and it is tried again.
const rewriteTimeoutMs = 30 * 60_000
// What is counted must not be taken from what a mutation may have missed.
const plainReading = { optimize_use_projections: 0, use_skip_indexes: 0, use_query_condition_cache: 0 }

export const createProjectRows = (db: RegionDb): ProjectRows => ({
  count: async (projectId) => {
    const tables = await db.rows<{ table: string }>(
      `SELECT DISTINCT table FROM system.columns
       WHERE database = currentDatabase() AND name = 'project_id' AND table NOT LIKE '%\\_local' ORDER BY table`,
    )
    const counts: Record<string, number> = {}
    for (const { table } of tables) {
      const [row] = await db.rows<{ row_count: string }>(
        `SELECT count() AS row_count FROM ${table} WHERE project_id = {projectId:UInt64}`,
        { params: { projectId }, settings: plainReading, timeoutMs: rewriteTimeoutMs },
      )
      counts[table] = Number(row?.row_count ?? Number.NaN)
    }
    return counts
  },

  erase: async (table, projectId) => {
    const { local, onCluster } = db.table(table)
    await db.command(`ALTER TABLE ${local}${onCluster} DELETE WHERE project_id = {projectId:UInt64}`, {
      params: { projectId },
      settings: { mutations_sync: 2 },
      timeoutMs: rewriteTimeoutMs,
    })
  },

  engineNow: async () => {
    const [row] = await db.rows<{ now: string }>(`SELECT toString(now64(6, 'UTC')) AS now`)
    return row?.now ?? ''
  },
})
