import { createHash } from 'node:crypto'
import { isJsonObject, type JsonValue, parseJson } from '../../../kernel/json.ts'
import type { ImportDefinition } from './import-definition.ts'
import type { SourceRow } from './warehouse.ts'

type Fields = { [name: string]: JsonValue }

/** Which import and run an event comes from (connectors §1.1). */
export interface Origin {
  readonly importId: number
  readonly runId: string
  readonly warehouse: string
  readonly table: string
}

/** A row as a record of `/import`. What is wrong with it is for `/import` to say. */
export const eventOf = (definition: ImportDefinition, row: SourceRow, origin: Origin): JsonValue => {
  const { eventName, eventColumn, timeColumn, userColumn, deviceColumn } = definition
  const user = idOf(row, userColumn)
  const device = idOf(row, deviceColumn)
  const named = [eventColumn, timeColumn, userColumn, deviceColumn]
  return {
    event: eventName ?? cellOf(row, eventColumn),
    properties: {
      ...propertiesOf(definition, row, named),
      ...(user === null ? {} : { $user_id: user }),
      ...(device === null ? {} : { $device_id: device }),
      // Who has signed in is who it was; a row with a device alone is the device's (identity §3.1).
      distinct_id: user ?? (device === null ? '' : `$device:${device.replace(/^\$device:/, '')}`),
      time: row.time,
      $insert_id: insertIdOf(origin.importId, row),
      $warehouse_import_id: origin.importId,
      $warehouse_type: origin.warehouse,
      $warehouse_import_job_id: origin.importId,
      $warehouse_import_run_id: origin.runId,
      $warehouse_table: origin.table,
    },
  }
}

/** A row as a record of `/engage` or `/groups`, without its token. */
export const profileOf = (definition: ImportDefinition, row: SourceRow): Fields => {
  const { groupKey, groupIdColumn, userColumn } = definition
  const $set = propertiesOf(definition, row, [groupIdColumn, userColumn])
  return groupKey === null
    ? { $distinct_id: idOf(row, userColumn) ?? '', $ignore_time: true, $set }
    : { $group_key: groupKey, $group_id: idOf(row, groupIdColumn) ?? '', $set }
}

/** The columns of a lookup table, its key first. */
export const lookupFields = (keyColumn: string, names: readonly string[], row: SourceRow): readonly string[] =>
  [keyColumn, ...names].map((name) => textOf(row.values[name] ?? null))

/** The same row of the same import is the same event, however often it is read. */
const insertIdOf = (importId: number, { values }: SourceRow): string => {
  const sorted = Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1))
  return createHash('sha256')
    .update(`${importId}\n${JSON.stringify(sorted)}`)
    .digest('hex')
    .slice(0, 36)
}

const cellOf = ({ values }: SourceRow, column: string | null): JsonValue =>
  column === null ? null : (values[column] ?? null)

const textOf = (value: JsonValue): string =>
  value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value)

const idOf = (row: SourceRow, column: string | null): string | null => textOf(cellOf(row, column)) || null

/** Columns that mean nothing else, and the JSON column flattened by one level; a column wins. NULL says nothing. */
const propertiesOf = (definition: ImportDefinition, row: SourceRow, named: readonly (string | null)[]): Fields => {
  const { jsonColumn, insertTimeColumn, propertyMappings } = definition
  const meaning = new Set([...named, jsonColumn, insertTimeColumn])
  const found: Fields = {}
  for (const [name, value] of Object.entries(objectOf(cellOf(row, jsonColumn)))) if (value !== null) found[name] = value
  for (const [column, value] of Object.entries(row.values)) {
    const name = propertyMappings?.[column] === undefined ? column : propertyMappings[column]
    if (name !== null && value !== null && !meaning.has(column)) found[name] = value
  }
  return found
}

const objectOf = (value: JsonValue): { readonly [name: string]: JsonValue } => {
  if (isJsonObject(value)) return value
  if (typeof value !== 'string') return {}
  try {
    const parsed = parseJson(value)
    return isJsonObject(parsed) ? parsed : {}
  } catch {
    // A column that is no JSON has no properties in it.
    return {}
  }
}
