import { request as httpRequest, type IncomingMessage } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { AppError } from '../../../kernel/errors.ts'
import { type JsonValue, parseJson } from '../../../kernel/json.ts'
import { isAllowedAddress, type Outbound } from '../../../platform/outbound-address.ts'
import type { SourceRow, TableQuestion, Warehouse } from '../domain/warehouse.ts'
import { WarehouseRefused } from '../errors.ts'

export interface ClickHouseConnection {
  /** http(s)://host:port; plain only where the network is one that LETHE_OUTBOUND_ALLOW names. */
  readonly url: string
  readonly database: string
  readonly user: string
}

const idleTimeoutMs = 60_000
const batchCount = 500
const lineBytesMax = 64 * 1_024 * 1_024

/** CONN-10: ClickHouse by HTTP. The answer is read as it comes: what is not taken yet holds the warehouse back. */
export const createClickHouseWarehouse = (
  outbound: Outbound,
  connection: ClickHouseConnection,
  password: string,
): Warehouse => {
  const ask = (sql: string, signal?: AbortSignal) => send(outbound, connection, password, sql, signal)
  return {
    test: async () => {
      for await (const _ of linesOf(await ask('SELECT 1 FORMAT JSONEachRow')));
    },
    rows: async function* (question, signal) {
      const types = await columnTypes(ask, question)
      let batch: SourceRow[] = []
      for await (const line of linesOf(await ask(readSql(question, types), signal))) {
        batch.push(rowOf(line))
        if (batch.length < batchCount) continue
        yield batch
        batch = []
      }
      if (batch.length > 0) yield batch
    },
  }
}

type Ask = (sql: string, signal?: AbortSignal) => Promise<IncomingMessage>

const fromOf = ({ table: { schema, table } }: TableQuestion): string =>
  `${schema === null ? '' : `${quoted(schema)}.`}${quoted(table)}`

const columnTypes = async (ask: Ask, question: TableQuestion): Promise<ReadonlyMap<string, string>> => {
  const types = new Map<string, string>()
  for await (const line of linesOf(await ask(`DESCRIBE TABLE ${fromOf(question)} FORMAT JSONEachRow`))) {
    const { name, type } = JSON.parse(line) as { name: string; type: string }
    types.set(name, type)
  }
  return types
}

const isInstant = (type: string): boolean => /^Date(?:32|Time(?:64)?)?(?:\(|$)/.test(type)

const typeOf = (column: string, types: ReadonlyMap<string, string>): string => {
  const type = types.get(column)
  if (type === undefined) throw new WarehouseRefused(`the table has no column ${column}`)
  return type.replace(/^LowCardinality\((.*)\)$/, '$1').replace(/^Nullable\((.*)\)$/, '$1')
}

// The names of what we add stand beside those of the table, in a tuple of their own.
const readSql = (question: TableQuestion, types: ReadonlyMap<string, string>): string => {
  const { timeColumn, insertTimeColumn, after } = question
  const row = `tuple(${[...types.keys()].map((name) => `t.${quoted(name)}`).join(', ')})`
  const tupleType = `Tuple(${[...types].map(([name, type]) => `${quoted(name)} ${type}`).join(', ')})`
  const named = `CAST(${row}, '${tupleType.replace(/[\\']/g, '\\$&')}')`
  const time = timeColumn === null ? 'NULL' : timeSql(timeColumn, typeOf(timeColumn, types))
  let inserted = 'NULL'
  let rest = ''
  if (insertTimeColumn !== null) {
    if (!isInstant(typeOf(insertTimeColumn, types))) {
      throw new WarehouseRefused(`${insertTimeColumn} must be a column of timestamps or dates`)
    }
    const column = `t.${quoted(insertTimeColumn)}`
    inserted = `toString(toDateTime64(${column}, 6, 'UTC'))`
    const bound = after === null ? '' : `toDateTime64('${after.insertTime.replace(/[^0-9 .:-]/g, '')}', 6, 'UTC')`
    const sign = after?.isInclusive === true ? '>=' : '>'
    rest = `${after === null ? '' : `WHERE toDateTime64(${column}, 6, 'UTC') ${sign} ${bound} `}ORDER BY ${column}`
  }
  return `SELECT ${named} AS lethe_row, ${time} AS lethe_time, ${inserted} AS lethe_insert_time
    FROM ${fromOf(question)} AS t ${rest} FORMAT JSONEachRow`
}

const timeSql = (column: string, type: string): string =>
  isInstant(type) ? `toUnixTimestamp64Milli(toDateTime64(t.${quoted(column)}, 3, 'UTC'))` : `t.${quoted(column)}`

const rowOf = (line: string): SourceRow => {
  const { lethe_row, lethe_time, lethe_insert_time } = parseJson(line) as Readonly<Record<string, JsonValue>>
  return {
    values: lethe_row as SourceRow['values'],
    time: lethe_time ?? null,
    insertTime: (lethe_insert_time ?? null) as string | null,
  }
}

const quoted = (name: string): string => `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``

const settings = {
  readonly: '2',
  output_format_json_quote_64bit_integers: '0',
  output_format_json_named_tuples_as_objects: '1',
  output_format_json_escape_forward_slashes: '0',
  date_time_output_format: 'iso',
  max_execution_time: String(20 * 3_600),
}

const send = async (
  outbound: Outbound,
  { url: base, database, user }: ClickHouseConnection,
  password: string,
  sql: string,
  signal?: AbortSignal,
): Promise<IncomingMessage> => {
  const url = outbound.check(base)
  const isPlain = url.protocol === 'http:'
  const [first] = await outbound.addressesOf(url.hostname)
  if (isPlain && isAllowedAddress(first?.address ?? '', [])) {
    throw new WarehouseRefused('plain http is for networks of LETHE_OUTBOUND_ALLOW only: use https')
  }
  for (const [name, value] of Object.entries({ ...settings, database })) url.searchParams.set(name, value)
  const headers = { 'X-ClickHouse-User': user, 'X-ClickHouse-Key': password, 'Content-Type': 'text/plain' }
  const agent = isPlain ? outbound.httpAgent : outbound.httpsAgent
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const options = {
      method: 'POST',
      headers,
      agent,
      timeout: idleTimeoutMs,
      ...(signal === undefined ? {} : { signal }),
    }
    const asked = (isPlain ? httpRequest : httpsRequest)(url, options, resolve)
    asked.on('timeout', () => asked.destroy(new Error('the warehouse is silent')))
    asked.on('error', reject)
    asked.end(sql)
  }).catch((error: unknown) => {
    throw error instanceof AppError ? error : new WarehouseRefused('the warehouse cannot be reached', error)
  })
  if (answer.statusCode !== 200) {
    answer.destroy()
    throw new WarehouseRefused(sentenceOf(answer))
  }
  return answer
}

const sentences: Readonly<Record<string, string>> = {
  '16': 'the table has no such column',
  '47': 'the table has no such column',
  '60': 'the warehouse has no such table',
  '81': 'the warehouse has no such database',
  '164': 'the user of the connection is not allowed to set what a read needs',
  '192': 'the warehouse refused the user',
  '497': 'the user of the connection may not read the table',
  '516': 'the warehouse refused the user or the password',
}

const sentenceOf = ({ statusCode, headers }: IncomingMessage): string => {
  const code = String(headers['x-clickhouse-exception-code'] ?? '')
  if (!/^\d{1,6}$/.test(code)) return `the warehouse answered ${statusCode}`
  return sentences[code] ?? `the warehouse refused the query (code ${code})`
}

/** Lines of JSON objects; what is none is the warehouse's own error in the middle of an answer. */
async function* linesOf(answer: IncomingMessage): AsyncIterable<string> {
  let rest = ''
  try {
    answer.setEncoding('utf8')
    for await (const chunk of answer as AsyncIterable<string>) {
      const lines = (rest + chunk).split('\n')
      rest = lines.pop() ?? ''
      if (rest.length > lineBytesMax) throw new WarehouseRefused('a row is too large')
      for (const line of lines) yield checked(line)
    }
    if (rest !== '') yield checked(rest)
  } catch (error) {
    throw error instanceof AppError ? error : new WarehouseRefused('the warehouse broke off its answer', error)
  }
}

const checked = (line: string): string => {
  if (line.startsWith('{') && line.endsWith('}')) return line
  throw new WarehouseRefused('the warehouse ended the query')
}
