import type { CsvRecord } from '../../../kernel/csv-reader.ts'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { isFalsyKey, typedValue } from './typed-value.ts'

/** A row that may be stored. */
export interface LookupRow {
  /** Position in the file; the header is 0. */
  readonly index: number
  /** The first field, as it stands there: what a property's value is compared with. */
  readonly key: string
  /** JSON text by column, the first one included; columns without a value are left out. */
  readonly values: Readonly<Record<string, string>>
}

export interface FailedRow {
  readonly index: number
  readonly message: string
}

/** A column becomes a property: the limits of an event's properties (ingestion §7). */
export const columnCountMax = 255
const columnBytesMax = 255

/** More are not reported, nor looked for. */
export const failedRowCountMax = 10

export const duplicateKeyMessage = (firstIndex: number, secondIndex: number): string =>
  `invalid row: row indexes ${firstIndex} and ${secondIndex} have the same primary key`

/** The columns of a header. Throws InvalidRequest: with a bad header no row can be read. */
export const columnsOf = ({ fields, fault }: CsvRecord): readonly string[] => {
  if (fault !== null) throw new InvalidRequest(`invalid header: ${fault}`)
  if (fields.length < 2) throw new InvalidRequest('invalid header: at least two columns are required')
  if (fields.length > columnCountMax) throw new InvalidRequest(`invalid header: at most ${columnCountMax} columns`)
  if (fields.some((name) => name.trim() === '')) throw new InvalidRequest('invalid header: a column has no name')
  if (fields.some((name) => Buffer.byteLength(name) > columnBytesMax)) {
    throw new InvalidRequest(`invalid header: a column name is longer than ${columnBytesMax} bytes`)
  }
  if (new Set(fields).size < fields.length) throw new InvalidRequest('invalid header: column names must be unique')
  return fields
}

/** Reads one row under `columns`. Whether its key is unique only the whole table can tell. */
export const readRow = (columns: readonly string[], index: number, record: CsvRecord): LookupRow | FailedRow => {
  const { fields, fault } = record
  if (fault !== null) return { index, message: `invalid row: ${fault}` }
  if (fields.length !== columns.length) return { index, message: 'invalid row: wrong number of fields' }
  const key = fields[0] ?? ''
  if (isFalsyKey(key)) return { index, message: 'primary key is required and cannot be blank' }
  const values: Record<string, string> = Object.create(null)
  for (const [at, name] of columns.entries()) {
    const typed = typedValue(fields[at] ?? '')
    if (typed !== null) values[name] = typed
  }
  return { index, key, values }
}
