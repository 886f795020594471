import { isIP, Socket } from 'node:net'
import pg from 'pg'
import { AppError } from '../../../kernel/errors.ts'
import { parseJson } from '../../../kernel/json.ts'
import { isAllowedAddress, type Outbound } from '../../../platform/outbound-address.ts'
import type { SourceRow, TableQuestion, Warehouse } from '../domain/warehouse.ts'
import { WarehouseRefused } from '../errors.ts'

export interface PostgresConnection {
  readonly host: string
  readonly port: number
  readonly database: string
  readonly user: string
  /** `disable` only where the network is one that LETHE_OUTBOUND_ALLOW names. */
  readonly sslmode: 'verify-full' | 'verify-ca' | 'disable'
  /** PEM; null: the authorities of the system. */
  readonly caBundle: string | null
}

const connectTimeoutMs = 15_000
// connectors §1.1: a query may take 20 hours. A row can be wide: so many are held at once.
const queryTimeoutMs = 20 * 3_600_000
const fetchCount = 500

/** CONN-10: Postgres by its own protocol, read-only, one snapshot for each run, through a cursor. */
export const createPostgresWarehouse = (
  outbound: Outbound,
  connection: PostgresConnection,
  password: string,
): Warehouse => {
  const withClient = async function* <T>(work: (client: pg.Client) => AsyncIterable<T>): AsyncIterable<T> {
    const client = await open(outbound, connection, password)
    try {
      yield* work(client)
    } catch (error) {
      throw error instanceof AppError ? error : refusalOf(error)
    } finally {
      await client.end().catch(() => undefined)
    }
  }
  return {
    test: async () => {
      for await (const _ of withClient(ping)) return
    },
    rows: (question, signal) => withClient((client) => readTable(client, question, signal)),
  }
}

async function* ping(client: pg.Client) {
  yield await client.query('SELECT 1')
}

const open = async (outbound: Outbound, connection: PostgresConnection, password: string): Promise<pg.Client> => {
  const { host, port, database, user, sslmode, caBundle } = connection
  // The address that was looked at is the one that is connected to: no second look at the name, no socket of a file.
  const [first] = await outbound.addressesOf(host)
  const address = first?.address ?? ''
  if (sslmode === 'disable' && isAllowedAddress(address, [])) {
    throw new WarehouseRefused('sslmode disable is for networks of LETHE_OUTBOUND_ALLOW only: use verify-full')
  }
  const client = new pg.Client({
    host: address,
    port,
    database,
    user,
    password,
    stream: () => new Socket(),
    ssl: sslmode === 'disable' ? false : tlsOf(host, sslmode, caBundle),
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: queryTimeoutMs,
    options: '-c default_transaction_read_only=on',
    application_name: 'lethe',
  })
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    await client.end().catch(() => undefined)
    throw refusalOf(error)
  }
}

const tlsOf = (host: string, sslmode: 'verify-full' | 'verify-ca', caBundle: string | null) => ({
  rejectUnauthorized: true,
  host,
  ...(isIP(host) === 0 ? { servername: host } : {}),
  ...(caBundle === null ? {} : { ca: caBundle }),
  ...(sslmode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
})

async function* readTable(client: pg.Client, question: TableQuestion, signal: AbortSignal) {
  const { table, timeColumn, insertTimeColumn, after } = question
  const from = `${table.schema === null ? '' : `${quoted(table.schema)}.`}${quoted(table.table)}`
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query(`SET LOCAL timezone = 'UTC'`)
  const types = await columnTypes(client, from)
  const time = timeColumn === null ? 'NULL' : timeSql(timeColumn, types)
  const inserted = insertTimeColumn === null ? null : insertTimeSql(insertTimeColumn, types)
  const column = insertTimeColumn === null ? '' : `t.${quoted(insertTimeColumn)}`
  // Postgres binds nothing in a statement that declares a cursor; the text is one that it gave itself.
  const where =
    after === null || inserted === null
      ? ''
      : `WHERE ${column} ${after.isInclusive ? '>=' : '>'} ${pg.escapeLiteral(after.insertTime)}::${inserted.type}`
  const sql = `DECLARE lethe NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row, ${time} AS time,
    ${inserted === null ? 'NULL' : inserted.text} AS insert_time FROM ${from} AS t ${where}
    ${inserted === null ? '' : `ORDER BY ${column}`}`
  await client.query(sql)
  while (!signal.aborted) {
    const { rows } = await client.query<{ row: string; time: string | null; insert_time: string | null }>(
      `FETCH ${fetchCount} FROM lethe`,
    )
    if (rows.length === 0) return
    yield rows.map(({ row, time, insert_time }): SourceRow => {
      const values = parseJson(row) as SourceRow['values']
      return { values, time: time === null ? null : parseJson(time), insertTime: insert_time }
    })
  }
}

/** By name of column; also finds out that the table is not there. */
const columnTypes = async (client: pg.Client, from: string): Promise<ReadonlyMap<string, string>> => {
  const { fields } = await client.query(`SELECT * FROM ${from} LIMIT 0`)
  const { rows } = await client.query<{ name: string }>(
    'SELECT format_type(oid, NULL) AS name FROM unnest($1::oid[]) WITH ORDINALITY AS asked(oid, at) ORDER BY at',
    [fields.map(({ dataTypeID }) => dataTypeID)],
  )
  return new Map(fields.map(({ name }, at) => [name, rows[at]?.name ?? '']))
}

const instants: ReadonlySet<string> = new Set(['timestamp with time zone', 'timestamp without time zone', 'date'])

const typeOf = (column: string, types: ReadonlyMap<string, string>): string => {
  const type = types.get(column)
  if (type === undefined) throw new WarehouseRefused(`the table has no column ${column}`)
  return type
}

/** JSON text: milliseconds of an instant, else the value. */
const timeSql = (column: string, types: ReadonlyMap<string, string>): string =>
  instants.has(typeOf(column, types))
    ? `floor(extract(epoch FROM t.${quoted(column)}) * 1000)::bigint::text`
    : `to_jsonb(t.${quoted(column)})::text`

// Where a run has come to is kept in the control store, which holds no values: an instant is none.
const insertTimeSql = (column: string, types: ReadonlyMap<string, string>) => {
  const type = typeOf(column, types)
  if (!instants.has(type)) throw new WarehouseRefused(`${column} must be a column of timestamps or dates`)
  return { type, text: `t.${quoted(column)}::text` }
}

const quoted = (name: string): string => pg.escapeIdentifier(name)

const sentences: Readonly<Record<string, string>> = {
  '28P01': 'the warehouse refused the password',
  '28000': 'the warehouse refused the user',
  '3D000': 'the warehouse has no such database',
  '3F000': 'the warehouse has no such schema',
  '42P01': 'the warehouse has no such table',
  '42703': 'the table has no such column',
  '42501': 'the user of the connection may not read the table',
  '57014': 'the warehouse ended the query',
}

const refusalOf = (error: unknown): WarehouseRefused => {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
  if (error instanceof Error && /does not support SSL/.test(error.message)) {
    return new WarehouseRefused('the warehouse does not offer TLS', error)
  }
  const isTls = /CERT|TLS|SSL|SELF_SIGNED|UNABLE_TO/.test(code)
  const sentence =
    sentences[code] ??
    (isTls
      ? 'the certificate of the warehouse does not hold'
      : /^[0-9A-Z]{5}$/.test(code)
        ? `the warehouse refused the query (SQLSTATE ${code})`
        : 'the warehouse cannot be reached')
  return new WarehouseRefused(sentence, error)
}
