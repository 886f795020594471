import pg from 'pg'
import { EngineUnavailable } from '../../kernel/errors.ts'
import type { ControlDb, ControlTx, Lease } from './control-db.ts'
import type { PgConnection } from './embedded-postgres.ts'
import { toAppError } from './pg-errors.ts'
import { openSession, type PgSession } from './pg-session.ts'

export type ClosableControlDb = ControlDb & { close(): Promise<void> }

const statementTimeoutMs = 10_000
// Longer than the server's own limit: this one only ends waiting for a server that says nothing at all.
const queryTimeoutMs = 12_000
const connectTimeoutMs = 5_000
const firstDelayMs = 100
const longestDelayMs = 5_000

const delay = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const done = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done)
  })

type Queryable = Pick<pg.ClientBase, 'query'>

const rowsOf = async <Row>(on: Queryable | pg.Pool, sql: string, params: readonly unknown[] = []) => {
  try {
    const result = await (on as Queryable).query(sql, [...params])
    return result.rows as readonly Row[]
  } catch (error) {
    throw toAppError(error)
  }
}

const runTx = async <T>(pool: pg.Pool, work: (tx: ControlTx) => Promise<T>): Promise<T> => {
  const client = await pool.connect().catch((error: unknown) => {
    throw toAppError(error)
  })
  // A client that fails between two statements tells it here; the next statement fails as well.
  const ignore = () => undefined
  client.on('error', ignore)
  let isBroken = false
  try {
    await rowsOf(client, 'BEGIN')
    const result = await work({ rows: (sql, params) => rowsOf(client, sql, params) })
    await rowsOf(client, 'COMMIT')
    return result
  } catch (error) {
    await client.query('ROLLBACK').catch(() => {
      isBroken = true
    })
    throw error
  } finally {
    client.removeListener('error', ignore)
    client.release(isBroken)
  }
}

const lockKey = `hashtextextended($1, 20)`

const takeLease = async (connection: PgConnection, name: string): Promise<Lease | null> => {
  const session = await openSession(connection)
  const taken = await rowsOf<{ taken: boolean }>(session.client, `SELECT pg_try_advisory_lock(${lockKey}) AS taken`, [
    name,
  ]).catch(async (error: unknown) => {
    await session.close()
    throw error
  })
  if (taken[0]?.taken !== true) {
    await session.close()
    return null
  }
  return {
    lost: session.lost,
    async release() {
      await session.client.query(`SELECT pg_advisory_unlock(${lockKey})`, [name]).catch(() => undefined)
      await session.close()
    },
  }
}

/** Listens until `stop` fires; after each reconnect it calls `onMessage(null)`. Resolves when it first listens. */
const keepListening = async (
  connection: PgConnection,
  channel: string,
  onMessage: (payload: string | null) => void,
  stop: AbortSignal,
): Promise<void> => {
  const open = async (): Promise<PgSession> => {
    const session = await openSession(connection)
    session.client.on('notification', (message) => onMessage(message.payload ?? ''))
    await rowsOf(session.client, `LISTEN ${pg.escapeIdentifier(channel)}`).catch(async (error: unknown) => {
      await session.close()
      throw error
    })
    return session
  }
  const untilLost = (session: PgSession): Promise<void> =>
    new Promise((resolve) => {
      const either = AbortSignal.any([session.lost, stop])
      if (either.aborted) return resolve()
      either.addEventListener('abort', () => resolve(), { once: true })
    })

  let session: PgSession | null = await open()
  const loop = async (): Promise<void> => {
    let delayMs = firstDelayMs
    while (!stop.aborted) {
      if (session === null) {
        await delay(delayMs, stop)
        if (stop.aborted) return
        delayMs = Math.min(delayMs * 2, longestDelayMs)
        session = await open().catch(() => null)
        if (session === null) continue
        delayMs = firstDelayMs
        onMessage(null)
      }
      await untilLost(session)
      await session.close()
      session = null
    }
  }
  void loop()
}

/**
 * The control store over a pool of at most `maxConnections` (default 20). Does not connect yet: `ping` tells whether
 * it answers. Statements end after 10 s. Leases and listeners use sessions of their own, so a pooler in transaction
 * mode in front of Postgres does not do.
 */
export const openPgControlDb = (
  connection: PgConnection,
  options: { readonly maxConnections?: number } = {},
): ClosableControlDb => {
  const pool = new pg.Pool({
    ...connection,
    max: options.maxConnections ?? 20,
    keepAlive: true,
    connectionTimeoutMillis: connectTimeoutMs,
    statement_timeout: statementTimeoutMs,
    query_timeout: queryTimeoutMs,
    application_name: 'lethe',
  })
  // An idle connection that breaks is replaced by the next request.
  pool.on('error', () => undefined)
  const closing = new AbortController()
  const leases = new Set<Lease>()
  const listeners = new Map<string, readonly ((payload: string | null) => void)[]>()

  const tryLease = async (name: string): Promise<Lease | null> => {
    const lease = await takeLease(connection, name)
    if (lease === null) return null
    const tracked: Lease = {
      lost: lease.lost,
      async release() {
        leases.delete(tracked)
        await lease.release()
      },
    }
    leases.add(tracked)
    lease.lost.addEventListener('abort', () => leases.delete(tracked))
    return tracked
  }

  const ping = async (timeoutMs = 2_000): Promise<void> => {
    const limit = new AbortController()
    const tooLate = delay(timeoutMs, limit.signal).then(() => {
      if (!limit.signal.aborted) throw new EngineUnavailable('the control store did not answer in time')
    })
    try {
      await Promise.race([rowsOf(pool, 'SELECT 1'), tooLate])
    } finally {
      limit.abort()
    }
  }

  return {
    rows: (sql, params) => rowsOf(pool, sql, params),
    tx: (work) => runTx(pool, work),
    tryLease,
    async notify(channel, payload) {
      await rowsOf(pool, 'SELECT pg_notify($1, $2)', [channel, payload])
    },
    listen: (channel, onMessage) => {
      listeners.set(channel, [...(listeners.get(channel) ?? []), onMessage])
      return keepListening(connection, channel, onMessage, closing.signal)
    },
    tellOwnListeners: (channel) => {
      for (const onMessage of listeners.get(channel) ?? []) onMessage('')
    },
    ping,
    async close() {
      closing.abort()
      await Promise.all([...leases].map((lease) => lease.release()))
      await pool.end()
    },
  }
}
