import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

/** What compaction needs of the engine of a region. */
export interface CompactionStore {
  /** When the last compaction began, as the engine's clock had it; 1970 before the first. */
  last(): Promise<string>
  moveTo(instant: string): Promise<void>
  /** Partitions that events have come into since then. */
  partitionsSince(instant: string): Promise<readonly string[]>
  /** Whether the partition holds a row that compaction removes. */
  hasOutdated(partitionId: string): Promise<boolean>
  removeOutdated(partitionId: string): Promise<void>
  /** Whether the ledger has entries of events that are gone: compacted, past their retention, deleted by a rule. */
  hasOrphans(): Promise<boolean>
  /** Takes them out. No answer changes by it. */
  dropOrphans(): Promise<void>
}

const timeoutMs = 30 * 60_000
const step = 'compaction'
const mutating = { mutations_sync: 2, allow_nondeterministic_mutations: 1 } as const
// Ids stand in subqueries, never in the text of a mutation, which the engine keeps in a file. Their settings stand
// there too, because a mutation does not run with those of the statement. In order: memory for a day of an event.
const inOrder = 'SETTINGS optimize_aggregation_in_order = 1'
// Rows that one rewrite removes: bounds the set that it holds in memory.
const removedCountMax = 1_000_000

/** Groups of events that are one to compaction (ingestion §8), of one partition: a day lies in one. */
const groupsSql = (columns: string, table: string): string =>
  `SELECT ${columns} FROM ${table} WHERE _partition_id = {partitionId:String}
   GROUP BY project_id, event, toDate(time), cityHash64(distinct_id), distinct_id, insert_id
   HAVING min(ingested_at) < max(ingested_at)`

const coarseKey = 'project_id, event, distinct_id, time'
const sortKey = 'project_id, event, toDate(time), cityHash64(distinct_id)'

/** Mixed entries go with the last event of their key only: reads take those in two parts, which have to agree. */
const orphans = (ledger: string, event: string): string => {
  const stored = (columns: string) =>
    `(SELECT ${columns} FROM ${event}
      WHERE time IN (SELECT time FROM ${ledger}) AND (${sortKey}) IN (SELECT ${sortKey} FROM ${ledger}))`
  return `(${coarseKey}, ingested_at) NOT IN ${stored(`${coarseKey}, ingested_at`)}
  AND (is_mixed = 0 OR (${coarseKey}) NOT IN ${stored(coarseKey)})`
}

export const createCompactionStore = (db: RegionDb): CompactionStore => {
  const event = db.table('event')
  const ledger = db.table('duplicate_event')
  const rowKey = 'project_id, event, toDate(time), distinct_id, insert_id'
  return {
    last: async () => {
      const [row] = await db.rows<{ last: string }>(
        `SELECT toString(max(looked_until)) AS last FROM duplicate_progress WHERE step = '${step}'`,
      )
      return row?.last ?? ''
    },

    moveTo: (instant) => db.insert('duplicate_progress', JSON.stringify({ step, looked_until: instant })),

    partitionsSince: async (instant) => {
      const rows = await db.rows<{ partition: string }>(
        `SELECT DISTINCT _partition_id AS partition FROM event
         WHERE ingested_at >= {instant:DateTime64(6, 'UTC')} ORDER BY partition`,
        { params: { instant }, timeoutMs },
      )
      return rows.map(({ partition }) => partition)
    },

    hasOutdated: async (partitionId) => {
      const rows = await db.rows(`${groupsSql('1', 'event')} LIMIT 1 ${inOrder}`, {
        params: { partitionId },
        timeoutMs,
      })
      return rows.length > 0
    },

    // Of one INSERT none is older than another: what was sent twice in it stays, and queries go on counting it once.
    removeOutdated: (partitionId) =>
      db.command(
        `ALTER TABLE ${event.local}${event.onCluster} DELETE IN PARTITION ID '${partitionId.replaceAll(/[^\w-]/g, '')}'
         WHERE (${rowKey}, ingested_at) IN (
           SELECT project_id, event, day, distinct_id, insert_id, arrayJoin(arrayFilter(at -> at < newest, arrivals))
           FROM (${groupsSql(
             `project_id, event, toDate(time) AS day, distinct_id, insert_id,
              groupUniqArray(ingested_at) AS arrivals, max(ingested_at) AS newest`,
             event.local,
           )})
           LIMIT ${removedCountMax} ${inOrder})`,
        { params: { partitionId }, settings: mutating, timeoutMs },
      ),

    hasOrphans: async () => {
      const rows = await db.rows(`SELECT 1 FROM duplicate_event WHERE ${orphans('duplicate_event', 'event')} LIMIT 1`, {
        timeoutMs,
      })
      return rows.length > 0
    },

    dropOrphans: () =>
      db.command(`ALTER TABLE ${ledger.local}${ledger.onCluster} DELETE WHERE ${orphans(ledger.local, event.local)}`, {
        settings: mutating,
        timeoutMs,
      }),
  }
}
