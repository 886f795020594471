import { AppError } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { isJsonObject, type JsonValue, parseJson } from '../../kernel/json.ts'
import { WarehouseRefused } from './errors.ts'
import type { Rows } from './ports.ts'
import { ourFault, type Place, storeRows } from './run-import.ts'
import type { BucketConnector, BucketProgress, BucketStore, Category } from './store/postgres-bucket-store.ts'
import type { Bucket, BucketFile, BucketKeys } from './store/s3-bucket.ts'

export interface BucketRunDeps extends Pick<Rows, 'rowDoor'> {
  readonly buckets: BucketStore
  readonly nowMs: () => number
  readonly openProject: (projectId: number) => Promise<Place | null>
  readonly openBucket: (place: BucketConnector['properties'], keys: BucketKeys) => Promise<Bucket>
}

// Documented: such a file ends the job.
const fileBytesMax = 2_000_000_000
const kinds = { mixpanel_event: 'events', mixpanel_people: 'people', mixpanel_group: 'groups' } as const

/**
 * CONN-01: one scan of a bucket. Killed, it goes on with the file it was at; the events of that file are known by their
 * `$insert_id`. Throws only what may pass. Memory holds one batch of lines.
 */
export const runBucket = async (
  deps: BucketRunDeps,
  connector: BucketConnector & { readonly keys: BucketKeys },
  signal: AbortSignal,
): Promise<void> => {
  const { buckets, nowMs } = deps
  try {
    const bucket = await deps.openBucket(connector.properties, connector.keys)
    try {
      await scan(deps, connector, { bucket, signal })
    } finally {
      bucket.close()
    }
    if (!signal.aborted) await buckets.end(connector.id, 'success', null, nowMs())
  } catch (error) {
    if (signal.aborted) return
    if (error instanceof AppError && error.retryable) throw error
    const isTold = error instanceof AppError && error.expose
    await buckets.end(connector.id, 'failed', isTold ? error.message : ourFault, nowMs())
    if (!isTold) throw error
  }
}

interface Scan {
  readonly bucket: Bucket
  readonly signal: AbortSignal
}

const scan = async (deps: BucketRunDeps, connector: BucketConnector, { bucket, signal }: Scan) => {
  let fileCount = 0
  for await (const { bytes } of bucket.files()) {
    fileCount += 1
    if (bytes >= fileBytesMax) throw new WarehouseRefused('a file has 2 GB or more: cut it into smaller ones')
  }
  let done: BucketProgress = { ...connector, file_count: fileCount }
  let at = 0
  for await (const file of bucket.files()) {
    at += 1
    if (at <= done.done_file_count) continue
    const counts = await loadFile(deps, connector, file, { bucket, signal })
    if (signal.aborted) return
    done = {
      file_count: fileCount,
      done_file_count: at,
      imported_count: done.imported_count + counts.importedCount,
      dropped_count: done.dropped_count + counts.droppedCount,
      imported_bytes: done.imported_bytes + file.bytes,
    }
    if (!(await deps.buckets.progress(connector.id, done))) return
  }
}

const loadFile = async (
  deps: BucketRunDeps,
  { id, category, project_id: projectId }: BucketConnector,
  file: BucketFile,
  { bucket, signal }: Scan,
) => {
  let [importedCount, droppedCount] = [0, 0]
  for await (const lines of bucket.lines(file, category.compression === 'gzip', signal)) {
    const records = lines.flatMap((line) => recordOf(category, id, line) ?? [])
    const stored =
      records.length === 0
        ? { importedCount: 0 }
        : await storeRows(deps, kinds[category.data_format], { projectId, signal }, records)
    importedCount += stored.importedCount
    droppedCount += lines.length - stored.importedCount
  }
  return { importedCount, droppedCount }
}

/** Null: the line is no record. An event without `$insert_id` gets one of its line, so that a second look adds nothing. */
const recordOf = ({ data_format }: Category, connectorId: string, line: string): JsonValue | null => {
  const record = jsonOf(line)
  if (!isJsonObject(record)) return null
  if (data_format === 'mixpanel_event') {
    const properties = isJsonObject(record['properties']) ? record['properties'] : {}
    const $insert_id = sha256Hex(`${connectorId}\n${line}`).slice(0, 36)
    return { ...record, properties: { $insert_id, ...properties } }
  }
  const $set = record['$properties'] ?? {}
  if (data_format === 'mixpanel_people') return { $distinct_id: record['$distinct_id'] ?? '', $ignore_time: true, $set }
  return { $group_key: record['$group_key'] ?? '', $group_id: record['$group_id'] ?? '', $set }
}

const jsonOf = (line: string): JsonValue => {
  try {
    return parseJson(line)
  } catch {
    // Counted as dropped.
    return null
  }
}
