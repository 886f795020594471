import type { RegionDb, SqlParams } from '../../../platform/clickhouse/region-db.ts'

/** Rows of `event` that are to go: a condition of lifecycle-sql.ts, without alias, and what it binds. */
export interface DoomedEvents {
  readonly condition: string
  readonly params?: SqlParams
}

export interface DoomedPartition {
  readonly partition: string
  readonly rowCount: number
}

/** Rewrites parts of the table of events, and looks past what reads hide. Everything here may run twice. */
export interface EventRewriter {
  /** Where such rows are; partitions without any are not named. `isPlain`: counted by nothing but the rows themselves. */
  find(doomed: DoomedEvents, isPlain?: boolean): Promise<readonly DoomedPartition[]>
  /** Resolves when one partition has been rewritten without them; its old parts are still on disk. */
  erase(partition: string, doomed: readonly DoomedEvents[]): Promise<void>
  /** The engine's clock: ISO with microseconds. */
  engineNow(): Promise<string>
}

// A rewrite of every part of a large partition takes minutes, not hours; beyond this the engine is stuck.
const rewriteTimeoutMs = 30 * 60_000
const plainReading = { optimize_use_projections: 0, use_skip_indexes: 0, use_query_condition_cache: 0 }

export const createEventRewriter = (db: RegionDb): EventRewriter => ({
  find: async ({ condition, params = {} }, isPlain = false) => {
    const rows = await db.rows<{ partition: string; row_count: string }>(
      `SELECT _partition_id AS partition, count() AS row_count FROM event WHERE ${condition}
       GROUP BY partition ORDER BY partition`,
      { params, timeoutMs: rewriteTimeoutMs, ...(isPlain ? { settings: plainReading } : {}) },
    )
    return rows.map((row) => ({ partition: row.partition, rowCount: Number(row.row_count) }))
  },

  // The mutation's text, which the engine keeps in a file, names projects and rules, and no value of a filter.
  erase: async (partition, doomed) => {
    if (doomed.length === 0) return
    const { local, onCluster } = db.table('event')
    const condition = doomed.map((one) => `(${one.condition})`).join(' OR ')
    await db.command(`ALTER TABLE ${local}${onCluster} DELETE IN PARTITION ID '${partition}' WHERE ${condition}`, {
      params: Object.assign({}, ...doomed.map(({ params }) => params ?? {})),
      settings: { mutations_sync: 2, allow_nondeterministic_mutations: 1 },
      timeoutMs: rewriteTimeoutMs,
    })
  },

  engineNow: async () => {
    const [row] = await db.rows<{ now: string }>(`SELECT toString(now64(6, 'UTC')) AS now`)
    return row?.now ?? ''
  },
})
