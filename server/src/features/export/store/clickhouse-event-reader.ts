import type { Readable } from 'node:stream'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb, SqlOptions } from '../../../platform/clickhouse/region-db.ts'
import { eventLineSql, lineSettings, visibleEventsSql } from '../../identity/index.ts'
import type { ExportRequest } from '../domain/export-request.ts'

// A day that takes longer than this to read is stuck, not big: the engine streams while it reads.
const dayTimeoutMs = 10 * 60_000

// Lines that the engine puts in order at once: about 50 MB.
const spanEventCount = 100_000
// Threads make lines, side by side and block by block, and what is put in order is one column of texts. The engine's own
// plan orders all columns first and has a single thread make the lines, which takes twice as long.
const orderSettings = {
  query_plan_execute_functions_after_sorting: 0,
  max_block_size: 8_192,
  max_bytes_before_external_sort: 500_000_000,
}
const inDays = `e.time >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
  AND e.time < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC')`

/** `where` of a request as SQL over the rows of `visibleEventsSql`: what to join, what to ask, what is bound. */
export interface RowFilter {
  readonly joins: string
  readonly condition: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface LineOptions {
  readonly filter: RowFilter | null
  /** Names of properties that the lines do not have. */
  readonly leftOut: readonly string[]
  /** What the days of the request are days of. */
  readonly zone: string
  /** `wall`: times are what the clock of the zone shows, told as if it were UTC (EXP-04). */
  readonly clock: 'UTC' | 'wall'
}

/** The instants of days of a zone, both inclusive; half-open. */
export type RangeOfDays = (
  zone: string,
  fromDay: string,
  toDay: string,
) => { readonly fromMs: number; readonly toMs: number }

export interface EventReader {
  /** Stored events as export lines, oldest first, duplicates included (export §3). Nothing is read before the first pull. */
  lines(scope: ProjectScope, request: ExportRequest, signal: AbortSignal, options: LineOptions): AsyncIterable<Buffer>
}

/** Reads a few days at a time, and the next ones meanwhile, so that two large days are the most that the engine ever puts in order. */
export const createEventReader = (regionDb: (regionId: string) => RegionDb, rangeOfDays: RangeOfDays): EventReader => ({
  lines: async function* (scope, request, signal, { filter, leftOut, zone, clock }) {
    const db = regionDb(scope.regionId)
    const names = request.eventNames === null ? '' : 'AND e.event IN {names:Array(String)}'
    const params = { ...filter?.params, projectId: scope.projectId, names: request.eventNames ?? [], leftOut, zone }
    const events = `${visibleEventsSql('everybody', filter?.joins)} ${names} AND ${inDays}
         ${filter === null ? '' : `AND ${filter.condition}`}`
    const options = (fromDay: string, toDay: string): SqlOptions => ({
      params: { ...params, ...withinTime(rangeOfDays(zone, fromDay, toDay)) },
      settings: { ...lineSettings, ...orderSettings },
      signal,
      timeoutMs: dayTimeoutMs,
    })
    const days = await db.rows<{ day: string; event_count: string }>(
      `SELECT toDate(e.time, {zone:String}) AS day, count() AS event_count ${events}
         GROUP BY day ORDER BY day`,
      options(request.fromDay, request.toDay),
    )
    const spans = daySpans(days)
    const open = (at: number, left: number): Promise<Readable> | null => {
      const span = spans[at]
      if (span === undefined || left <= 0) return null
      const limit = request.maxEventCount === null ? '' : `LIMIT ${left}`
      const lines = db.stream(
        `SELECT ${eventLineSql(request.timeUnit, leftOut.length === 0 ? 'all' : 'leftOut', clock)} ${events}
         ORDER BY e.time, e.ingested_at ${limit} FORMAT LineAsString`,
        options(span.fromDay, span.toDay),
      )
      // Whoever waits for it hears of an error; until then it must not end the process.
      lines.catch(() => undefined)
      return lines
    }
    let left = request.maxEventCount ?? Number.MAX_SAFE_INTEGER
    let next = open(0, left)
    try {
      for (let at = 0; next !== null; at += 1) {
        const current = await next
        left -= spans[at]?.eventCount ?? 0
        // While these lines are sent, the engine makes the next ones.
        next = open(at + 1, left)
        yield* current
      }
    } finally {
      // Whoever read went away in the middle.
      void next?.then(
        (lines) => lines.destroy(),
        () => undefined,
      )
    }
  },
})

// 1900-01-01: the engine tells no earlier time.
const firstMs = -2_208_988_800_000
const withinTime = ({ fromMs, toMs }: ReturnType<RangeOfDays>) => ({
  fromMs: Math.max(fromMs, firstMs),
  toMs: Math.max(toMs, firstMs),
})

interface DaySpan {
  readonly fromDay: string
  readonly toDay: string
  readonly eventCount: number
}

/** Neighbouring days that hold few events are read together: a query costs more than a thousand lines. */
const daySpans = (days: readonly { readonly day: string; readonly event_count: string }[]): readonly DaySpan[] => {
  const spans: DaySpan[] = []
  for (const { day, event_count } of days) {
    const count = Number(event_count)
    const last = spans.at(-1)
    if (last === undefined || last.eventCount + count > spanEventCount) {
      spans.push({ fromDay: day, toDay: day, eventCount: count })
    } else {
      spans[spans.length - 1] = { ...last, toDay: day, eventCount: last.eventCount + count }
    }
  }
  return spans
}
