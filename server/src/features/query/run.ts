import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { StringDecoder } from 'node:string_decoder'
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

export interface RowsOptions {
  /**
   * Find the events of given ids by the projection `by_person`. Only where no condition of a request stands beside them:
   * for conditions with AND inside of NOT, `if` or the like the engine (26.7) then finds no row at all.
   */
  readonly isByPerson?: boolean
}

/** Runs the statements of one query. When the client goes away they end in the engine. */
export interface Run {
  /** All rows of a SELECT without FORMAT. 64-bit integers arrive as numbers where a double holds them exactly. */
  rows<Row>(view: ReadView, binder: Binder, sql: string, options?: RowsOptions): Promise<readonly Row[]>
  /** The same one row at a time, as a list of the columns' values, for answers that need not fit in memory. */
  each<Row extends readonly unknown[]>(view: ReadView, binder: Binder, sql: string): AsyncIterable<Row>
  readonly costs: readonly StatementCost[]
}

interface Statistics {
  readonly elapsed: number
  readonly rows_read: number
  readonly bytes_read: number
}

interface Answer {
  readonly meta: readonly { readonly name: string }[]
  readonly data: readonly (readonly unknown[])[]
  readonly statistics: Statistics
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
  const answer = (view: ReadView, { params }: Binder, sql: string, isByPerson = false): Promise<Readable> => {
    const all = { ...settings, optimize_use_projection_filtering: isByPerson ? 1 : 0 }
    const options = { params, settings: all, signal, timeoutMs: limits.timeoutMs + 5_000 }
    return regionDb(view.scope.regionId).stream(`${sql}\nFORMAT JSONCompact`, options)
  }
  const note = ({ params }: Binder, sql: string, { elapsed, rows_read, bytes_read }: Statistics): void => {
    costs.push({ sql, params, readRows: rows_read, readBytes: bytes_read, elapsedMs: Math.round(elapsed * 1_000) })
    onRead?.(bytes_read)
  }
  return {
    costs,
    rows: async <Row>(
      view: ReadView,
      binder: Binder,
      sql: string,
      { isByPerson }: RowsOptions = {},
    ): Promise<readonly Row[]> => {
      const { meta, data, statistics } = JSON.parse(await text(await answer(view, binder, sql, isByPerson))) as Answer
      note(binder, sql, statistics)
      const names = meta.map(({ name }) => name)
      return data.map((values) => Object.fromEntries(values.map((value, at) => [names[at], value])) as Row)
    },
    async *each<Row extends readonly unknown[]>(view: ReadView, binder: Binder, sql: string) {
      const body = await answer(view, binder, sql)
      const rest: string[] = []
      for await (const line of linesOf(body)) {
        // The engine writes a row in a line, and nothing else begins like it.
        if (line.startsWith('\t\t[')) yield JSON.parse(line.endsWith(',') ? line.slice(0, -1) : line) as Row
        else rest.push(line)
      }
      note(binder, sql, statisticsIn(rest))
    },
  }
}

async function* linesOf(body: Readable): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  // Pieces of a line that has not ended: a row may be long, and is put together once.
  let begun: string[] = []
  for await (const chunk of body) {
    const [first = '', ...others] = decoder.write(chunk as Buffer).split('\n')
    begun.push(first)
    if (others.length === 0) continue
    yield begun.join('')
    begun = [others.pop() ?? '']
    yield* others
  }
  yield begun.join('')
}

const statisticsIn = (lines: readonly string[]): Statistics => {
  const number = (name: keyof Statistics): number => {
    const line = lines.find((one) => one.includes(`"${name}":`))
    return Number(line?.slice(line.indexOf(':') + 1).replace(',', '') ?? 0)
  }
  return { elapsed: number('elapsed'), rows_read: number('rows_read'), bytes_read: number('bytes_read') }
}
