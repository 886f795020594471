import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { visibleEventsSql } from '../../identity/index.ts'
import type { DeletionRule } from '../domain/deletion-rule.ts'

const mark = '$warehouse_import_id'
const timeoutMs = 10 * 60_000

/** Rules that together mean every event of an import (CONN-06), one for each name. */
export const rulesOfImport = async (
  db: RegionDb,
  scope: ProjectScope,
  importId: number,
): Promise<readonly DeletionRule[]> => {
  const rows = await db.rows<{ event: string; from_day: string; to_day: string }>(
    `SELECT e.event AS event, toString(toDate(min(e.time), 'UTC')) AS from_day, toString(toDate(max(e.time), 'UTC')) AS to_day
     ${visibleEventsSql('everybody')} AND e.properties[{mark:String}] = {importId:String} GROUP BY event`,
    { params: { projectId: scope.projectId, mark, importId: String(importId) }, timeoutMs },
  )
  const filters = [{ property: mark, texts: [], numbers: [importId], others: [] }]
  return rows.map(({ event, from_day, to_day }) => ({ event, fromDay: from_day, toDay: to_day, filters }))
}
