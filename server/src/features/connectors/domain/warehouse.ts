import type { JsonValue } from '../../../kernel/json.ts'

/** What can be read by a connection. Others are refused by name (docs/spec/connectors.md §2). */
export type WarehouseKind = 'postgres' | 'clickhouse'

/** `schema` is the database where there are no schemas. */
export interface TableName {
  readonly schema: string | null
  readonly table: string
}

/** From where an Append goes on; `isInclusive`: rows of that very instant may be missing. */
export interface ReadAfter {
  readonly insertTime: string
  readonly isInclusive: boolean
}

export interface TableQuestion {
  readonly table: TableName
  readonly timeColumn: string | null
  /** Rows come in its order when there is one. */
  readonly insertTimeColumn: string | null
  readonly after: ReadAfter | null
}

/** A row as the warehouse has it, by name of column. */
export interface SourceRow {
  readonly values: Readonly<Record<string, JsonValue>>
  /** Of `timeColumn`: milliseconds of a column of instants, else the value as it is. */
  readonly time: JsonValue
  /** Of `insertTimeColumn`, as text that `ReadAfter` takes; null: the row has none. */
  readonly insertTime: string | null
}

/** A connection. Every method throws WarehouseRefused, whose words are ours: a warehouse quotes rows. */
export interface Warehouse {
  /** Connects and asks for nothing. */
  test(): Promise<void>
  /** Batches in order; holds one of them at a time. */
  rows(question: TableQuestion, signal: AbortSignal): AsyncIterable<readonly SourceRow[]>
}
