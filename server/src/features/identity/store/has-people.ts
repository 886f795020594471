import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

/**
 * Whether a project holds a row of anybody, hidden ones included. By its id and not by a scope, because it is asked
 * before any request, and answers nothing of a row.
 */
export const hasPeople = async (db: RegionDb, projectId: number): Promise<boolean> => {
  for (const table of ['event', 'profile', 'identity_link']) {
    const rows = await db.rows(`SELECT 1 FROM ${table} WHERE project_id = {projectId:UInt64} LIMIT 1`, {
      params: { projectId },
    })
    if (rows.length > 0) return true
  }
  return false
}
