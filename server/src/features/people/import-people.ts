import { randomUUID } from 'node:crypto'
import type { ScopedStream } from '../../http/route.ts'
import { csvRecordsOf } from '../../kernel/csv-records.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { ProfileUpdate } from '../profiles/index.ts'
import { textList, yesOrNo } from '../query/index.ts'
import { typedField } from './domain/typed-field.ts'
import { auditOf, type EditDeps } from './edit-person.ts'
import { applyUpdates, type ProfileRecord, writableOf } from './write-profiles.ts'

/** people §4: rows of one file. */
export const importRowCountMax = 1_000_000
export const importBytesMax = 200 * 1_024 * 1_024
const batchRowCount = 1_000
const shownFaultCountMax = 100
const columnCountMax = 500

export interface ImportOutcome {
  readonly rows: number
  readonly imported: number
  readonly failed: number
  /** The first of the failed rows, counted from 1. */
  readonly failed_rows: readonly { readonly row: number; readonly error: string }[]
}

interface Waiting {
  readonly row: number
  readonly update: ProfileUpdate
}

/**
 * RPT-05: profiles of a CSV file, a row each. `columns` names its columns in order, '' for one to leave out; the one
 * named `$distinct_id` says who, without it `$email`, without both everybody is new. `has_header`: the first line is no
 * row. Rows before a broken one stay imported; memory holds a chunk and a batch.
 */
export const importPeople = async (deps: EditDeps, request: ScopedStream): Promise<ImportOutcome> => {
  const columns = columnsOf(request)
  const hasHeader = yesOrNo(request.query, 'has_header', false)
  await deps.audit.append(auditOf(request, 'profile.batch_updated', { columns: columns.length }))
  const failed: { row: number; error: string }[] = []
  let failedCount = 0
  let rowCount = 0
  let isHeader = hasHeader
  let waiting: Waiting[] = []
  const fail = (row: number, error: string): void => {
    failedCount += 1
    if (failed.length < shownFaultCountMax) failed.push({ row, error })
  }
  const flush = async (): Promise<void> => {
    const updates = waiting.map(({ update }) => update)
    const refusals = await applyUpdates(deps, request.scope, request.project, updates)
    for (const [at, refusal] of refusals.entries()) if (refusal !== null) fail(waiting[at]?.row ?? 0, refusal)
    waiting = []
  }
  for await (const records of csvRecordsOf(request.chunks)) {
    for (const { fields, fault } of records) {
      if (isHeader) {
        isHeader = false
        continue
      }
      rowCount += 1
      if (rowCount > importRowCountMax) throw new InvalidRequest(`at most ${importRowCountMax} rows`)
      const record = fault === null ? recordOf(columns, fields) : fault
      if (typeof record === 'string') {
        fail(rowCount, record)
        continue
      }
      const writable = await writableOf(deps, request.project, record, deps.clock.nowMs())
      if (writable.kind === 'accept') waiting.push({ row: rowCount, update: writable.update })
      else fail(rowCount, writable.message)
      if (waiting.length === batchRowCount) await flush()
    }
  }
  await flush()
  return { rows: rowCount, imported: rowCount - failedCount, failed: failedCount, failed_rows: failed }
}

const columnsOf = ({ query }: ScopedStream): readonly string[] => {
  const columns = textList(query, 'columns') ?? []
  if (columns.length === 0 || columns.length > columnCountMax) {
    throw new InvalidRequest(`columns is required: a JSON array of 1 to ${columnCountMax} names, one for each column`)
  }
  const named = columns.filter((name) => name !== '')
  if (new Set(named).size !== named.length) throw new InvalidRequest('columns: each name once')
  return columns
}

/** The record of a row, or what is wrong with it. */
const recordOf = (columns: readonly string[], fields: readonly string[]): ProfileRecord | string => {
  if (fields.length > columns.length) return `${fields.length} fields for ${columns.length} columns`
  const values = columns.map((name, at) => [name, typedField(fields[at] ?? '')] as const)
  const sent = values.filter(([name, value]) => name !== '' && name !== '$distinct_id' && value !== null)
  const set = Object.fromEntries(sent) as JsonValue
  const idColumn = columns.includes('$distinct_id') ? '$distinct_id' : columns.includes('$email') ? '$email' : null
  const distinctId = idColumn === null ? randomUUID() : (fields[columns.indexOf(idColumn)] ?? '')
  return distinctId === '' ? `no ${idColumn}` : { $distinct_id: distinctId, $ignore_time: true, $set: set }
}
