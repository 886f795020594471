import type { Readable } from 'node:stream'
import type { TableVersions } from './table-versions.ts'

export type SqlParams = Readonly<Record<string, unknown>>
export type SqlSettings = Readonly<Record<string, string | number>>

export interface SqlOptions {
  /** Bound values for `{name:Type}` placeholders. */
  readonly params?: SqlParams
  readonly settings?: SqlSettings
  /** Kills the query on the engine when it fires. */
  readonly signal?: AbortSignal
  /** Client-side limit; the query is killed on the engine when it passes. Default 60 000. */
  readonly timeoutMs?: number
}

/** Names of a table as the engine needs them: one node or a cluster (DESIGN §13). */
export interface TableNames {
  /** Where rows are read from and inserted into. */
  readonly read: string
  /** Where ALTER … DELETE and part clean-up go. */
  readonly local: string
  /** `` or ` ON CLUSTER 'name'`. */
  readonly onCluster: string
}

/**
 * One region's engine. Every method throws EngineUnavailable (503) when the engine is down, stalled or restarting;
 * other engine errors become AppError INTERNAL with the driver's text only in `cause`.
 */
export interface RegionDb {
  readonly regionId: string
  /** Folder of the embedded engine's files; null when the engine is remote. */
  readonly dataDir: string | null
  table(name: string): TableNames
  /** All rows of a SELECT (without FORMAT), as JSONEachRow objects; 64-bit integers arrive as strings. */
  rows<Row>(sql: string, options?: SqlOptions): Promise<readonly Row[]>
  /** Raw bytes of a SELECT that names its own FORMAT; ends with an error when the engine fails midway. */
  stream(sql: string, options?: SqlOptions): Promise<Readable>
  /** Inserts newline-separated JSON objects (JSONEachRow); resolves when the rows are durable (fsync). */
  insert(table: string, jsonLines: string | Buffer, options?: SqlOptions): Promise<void>
  /** DDL, mutations, SYSTEM statements. */
  command(sql: string, options?: SqlOptions): Promise<void>
  /** What the tables are made of at a moment after the call: whether what was read of them before still holds. */
  versions(signal?: AbortSignal): Promise<TableVersions>
  /** Answers within `timeoutMs` or throws EngineUnavailable. */
  ping(timeoutMs?: number): Promise<void>
}
