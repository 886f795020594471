import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { duplicateKeyMessage, type FailedRow, type LookupRow } from '../domain/table-rows.ts'

/** Which rows are meant: those of one upload of one table. */
export interface RowPlace {
  readonly scope: ProjectScope
  readonly tableId: string
  readonly version: string
}

export interface LookupRows {
  /** Stores one upload's rows in blocks, the next of which is filled while one is on its way: two are held at most. */
  writer(place: RowPlace): LookupRowWriter
  /** At most `countMax` rows whose key an earlier row of the upload has. Held and sorted by the engine. */
  duplicates(place: RowPlace, countMax: number, signal: AbortSignal): Promise<readonly FailedRow[]>
  /** Removes the rows of an upload. Can run twice. */
  drop(version: string): Promise<void>
}

export interface LookupRowWriter {
  /** A promise when the row filled a block: wait for it before the next row. Rejects when an earlier block failed. */
  add(row: LookupRow): Promise<void> | null
  /** Resolves when every row that was added is durable. */
  flush(): Promise<void>
  /** Resolves when nothing is on its way any more, well or not. */
  settle(): Promise<void>
}

// A block is a part of the table, to be merged later: large enough that a table of 100 MB makes tens of them.
const blockChars = 4 * 1_024 * 1_024
// Sorting five million keys takes seconds; this is for a machine that has other things to do.
const duplicatesTimeoutMs = 120_000

export const createLookupRows = (db: RegionDb): LookupRows => ({
  writer: ({ scope, tableId, version }) => {
    const place = `{"project_id":${scope.projectId},"table_id":"${tableId}","version":"${version}"`
    let lines: string[] = []
    let charCount = 0
    let sending: Promise<void> = Promise.resolve()
    const send = async (): Promise<void> => {
      await sending
      const block = lines.join('\n')
      lines = []
      charCount = 0
      if (block === '') return
      // Not stopped when the client goes: an insert that is cut off may still be stored, after its upload was dropped.
      sending = db.insert('lookup_row', block)
      // Told by the next `send`, or by `flush`.
      sending.catch(() => undefined)
    }
    return {
      add: ({ index, key, values }) => {
        const line = `${place},"row_key":${JSON.stringify(key)},"row_index":${index},"values":${JSON.stringify(values)}}`
        lines.push(line)
        charCount += line.length
        return charCount < blockChars ? null : send()
      },
      flush: async () => {
        await send()
        await sending
      },
      settle: () => sending.catch(() => undefined),
    }
  },

  duplicates: async ({ scope, tableId, version }, countMax, signal) => {
    const found = await db.rows<{ first: number; second: number }>(
      `SELECT arrayMin(indexes) AS first, arraySort(indexes)[2] AS second
       FROM (
         SELECT groupArraySorted(2)(row_index) AS indexes FROM ${db.table('lookup_row').read}
         WHERE project_id = {projectId:UInt64} AND table_id = {tableId:UUID} AND version = {version:UUID}
         GROUP BY row_key HAVING count() > 1
       )
       ORDER BY second LIMIT {countMax:UInt32}`,
      {
        params: { projectId: scope.projectId, tableId, version, countMax },
        // The table is sorted by key: groups come one after the other, and are not held.
        settings: { optimize_aggregation_in_order: 1 },
        timeoutMs: duplicatesTimeoutMs,
        signal,
      },
    )
    return found.map(({ first, second }) => ({ index: second, message: duplicateKeyMessage(first, second) }))
  },

  drop: async (version) => {
    const { local, onCluster } = db.table('lookup_row')
    await db.command(`ALTER TABLE ${local}${onCluster} DROP PARTITION {version:UUID}`, { params: { version } })
  },
})
