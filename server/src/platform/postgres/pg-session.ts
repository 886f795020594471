import pg from 'pg'
import type { PgConnection } from './embedded-postgres.ts'
import { toAppError } from './pg-errors.ts'

// Leases and listeners hold a session of their own. Both ends must notice soon when the other is gone without a word.
const keepAlive = `SELECT set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false)`
const heartbeatIntervalMs = 5_000
const connectTimeoutMs = 5_000
const queryTimeoutMs = 10_000

export interface PgSession {
  readonly client: pg.Client
  /** Fires once when the connection is gone: closed, broken, or silent for longer than a heartbeat. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/** One connection outside the pool. Throws EngineUnavailable. */
export const openSession = async (connection: PgConnection): Promise<PgSession> => {
  const client = new pg.Client({
    ...connection,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: queryTimeoutMs,
    application_name: 'lethe',
  })
  const lost = new AbortController()
  const lose = () => lost.abort()
  client.on('error', lose)
  client.on('end', lose)
  try {
    await client.connect()
    await client.query(keepAlive)
  } catch (error) {
    await client.end().catch(() => undefined)
    throw toAppError(error)
  }
  const heartbeat = setInterval(() => {
    client.query('SELECT 1').catch(lose)
  }, heartbeatIntervalMs)
  heartbeat.unref()
  lost.signal.addEventListener('abort', () => {
    clearInterval(heartbeat)
    client.end().catch(() => undefined)
  })
  return {
    client,
    lost: lost.signal,
    async close() {
      clearInterval(heartbeat)
      await client.end().catch(() => undefined)
    },
  }
}
