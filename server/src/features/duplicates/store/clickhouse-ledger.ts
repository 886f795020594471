import { setTimeout as sleep } from 'node:timers/promises'
import { EngineUnavailable } from '../../../kernel/errors.ts'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb, SqlOptions } from '../../../platform/clickhouse/region-db.ts'
import { systemTable } from '../../../platform/clickhouse/retired-parts.ts'

/** Where the look at new events stands. All instants are the engine's, `YYYY-MM-DD hh:mm:ss.ffffff` UTC. */
export interface LedgerState {
  readonly now: string
  /** Every event that came in before has been looked at. */
  readonly lookedUntil: string
  /** No INSERT that is still running can add an event that came in before (ADR 0005). */
  readonly settledUntil: string
  /** Events that may not have been looked at. */
  readonly pendingCount: number
  /** Whether some server is adding keys at this moment. */
  readonly isBeingWritten: boolean
}

/** The ledger of duplicates in the engine of a region (ADR 0012). Ids never leave the engine. */
export interface LedgerStore {
  state(): Promise<LedgerState>
  /** The instant before which, from `from` on, at least `rowCount` events have come in; null when there are fewer. */
  chunkEnd(from: string, rowCount: number): Promise<string | null>
  /** Adds the keys of events from `from` until before `until` (null: no end) that occur twice in the table. */
  find(from: string, until: string | null): Promise<void>
  /** Never goes back. */
  moveTo(lookedUntil: string): Promise<void>
  /** Resolves with an instant before which no key will be found any more. */
  settled(): Promise<string>
  hasKeys(scope: ProjectScope, signal?: AbortSignal): Promise<boolean>
}

// One look may go through the whole table when a history came in.
const findTimeoutMs = 10 * 60_000
const settleWaitMs = 60_000
const settleIntervalMs = 20
const progressStep = 'ledger'

const startedAt = `now64(6, 'UTC') - toIntervalMicrosecond(toInt64(elapsed * 1e6))`
const isInsert = `query_kind = 'Insert'`
// The name stands in every statement that adds keys, on shards too.
const addsKeys = `${isInsert} AND position(query, 'duplicate_event') > 0`

const findSql = (until: string | null): string => {
  const isNew = `ingested_at >= {from:DateTime64(6, 'UTC')}${until === null ? '' : ` AND ingested_at < {until:DateTime64(6, 'UTC')}`}`
  const sortKey = 'project_id, event, toDate(time), cityHash64(distinct_id)'
  return `INSERT INTO duplicate_event (project_id, event, distinct_id, time, ingested_at)
SELECT project_id, event, distinct_id, time, max(newest)
FROM (
    SELECT project_id, event, distinct_id, time, max(ingested_at) AS newest
    FROM event
    WHERE (${sortKey}) IN (SELECT ${sortKey} FROM event WHERE ${isNew})
    GROUP BY ${sortKey}, distinct_id, time, insert_id
    HAVING count() > 1 AND newest >= {from:DateTime64(6, 'UTC')}
)
GROUP BY project_id, event, distinct_id, time`
}

export const createLedgerStore = (db: RegionDb): LedgerStore => {
  const processes = systemTable(db, 'processes')
  const one = async <Row>(sql: string, options?: SqlOptions): Promise<Row> => {
    const [row] = await db.rows<Row>(sql, options)
    if (row === undefined) throw new EngineUnavailable('the region engine answered nothing')
    return row
  }

  return {
    state: async () => {
      // The clock is read before the list of processes: an INSERT that is not in it yet begins later than `now`.
      const row = await one<{ now: string; looked: string; settled: string; pending: string; writers: string }>(
        `WITH (SELECT max(looked_until) FROM duplicate_progress WHERE step = '${progressStep}') AS looked_until
         SELECT toString(now64(6, 'UTC')) AS now, toString(looked_until) AS looked,
                toString(least(now64(6, 'UTC'), ifNull(minOrNullIf(${startedAt}, ${isInsert}), now64(6, 'UTC')))) AS settled,
                countIf(${addsKeys}) AS writers,
                (SELECT count() FROM event WHERE ingested_at >= looked_until) AS pending
         FROM ${processes}`,
        { timeoutMs: findTimeoutMs },
      )
      return {
        now: row.now,
        lookedUntil: row.looked,
        settledUntil: row.settled,
        pendingCount: Number(row.pending),
        isBeingWritten: Number(row.writers) > 0,
      }
    },

    chunkEnd: async (from, rowCount) => {
      const [row] = await db.rows<{ until: string }>(
        `SELECT toString(ingested_at + toIntervalMicrosecond(1)) AS until
         FROM (SELECT ingested_at, sum(row_count) OVER (ORDER BY ingested_at) AS so_far
               FROM (SELECT ingested_at, count() AS row_count FROM event
                     WHERE ingested_at >= {from:DateTime64(6, 'UTC')} GROUP BY ingested_at))
         WHERE so_far >= {rowCount:UInt64} ORDER BY ingested_at LIMIT 1`,
        { params: { from, rowCount }, timeoutMs: findTimeoutMs },
      )
      return row?.until ?? null
    },

    find: (from, until) =>
      db.command(findSql(until), {
        params: { from, ...(until === null ? {} : { until }) },
        // Keys are grouped in the order the table has: memory for a day of an event, not for all of it.
        settings: { optimize_aggregation_in_order: 1, ...(db.table('event').onCluster === '' ? {} : clusterSettings) },
        timeoutMs: findTimeoutMs,
      }),

    moveTo: (lookedUntil) =>
      db.insert('duplicate_progress', JSON.stringify({ step: progressStep, looked_until: lookedUntil })),

    settled: async () => {
      const giveUpAtMs = performance.now() + settleWaitMs
      const { now } = await one<{ now: string }>(`SELECT toString(now64(6, 'UTC')) AS now`)
      for (;;) {
        const { writers } = await one<{ writers: string }>(
          `SELECT countIf(${addsKeys} AND ${startedAt} <= {now:DateTime64(6, 'UTC')}) AS writers FROM ${processes}`,
          { params: { now } },
        )
        if (Number(writers) === 0) return now
        if (performance.now() > giveUpAtMs) throw new EngineUnavailable('a look at new events does not end')
        await sleep(settleIntervalMs)
      }
    },

    hasKeys: async (scope, signal) => {
      const rows = await db.rows('SELECT 1 FROM duplicate_event WHERE project_id = {projectId:UInt64} LIMIT 1', {
        params: { projectId: scope.projectId },
        ...(signal === undefined ? {} : { signal }),
      })
      return rows.length > 0
    },
  }
}

// The rows of a person are on one shard, so each shard could look by itself; the sets have to be the same for all.
const clusterSettings = { distributed_product_mode: 'global', distributed_foreground_insert: 1 } as const
