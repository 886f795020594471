import type { ProjectScope } from '../../../kernel/scope.ts'
import { dayMs, utcDay } from '../../../kernel/time.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { retireParts } from '../../../platform/clickhouse/retired-parts.ts'
import type { DeletionRule } from '../domain/deletion-rule.ts'

export interface HiddenRule {
  readonly deletionId: string
  readonly cutoff: string
}

/** The rules by which every read leaves out events (identity/store/lifecycle-sql.ts). They hold values of filters. */
export interface HiddenEvents {
  /** The very next read does not see them. `cutoff`: engine clock; rows that come in later are seen. */
  hide(scope: ProjectScope, deletionId: string, rules: readonly DeletionRule[], cutoff: string): Promise<void>
  /** Ends hiding; the rule has left the disk when it resolves. */
  reveal(deletionId: string): Promise<void>
  rules(): Promise<readonly HiddenRule[]>
}

export const createHiddenEvents = (db: RegionDb): HiddenEvents => {
  const table = db.table('hidden_event')
  return {
    hide: async ({ projectId }, deletionId, asked, cutoff) => {
      const rowOf = ({ event, fromDay, toDay, filters }: DeletionRule) => ({
        deletion_id: deletionId,
        project_id: projectId,
        event,
        from_time: `${fromDay} 00:00:00.000`,
        until_time: `${utcDay(Date.parse(`${toDay}T00:00:00Z`) + dayMs)} 00:00:00.000`,
        cutoff,
        filters,
      })
      await db.insert('hidden_event', asked.map((rule) => JSON.stringify(rowOf(rule))).join('\n'))
    },
    reveal: async (deletionId) => {
      await db.command(`ALTER TABLE ${table.local}${table.onCluster} DROP PARTITION {deletionId:String}`, {
        params: { deletionId },
      })
      await retireParts(db, 'hidden_event', { limitMs: 2_000 })
    },
    rules: async () => {
      const rows = await db.rows<{ deletion_id: string; cutoff: string }>(
        'SELECT deletion_id, toString(max(cutoff)) AS cutoff FROM hidden_event GROUP BY deletion_id',
      )
      return rows.map((row) => ({ deletionId: row.deletion_id, cutoff: row.cutoff }))
    },
  }
}
