import { InvalidRequest } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { createCsvReader } from './domain/csv-reader.ts'
import { columnsOf, type FailedRow, failedRowCountMax, readRow } from './domain/table-rows.ts'
import type { LookupRows, RowPlace } from './store/clickhouse-lookup-rows.ts'
import { type LookupTableStore, tooManyRows, type Upload } from './store/postgres-lookup-table-store.ts'

export interface ReplaceDeps {
  readonly tables: LookupTableStore
  readonly rowsOf: (regionId: string) => LookupRows
  /** Removes what nobody reads any longer. Never throws. */
  readonly sweep: (regionId: string) => Promise<void>
}

/** The body of a PUT, and who goes away when nobody waits for the answer any more. */
export interface SentTable {
  readonly chunks: AsyncIterable<Buffer>
  readonly signal: AbortSignal
}

/**
 * ING-25: replaces a table by the rows of a CSV file, wholly or not at all. The rows are stored beside the old ones,
 * checked, and then made the table by one row of the control store. Answers the bad rows; none when it was replaced.
 * Memory holds a chunk, a row and a block, whatever the size of the file. Throws NoSuchLookupTable, RateLimited,
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
    if (failed.length > 0) return failed
    await deps.tables.finish(scope, tableId, version, rowCount)
    return []
  } finally {
    // If this fails, the upload is given up by its age.
    await deps.tables.giveUp(scope, version).catch(() => undefined)
    await deps.sweep(scope.regionId)
  }
}

interface Loaded {
  readonly rowCount: number
  readonly failed: readonly FailedRow[]
}

const load = async (
  deps: ReplaceDeps,
  place: RowPlace,
  { chunks, signal }: SentTable,
  { rowCountLeft, rowCountMax }: Upload,
): Promise<Loaded> => {
  const rows = deps.rowsOf(place.scope.regionId)
  const writer = rows.writer(place, signal)
  const failed: FailedRow[] = []
  let columns: readonly string[] | null = null
  let rowCount = 0
  for await (const record of recordsOf(chunks)) {
    if (columns === null) {
      columns = columnsOf(record)
      continue
    }
    rowCount += 1
    if (rowCount > rowCountLeft) throw tooManyRows(rowCountMax)
    const row = readRow(columns, rowCount, record)
    if ('key' in row) await writer.add(row)
    else if (failed.push(row) === failedRowCountMax) return { rowCount, failed }
  }
  if (columns === null) throw new InvalidRequest('the body must be a CSV file that begins with a header')
  await writer.flush()
  const duplicates = await rows.duplicates(place, failedRowCountMax - failed.length, signal)
  return { rowCount, failed: [...failed, ...duplicates].sort((a, b) => a.index - b.index) }
}

async function* recordsOf(chunks: AsyncIterable<Buffer>) {
  const reader = createCsvReader()
  // Takes a byte order mark away.
  const decoder = new TextDecoder('utf-8', { fatal: true })
  for await (const chunk of chunks) yield* reader.push(decoded(() => decoder.decode(chunk, { stream: true })))
  yield* reader.push(decoded(() => decoder.decode()))
  yield* reader.end()
}

const decoded = (decode: () => string): string => {
  try {
    return decode()
  } catch {
    throw new InvalidRequest('the body is not valid UTF-8')
  }
}
