import { text } from 'node:stream/consumers'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { Binder } from './compile/sql-context.ts'
import type { ReadView } from './read-view.ts'

export interface RunLimits {
  readonly timeoutMs: number
  readonly memoryBytesMax: number
}

/** What a statement read, as the engine counts it. */
export interface StatementCost {
  readonly sql: string
  readonly params: Readonly<Record<string, unknown>>
  readonly readRows: number
  readonly readBytes: number
  readonly elapsedMs: number
}

export interface RunDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly limits: RunLimits
  readonly onRead?: (readBytes: number) => void
}

/** Runs the statements of one query. When the client goes away they end in the engine. */
export interface Run {
  /** All rows of a SELECT without FORMAT. 64-bit integers arrive as numbers where a double holds them exactly. */
  rows<Row>(view: ReadView, binder: Binder, sql: string): Promise<readonly Row[]>
  readonly costs: readonly StatementCost[]
}

interface Answer {
  readonly meta: readonly { readonly name: string }[]
  readonly data: readonly (readonly unknown[])[]
  readonly statistics: { readonly elapsed: number; readonly rows_read: number; readonly bytes_read: number }
}

export const createRun = ({ regionDb, limits, onRead }: RunDeps, signal: AbortSignal): Run => {
  const costs: StatementCost[] = []
  const settings = {
    max_memory_usage: limits.memoryBytesMax,
    max_bytes_before_external_group_by: Math.floor(limits.memoryBytesMax / 2),
    max_bytes_before_external_sort: Math.floor(limits.memoryBytesMax / 2),
    // The engine gives up a little before we do, so that nothing is left running.
    max_execution_time: Math.ceil(limits.timeoutMs / 1_000),
    output_format_json_quote_64bit_integers: 0,
    output_format_json_escape_forward_slashes: 0,
  }
  return {
    costs,
    rows: async <Row>(view: ReadView, binder: Binder, sql: string): Promise<readonly Row[]> => {
      const { params } = binder
      const options = { params, settings, signal, timeoutMs: limits.timeoutMs + 5_000 }
      const body = await regionDb(view.scope.regionId).stream(`${sql}\nFORMAT JSONCompact`, options)
      const { meta, data, statistics } = JSON.parse(await text(body)) as Answer
      const { elapsed, rows_read: readRows, bytes_read: readBytes } = statistics
      costs.push({ sql, params, readRows, readBytes, elapsedMs: Math.round(elapsed * 1_000) })
      onRead?.(readBytes)
      const names = meta.map(({ name }) => name)
      return data.map((values) => Object.fromEntries(values.map((value, at) => [names[at], value])) as Row)
    },
  }
}
