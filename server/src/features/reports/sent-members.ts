import { csvRecordsOf } from '../../kernel/csv-records.ts'
import { InvalidRequest } from '../../kernel/errors.ts'

/** Of an uploaded cohort, after gunzip. */
export const memberBytesMax = 64 * 1_024 * 1_024

const idBytesMax = 255
const idColumns = ['$distinct_id', 'distinct_id']

/**
 * RPT-06: the ids of an upload as they arrive: CSV with a header, whose column `distinct_id` (or else the first one)
 * counts, or JSON: a list of ids, alone or as `distinct_ids`. Throws InvalidRequest that names the row and never the id.
 */
export const sentMembers = (
  chunks: AsyncIterable<Buffer>,
  contentType: string | undefined,
): AsyncIterable<readonly string[]> => (/\bjson\b/i.test(contentType ?? '') ? idsOfJson(chunks) : idsOfCsv(chunks))

const checkedId = (value: unknown, row: number): string => {
  const id = typeof value === 'number' ? String(value) : value
  if (typeof id !== 'string' || id === '' || !id.isWellFormed() || Buffer.byteLength(id) > idBytesMax) {
    throw new InvalidRequest(`row ${row} has no distinct_id of 1 to ${idBytesMax} bytes`)
  }
  return id
}

async function* idsOfJson(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  const body: Buffer[] = []
  for await (const chunk of chunks) body.push(chunk)
  const sent = parsed(Buffer.concat(body))
  const list = Array.isArray(sent) ? sent : (sent as { distinct_ids?: unknown } | null)?.distinct_ids
  if (!Array.isArray(list)) throw new InvalidRequest('the body must be a JSON list of distinct_ids')
  yield list.map((value, at) => checkedId(value, at + 1))
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    throw new InvalidRequest('the body must be a JSON list of distinct_ids')
  }
}

async function* idsOfCsv(chunks: AsyncIterable<Buffer>): AsyncGenerator<readonly string[]> {
  let column: number | null = null
  let row = 0
  for await (const records of csvRecordsOf(chunks)) {
    const ids: string[] = []
    for (const { fields, fault } of records) {
      if (column === null) {
        const named = fields.findIndex((name) => idColumns.includes(name.trim()))
        column = named === -1 ? 0 : named
        continue
      }
      row += 1
      if (fault !== null) throw new InvalidRequest(`row ${row} is no CSV: ${fault}`)
      ids.push(checkedId(fields[column], row))
    }
    yield ids
  }
  if (column === null) throw new InvalidRequest('the body must be a CSV file that begins with a header')
}
