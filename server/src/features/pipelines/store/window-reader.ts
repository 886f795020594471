import type { Readable } from 'node:stream'
import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { eventLineSql, lineSettings, visibleEventsSql } from '../../identity/index.ts'
import type { Window } from '../domain/layout.ts'

/** `where` of a pipeline as SQL over the rows of `visibleEventsSql`. */
export interface RowFilter {
  readonly joins: string
  readonly condition: string
  readonly params: Readonly<Record<string, unknown>>
}

export interface WindowRequest {
  readonly window: Window
  readonly events: readonly string[] | null
  readonly filter: RowFilter | null
  /** Names of properties that no line has. */
  readonly leftOut: readonly string[]
}

const windowTimeoutMs = 60 * 60_000

/** The events of a window as lines of raw export (export §3): hidden and erased people, expired and deleted events left out. */
export const readWindow = async (
  db: RegionDb,
  { projectId }: ProjectScope,
  { window, events, filter, leftOut }: WindowRequest,
  signal: AbortSignal,
): Promise<Readable> => {
  const names = events === null ? '' : 'AND e.event IN {names:Array(String)}'
  return db.stream(
    `SELECT ${eventLineSql('seconds', leftOut.length === 0 ? 'all' : 'leftOut')} ${visibleEventsSql('everybody', filter?.joins)}
       ${names} AND e.time >= fromUnixTimestamp64Milli({fromMs:Int64}, 'UTC')
       AND e.time < fromUnixTimestamp64Milli({toMs:Int64}, 'UTC') ${filter === null ? '' : `AND ${filter.condition}`}
     FORMAT LineAsString`,
    {
      params: { ...filter?.params, projectId, names: events ?? [], leftOut, zone: 'UTC', ...window },
      settings: lineSettings,
      signal,
      timeoutMs: windowTimeoutMs,
    },
  )
}
