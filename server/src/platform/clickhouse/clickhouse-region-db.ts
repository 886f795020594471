import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { AppError, EngineUnavailable } from '../../kernel/errors.ts'
import { type Endpoint, startEngine } from './embedded-engine.ts'
import type { EngineLimits } from './engine-config.ts'
import { toAppError } from './engine-errors.ts'
import { guardReply } from './guarded-reply.ts'
import { exceptionTagHeader } from './guarded-stream.ts'
import type { RegionDb, SqlOptions, SqlParams, SqlSettings, TableNames } from './region-db.ts'
import { superviseEngine } from './supervised-engine.ts'
import { readTableVersions, sharedByMoment } from './table-versions.ts'

export type ClosableRegionDb = RegionDb & { close(): Promise<void> }

/** The embedded engine's process besides its database: for readiness pages and fault tests. */
export type EmbeddedRegionDb = ClosableRegionDb & {
  /** Process id of the engine, null while it restarts. */
  enginePid(): number | null
}

const databaseName = 'lethe'
const defaultTimeoutMs = 60_000
const killTimeoutMs = 5_000
// Sockets are watched by our own deadlines, which know what a slow reader is.
const noSocketTimeoutMs = 2 ** 31 - 1

const openClient = (endpoint: Endpoint, database: string | undefined): ClickHouseClient =>
  createClient({
    ...endpoint,
    ...(database === undefined ? {} : { database }),
    application: 'lethe',
    // Driver logs print statements, which hold personal values (ARCHITECTURE, invariant 10).
    log: { level: ClickHouseLogLevel.OFF },
    request_timeout: noSocketTimeoutMs,
    max_open_connections: 64,
    compression: { request: false, response: false },
    keep_alive: { enabled: true, idle_socket_ttl: 2_000, eagerly_destroy_stale_sockets: true },
    // Long lists of ids do not fit in a URL.
    use_multipart_params_auto: true,
  })

interface Call {
  readonly query_id: string
  readonly abort_signal: AbortSignal
  readonly query_params?: SqlParams
  readonly clickhouse_settings: SqlSettings
}

interface Source {
  readonly regionId: string
  readonly dataDir: string | null
  readonly cluster: string | null
  /** Null while the engine restarts. */
  client(): ClickHouseClient | null
}

const tableNames = (name: string, cluster: string | null): TableNames =>
  cluster === null
    ? { read: name, local: name, onCluster: '' }
    : { read: name, local: `${name}_local`, onCluster: ` ON CLUSTER '${cluster}'` }

/** The port over whatever client there is at the moment. */
const regionDbOver = (source: Source): RegionDb => {
  const clientNow = (): ClickHouseClient => {
    const client = source.client()
    if (client === null) throw new EngineUnavailable('the region engine is restarting')
    return client
  }

  // An aborted request leaves its query running. Best effort: an engine that is gone runs nothing.
  const kill = (client: ClickHouseClient, queryId: string): void => {
    const onCluster = source.cluster === null ? '' : ` ON CLUSTER '${source.cluster}'`
    client
      .command({
        query: `KILL QUERY${onCluster} WHERE initial_query_id = {queryId:String} ASYNC`,
        query_params: { queryId },
        abort_signal: AbortSignal.timeout(killTimeoutMs),
      })
      .catch(() => undefined)
  }

  const callOf = (options: SqlOptions, signal: AbortSignal, settings: SqlSettings): Call => ({
    query_id: randomUUID(),
    abort_signal: signal,
    ...(options.params === undefined ? {} : { query_params: options.params }),
    clickhouse_settings: { ...settings, ...options.settings },
  })

  const run = async <T>(
    options: SqlOptions,
    settings: SqlSettings,
    work: (client: ClickHouseClient, call: Call) => Promise<T>,
  ): Promise<T> => {
    options.signal?.throwIfAborted()
    const client = clientNow()
    const deadline = AbortSignal.timeout(options.timeoutMs ?? defaultTimeoutMs)
    const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline
    const call = callOf(options, signal, settings)
    try {
      return await work(client, call)
    } catch (error) {
      if (!signal.aborted) throw toAppError(error)
      kill(client, call.query_id)
      if (options.signal?.aborted) throw options.signal.reason
      throw new EngineUnavailable('the region engine did not answer in time', error)
    }
  }

  const rows = <Row>(sql: string, options: SqlOptions = {}): Promise<readonly Row[]> =>
    run(options, { output_format_json_quote_64bit_integers: 1 }, async (client, call) => {
      const reply = await client.query({ query: sql, format: 'JSONEachRow', ...call })
      return abortable(reply.json<Row>(), call.abort_signal, () => reply.close())
    })

  const stream = async (sql: string, options: SqlOptions = {}): Promise<Readable> => {
    const settings = { wait_end_of_query: 0, http_write_exception_in_output_format: 0 }
    return run(options, settings, async (client, call) => {
      const reply = await client.exec({ query: sql, ...call })
      return guardReply({
        body: reply.stream,
        exceptionTag: headerText(reply.response_headers[exceptionTagHeader]),
        silenceLimitMs: options.timeoutMs ?? defaultTimeoutMs,
        signal: options.signal,
        onCut: () => kill(client, call.query_id),
      })
    })
  }

  const drain = async (body: Readable, signal: AbortSignal): Promise<void> =>
    abortable(
      body
        .resume()
        .toArray()
        .then(() => undefined),
      signal,
      () => body.destroy(),
    )

  const insert = (table: string, jsonLines: string | Buffer, options: SqlOptions = {}): Promise<void> => {
    const settings = {
      wait_end_of_query: 1,
      async_insert: 0,
      input_format_parallel_parsing: 0,
      input_format_skip_unknown_fields: 0,
      max_partitions_per_insert_block: 0,
      // On a cluster the reply waits for the shards, not for a spool file.
      ...(source.cluster === null ? {} : { distributed_foreground_insert: 1 }),
    }
    return run(options, settings, async (client, call) => {
      const query = `INSERT INTO ${table} FORMAT JSONEachRow`
      const values = Readable.from(typeof jsonLines === 'string' ? Buffer.from(jsonLines) : jsonLines)
      const reply = await client.exec({ query, values, ...call })
      await drain(reply.stream, call.abort_signal)
    })
  }

  const command = (sql: string, options: SqlOptions = {}): Promise<void> =>
    run(options, { wait_end_of_query: 1 }, async (client, call) => {
      const reply = await client.exec({ query: sql, ...call })
      await drain(reply.stream, call.abort_signal)
    })

  const versions = sharedByMoment(() => readTableVersions(db))

  const db: RegionDb = {
    regionId: source.regionId,
    dataDir: source.dataDir,
    table: (name) => tableNames(name, source.cluster),
    rows,
    stream,
    insert,
    command,
    versions: (signal) => (signal === undefined ? versions() : abortable(versions(), signal, () => undefined)),
    async ping(timeoutMs = 2_000) {
      await rows('SELECT 1', { timeoutMs })
    },
  }
  return db
}

const headerText = (value: string | string[] | undefined): string | undefined =>
  Array.isArray(value) ? value[0] : value

const abortable = <T>(work: Promise<T>, signal: AbortSignal, onAbort: () => void): Promise<T> =>
  new Promise((resolve, reject) => {
    const abort = () => {
      onAbort()
      reject(signal.reason)
    }
    if (signal.aborted) return abort()
    signal.addEventListener('abort', abort, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })

const createDatabase = async (endpoint: Endpoint, database: string, cluster: string | null): Promise<void> => {
  const client = openClient(endpoint, undefined)
  const onCluster = cluster === null ? '' : ` ON CLUSTER '${cluster}'`
  try {
    await client.command({
      query: `CREATE DATABASE IF NOT EXISTS ${database}${onCluster} ENGINE = Atomic`,
      abort_signal: AbortSignal.timeout(defaultTimeoutMs),
    })
  } catch (error) {
    throw toAppError(error)
  } finally {
    await client.close()
  }
}

/**
 * Starts this region's own engine in `folder` and keeps it running. While it restarts every method throws
 * EngineUnavailable at once. Throws EngineUnavailable when the first start fails.
 */
export const openEmbeddedRegionDb = async (
  options: { readonly regionId: string; readonly folder: string } & EngineLimits,
): Promise<EmbeddedRegionDb> => {
  let client: ClickHouseClient | null = null
  const closeClient = async (): Promise<void> => {
    const old = client
    client = null
    await old?.close().catch(() => undefined)
  }
  const engine = await superviseEngine({
    start: () => startEngine(options),
    onUp: async (endpoint) => {
      await createDatabase(endpoint, databaseName, null)
      client = openClient(endpoint, databaseName)
    },
    onDown: () => {
      void closeClient()
    },
  })
  const db = regionDbOver({ ...options, dataDir: engine.dataDir, cluster: null, client: () => client })
  return {
    ...db,
    enginePid: () => engine.pid(),
    async close() {
      // Open connections hold the engine for seconds; one may be made anew while it restarts.
      await closeClient()
      await engine.stop()
      await closeClient()
    },
  }
}

const databasePattern = /^[A-Za-z_][A-Za-z0-9_]*$/

/** `http(s)://user:password@host:port/database`; the database is `lethe` when the URL names none. */
const parseUrl = (text: string): { readonly endpoint: Endpoint; readonly database: string } => {
  const url = new URL(text)
  const database = url.pathname.slice(1) || databaseName
  if (!databasePattern.test(database)) {
    throw new AppError('INVALID_REQUEST', 'the ClickHouse URL names no usable database', { status: 400 })
  }
  const endpoint = {
    url: url.origin,
    username: decodeURIComponent(url.username) || 'default',
    password: decodeURIComponent(url.password),
  }
  return { endpoint, database }
}

/** Connects to a ClickHouse that somebody else runs. Throws EngineUnavailable when it does not answer. */
export const openRemoteRegionDb = async (options: {
  readonly regionId: string
  readonly url: string
  /** Name of the cluster in the server's configuration; null for a single node. */
  readonly cluster: string | null
}): Promise<ClosableRegionDb> => {
  const { endpoint, database } = parseUrl(options.url)
  await createDatabase(endpoint, database, options.cluster)
  const client = openClient(endpoint, database)
  const db = regionDbOver({ ...options, dataDir: null, client: () => client })
  return { ...db, close: () => client.close() }
}
