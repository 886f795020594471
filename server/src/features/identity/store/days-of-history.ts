import type { ProjectScope } from '../../../kernel/scope.ts'
import { dayMs } from '../../../kernel/time.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

// No event is older than 1971 (ingestion §7) or more than an hour ahead.
const firstYear = 1971
const monthsPerYear = 12

const monthStart = (month: number): Date => new Date(Date.UTC(firstYear, month, 1))

/**
 * Days from the first of the month of the project's first event to `nowMs`, at least 1; 0 without events, hidden ones
 * counted. Whole months, because the partitions say of those without reading rows whether they can hold any.
 */
export const daysOfHistory = async (db: RegionDb, scope: ProjectScope, nowMs: number): Promise<number> => {
  const hasEventsBefore = async (until: Date): Promise<boolean> => {
    const rows = await db.rows(
      `SELECT 1 FROM event WHERE project_id = {projectId:UInt64} AND time < toDateTime64({until:String}, 3, 'UTC') LIMIT 1`,
      { params: { projectId: scope.projectId, until: until.toISOString().slice(0, 10) }, settings: { max_threads: 1 } },
    )
    return rows.length > 0
  }
  const now = new Date(nowMs)
  let after = -1
  let until = (now.getUTCFullYear() - firstYear) * monthsPerYear + now.getUTCMonth() + 2
  if (!(await hasEventsBefore(monthStart(until)))) return 0
  // The first event lies before the start of month `until`, and not before the start of month `after`.
  while (until - after > 1) {
    const middle = Math.floor((after + until) / 2)
    if (await hasEventsBefore(monthStart(middle))) until = middle
    else after = middle
  }
  return Math.max(1, Math.floor((nowMs - monthStart(after).getTime()) / dayMs) + 1)
}
