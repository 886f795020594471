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
  /** Whether some server is adding entries at this moment. */
  readonly isBeingWritten: boolean
}

/** The ledger of duplicates in the engine of a region (ADR 0012). Ids never leave the engine. */
export interface LedgerStore {
  state(): Promise<LedgerState>
  /** One changes with every event that comes or goes, the other with every entry. */
  versions(signal?: AbortSignal): Promise<{ readonly events: string; readonly entries: string }>
  /** The instant before which, from `from` on, at least `rowCount` events have come in; null when there are fewer. */
  chunkEnd(from: string, rowCount: number): Promise<string | null>
  /** Adds what the events from `from` until before `until` (null: no end) are the same as, or have come in again for. */
  find(from: string, until: string | null): Promise<void>
  /** Never goes back. */
  moveTo(lookedUntil: string): Promise<void>
  /** Resolves with an instant before which nothing will be found any more. */
  settled(): Promise<string>
  /** Which kinds of entries a project has. */
  entriesOf(
    scope: ProjectScope,
    signal?: AbortSignal,
  ): Promise<{ readonly hasPlain: boolean; readonly hasMixed: boolean }>
}

// One look may go through the whole table when a history came in.
const findTimeoutMs = 10 * 60_000
const settleWaitMs = 60_000
const settleIntervalMs = 20
const progressStep = 'ledger'

const startedAt = `now64(6, 'UTC') - toIntervalMicrosecond(toInt64(elapsed * 1e6))`
const isInsert = `query_kind = 'Insert'`
// The name stands in every statement that adds entries, on shards too.
const addsEntries = `${isInsert} AND position(query, 'duplicate_event') > 0`

const sortKey = 'project_id, event, toDate(time), cityHash64(distinct_id)'
const coarseKey = 'project_id, event, distinct_id, time'

/**
 * From the inside: events of the times of new ones, which are few, at places that the primary key finds; the coarse keys
 * that hold a full key twice; their events by full key and arrival; the arrivals at which one does not count.
 */
const findSql = (until: string | null): string => {
  const end = until === null ? '' : `AND ingested_at < {until:DateTime64(6, 'UTC')}`
  const newEvents = `FROM event WHERE ingested_at >= {from:DateTime64(6, 'UTC')} ${end}`
  return `INSERT INTO duplicate_event (${coarseKey}, ingested_at, is_mixed)
SELECT ${coarseKey}, arrival, max(is_newest) AS is_mixed
FROM (
    SELECT ${coarseKey}, one.1 AS full_key, one.2 AS arrival, count() AS row_count,
           arrival = max(arrival) OVER (PARTITION BY ${coarseKey}, full_key) AS is_newest
    FROM (
        SELECT ${coarseKey}, groupArray((insert_id, ingested_at)) AS sent
        FROM event
        WHERE time IN (SELECT time ${newEvents}) AND (${sortKey}) IN (SELECT ${sortKey} ${newEvents})
        GROUP BY ${sortKey}, distinct_id, time
        HAVING count() > 1 AND count() > uniqExact(insert_id) AND max(ingested_at) >= {from:DateTime64(6, 'UTC')}
    )
    ARRAY JOIN sent AS one
    GROUP BY ${coarseKey}, full_key, arrival
)
GROUP BY ${coarseKey}, arrival
HAVING sum(row_count - is_newest) > 0`
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
                countIf(${addsEntries}) AS writers,
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

    versions: async (signal) => {
      const { of } = await db.versions(signal)
      return { events: of('event'), entries: of('duplicate_event') }
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
      let until: string | null = null
      for (;;) {
        // The clock is read before the list of processes, as above; later rounds ask for those of the first one.
        const row: { readonly now: string; readonly writers: string } = await one(
          `SELECT toString(now64(6, 'UTC')) AS now,
                  countIf(${addsEntries} AND ${startedAt} <= ${until === null ? `now64(6, 'UTC')` : `{until:DateTime64(6, 'UTC')}`}) AS writers
           FROM ${processes}`,
          until === null ? {} : { params: { until } },
        )
        until ??= row.now
        if (Number(row.writers) === 0) return until
        if (performance.now() > giveUpAtMs) throw new EngineUnavailable('a look at new events does not end')
        await sleep(settleIntervalMs)
      }
    },

    entriesOf: async (scope, signal) => {
      const some = (isMixed: 0 | 1) =>
        `(SELECT count() FROM (SELECT 1 FROM duplicate_event
          WHERE project_id = {projectId:UInt64} AND is_mixed = ${isMixed} LIMIT 1))`
      const { plain, mixed } = await one<{ plain: string; mixed: string }>(
        `SELECT ${some(0)} AS plain, ${some(1)} AS mixed`,
        {
          params: { projectId: scope.projectId },
          ...(signal === undefined ? {} : { signal }),
        },
      )
      return { hasPlain: plain !== '0', hasMixed: mixed !== '0' }
    },
  }
}

// The rows of a person are on one shard, so each shard could look by itself; the sets have to be the same for all.
const clusterSettings = { distributed_product_mode: 'global', distributed_foreground_insert: 1 } as const
