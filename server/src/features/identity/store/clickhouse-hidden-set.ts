import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

export interface HiddenId {
  readonly projectId: number
  readonly distinctId: string
}

/** The ids whose earlier rows no read sees while their erasure runs (PRIV-21). Readers: read-sql.ts. */
export interface HiddenSet {
  /** The engine's clock now, or so much later: ISO with microseconds. Rows that arrive after that have a later ingested_at. */
  engineNow(aheadMs?: number): Promise<string>
  /** Replaces what the batch hides. Visible to the very next read. */
  hide(batchId: string, cutoff: string, ids: readonly HiddenId[]): Promise<void>
  /** Adds to what the batch hides, without showing anything in between. */
  extend(batchId: string, cutoff: string, ids: readonly HiddenId[]): Promise<void>
  /** Ends hiding, once the rows are gone. The caller retires the parts of `hidden_id` afterwards. */
  reveal(batchId: string): Promise<void>
  /** Other batches, failed ones, that hide one of the batch's ids. */
  overlapping(batchId: string): Promise<readonly { readonly batchId: string; readonly cutoff: string }[]>
  batchIds(): Promise<readonly string[]>
}

export const createHiddenSet = (db: RegionDb): HiddenSet => {
  const table = db.table('hidden_id')
  const dropPartition = (batchId: string) =>
    db.command(`ALTER TABLE ${table.local}${table.onCluster} DROP PARTITION {batchId:String}`, {
      params: { batchId },
    })
  const extend: HiddenSet['extend'] = (batchId, cutoff, ids) => {
    const lines = ids.map(({ projectId, distinctId }) =>
      JSON.stringify({ batch_id: batchId, project_id: projectId, distinct_id: distinctId, cutoff }),
    )
    return db.insert('hidden_id', lines.join('\n'))
  }
  return {
    engineNow: async (aheadMs = 0) => {
      const [row] = await db.rows<{ now: string }>(
        `SELECT toString(now64(6, 'UTC') + toIntervalMillisecond({aheadMs:UInt32})) AS now`,
        { params: { aheadMs } },
      )
      return row?.now ?? ''
    },
    hide: async (batchId, cutoff, ids) => {
      await dropPartition(batchId)
      if (ids.length > 0) await extend(batchId, cutoff, ids)
    },
    extend,
    reveal: dropPartition,
    overlapping: async (batchId) => {
      const rows = await db.rows<{ batch_id: string; cutoff: string }>(
        `SELECT batch_id, toString(max(cutoff)) AS cutoff FROM hidden_id WHERE batch_id IN (
           SELECT batch_id FROM hidden_id WHERE batch_id != {batchId:String} AND (project_id, distinct_id) IN
             (SELECT project_id, distinct_id FROM hidden_id WHERE batch_id = {batchId:String}))
         GROUP BY batch_id ORDER BY batch_id`,
        { params: { batchId } },
      )
      return rows.map((row) => ({ batchId: row.batch_id, cutoff: row.cutoff }))
    },
    batchIds: async () => {
      const rows = await db.rows<{ batch_id: string }>('SELECT DISTINCT batch_id FROM hidden_id')
      return rows.map((row) => row.batch_id)
    },
  }
}
