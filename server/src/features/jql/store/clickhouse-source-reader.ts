import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { lineSettings } from '../../identity/index.ts'
import type { ReadView } from '../../query/index.ts'
import type { Request } from '../domain/language/session.ts'
import { sourceStatement } from './source-sql.ts'

export interface SourceReaderOptions {
  readonly timeoutMs: number
  readonly memoryBytesMax: number
}

/**
 * The records of a source, a line of JSON each. The statement is made at once, so that what is wrong with it is told
 * before anything is read; it ends in the engine when the reading stops or `signal` fires.
 */
export const openSource = (
  db: RegionDb,
  view: ReadView,
  request: Request,
  { timeoutMs, memoryBytesMax }: SourceReaderOptions,
  signal: AbortSignal,
): AsyncIterable<Buffer> => {
  const { sql, params } = sourceStatement(view, request)
  const settings = {
    ...lineSettings,
    max_memory_usage: memoryBytesMax,
    max_bytes_before_external_sort: Math.floor(memoryBytesMax / 2),
    max_bytes_before_external_group_by: Math.floor(memoryBytesMax / 2),
    max_execution_time: Math.ceil(timeoutMs / 1_000),
  }
  return (async function* () {
    const reading = new AbortController()
    try {
      const options = {
        params,
        settings,
        timeoutMs: timeoutMs + 5_000,
        signal: AbortSignal.any([signal, reading.signal]),
      }
      yield* await db.stream(`${sql}\nFORMAT LineAsString`, options)
    } finally {
      reading.abort()
    }
  })()
}
