import type { TableName } from './warehouse.ts'

export type ImportType = 'event_stream' | 'people' | 'groups' | 'lookup_table'
export type SyncMode = 'time_based' | 'full_sync' | 'one_time'

/** What an import does with the rows of its table; columns by name, null: not named. */
export interface ImportDefinition {
  /** As sent. */
  readonly tableParams: Readonly<Record<string, string>>
  readonly eventName: string | null
  readonly eventColumn: string | null
  readonly timeColumn: string | null
  readonly userColumn: string | null
  readonly deviceColumn: string | null
  readonly jsonColumn: string | null
  readonly insertTimeColumn: string | null
  /** From name of column to name of property; null: the column is left out. */
  readonly propertyMappings: Readonly<Record<string, string | null>> | null
  readonly groupKey: string | null
  readonly groupIdColumn: string | null
  readonly keyColumn: string | null
  /** The property that a lookup table describes. */
  readonly lookupProperty: string | null
}

/** connectors §1: `schema`, `dataset_id` and a bare database name the same where a warehouse has only one of them. */
export const tableOf = ({ tableParams }: ImportDefinition): TableName => ({
  schema: tableParams['schema'] ?? tableParams['database'] ?? null,
  table: tableParams['table'] ?? '',
})

/** Why a mode does not go with a type; null: it does (connectors §1.1). */
export const modeFault = (
  type: ImportType,
  mode: SyncMode | 'mirror_mode',
  insertTimeColumn: string | null,
): string | null => {
  if (mode === 'mirror_mode') {
    return type === 'event_stream'
      ? 'mirror_mode is not offered by this server for its kinds of warehouse: use time_based, or one_time'
      : `mirror_mode is not possible for a table of type ${type}`
  }
  if (mode === 'full_sync' && type === 'event_stream') return 'full_sync is not possible for events: use time_based'
  if (mode === 'time_based' && type === 'lookup_table') return 'a lookup table is read by full_sync or one_time'
  if (mode === 'time_based' && insertTimeColumn === null) return 'time_based needs insert_time_column_name'
  return null
}
