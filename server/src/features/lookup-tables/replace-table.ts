import { csvRecordsOf } from '../../kernel/csv-records.ts'
import { EngineUnavailable, InvalidRequest } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { columnsOf, type FailedRow, failedRowCountMax, readRow } from './domain/table-rows.ts'
import type { LookupRows, LookupRowWriter, RowPlace } from './store/clickhouse-lookup-rows.ts'
import { type LookupTableStore, tooManyRows, type Upload, type Who } from './store/postgres-lookup-table-store.ts'

export interface ReplaceDeps {
  readonly tables: LookupTableStore
  readonly rowsOf: (regionId: string) => LookupRows
  /** Removes what nobody reads any longer. Never throws. */
  readonly sweep: (regionId: string) => Promise<void>
}

/** A PUT. `signal` fires when nobody waits for the answer any more. */
export interface SentTable {
  readonly chunks: AsyncIterable<Buffer>
  readonly signal: AbortSignal
  readonly who: Who
}

/**
 * ING-25: replaces a table by the rows of a CSV file, wholly or not at all. The rows are stored beside the old ones,
 * checked, and then made the table by one row of the control store. Answers the bad rows; none when it was replaced.
 * Memory holds a chunk, a row and two blocks, whatever the size of the file. Throws NoSuchLookupTable, RateLimited,
 * InvalidRequest for a file that cannot be read at all or has too many rows.
 */
export const replaceTable = async (
  deps: ReplaceDeps,
  scope: ProjectScope,
  tableId: string,
  sent: SentTable,
): Promise<readonly FailedRow[]> => {
  const upload = await deps.tables.begin(scope, tableId)
  const { version } = upload
  try {
    const { rowCount, failed } = await load(deps, { scope, tableId, version }, sent, upload)
    if (failed.length === 0) await deps.tables.finish(scope, tableId, { version, rowCount }, sent.who)
    else await deps.tables.giveUp(scope, version)
    return failed
  } catch (error) {
    // When a store did not answer, a block may still come to be stored: the upload is then given up by its age.
    if (!(error instanceof EngineUnavailable)) await deps.tables.giveUp(scope, version)
    throw error
  } finally {
    await deps.sweep(scope.regionId)
  }
}

interface Loaded {
  readonly rowCount: number
  readonly failed: readonly FailedRow[]
}

const load = async (deps: ReplaceDeps, place: RowPlace, sent: SentTable, upload: Upload): Promise<Loaded> => {
  const rows = deps.rowsOf(place.scope.regionId)
  const writer = rows.writer(place)
  try {
    const { rowCount, failed } = await storeRows(writer, sent.chunks, upload)
    if (failed.length === failedRowCountMax) return { rowCount, failed }
    await writer.flush()
    const duplicates = await rows.duplicates(place, failedRowCountMax - failed.length, sent.signal)
    return { rowCount, failed: [...failed, ...duplicates].sort((a, b) => a.index - b.index) }
  } finally {
    await writer.settle()
  }
}

const storeRows = async (
  writer: LookupRowWriter,
  chunks: AsyncIterable<Buffer>,
  { rowCountLeft, rowCountMax }: Upload,
): Promise<Loaded> => {
  const failed: FailedRow[] = []
  let columns: readonly string[] | null = null
  let rowCount = 0
  for await (const records of csvRecordsOf(chunks)) {
    for (const record of records) {
      if (columns === null) {
        columns = columnsOf(record)
        continue
      }
      rowCount += 1
      if (rowCount > rowCountLeft) throw tooManyRows(rowCountMax)
      const row = readRow(columns, rowCount, record)
      if (!('key' in row)) {
        if (failed.push(row) === failedRowCountMax) return { rowCount, failed }
        continue
      }
      const sending = writer.add(row)
      if (sending !== null) await sending
    }
  }
  if (columns === null) throw new InvalidRequest('the body must be a CSV file that begins with a header')
  return { rowCount, failed }
}
