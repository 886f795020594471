import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { type RunningEngine, startEngine } from '../../src/platform/clickhouse/embedded-engine.ts'
import { startPostgres } from '../../src/platform/postgres/embedded-postgres.ts'

/** A Postgres of a customer's, reachable by TCP on the loopback address. */
export interface PostgresSource {
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  query(sql: string, values?: readonly unknown[]): Promise<readonly Record<string, unknown>[]>
  /** Connections that came in by TCP. */
  connectionCount(): number
  /** Bytes stop on their way to whoever reads, until `release`. */
  hold(): void
  release(): void
  close(): Promise<void>
}

const tempFolder = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-warehouse-'))
  await chmod(folder, 0o711)
  return folder
}

export const startPostgresSource = async (): Promise<PostgresSource> => {
  const folder = await tempFolder()
  const postgres = await startPostgres({ folder })
  const connection = postgres.connection as {
    host: string
    port: number
    user: string
    password: string
    database: string
  }
  const client = new pg.Client(connection)
  await client.connect()
  let count = 0
  const open = new Set<{ hold: () => void; release: () => void; destroy: () => void }>()
  const proxy = createServer((socket) => {
    count += 1
    const upstream = connect(join(connection.host, `.s.PGSQL.${connection.port}`))
    socket.pipe(upstream).pipe(socket)
    const one = {
      hold: () => upstream.unpipe(socket),
      release: () => upstream.pipe(socket),
      destroy: () => {
        socket.destroy()
        upstream.destroy()
      },
    }
    open.add(one)
    socket.on('error', one.destroy)
    upstream.on('error', one.destroy)
    socket.on('close', () => open.delete(one))
  })
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  return {
    port: (proxy.address() as AddressInfo).port,
    user: connection.user,
    password: connection.password,
    database: connection.database,
    query: async (sql, values) => (await client.query(sql, values === undefined ? [] : [...values])).rows,
    connectionCount: () => count,
    hold: () => {
      for (const one of open) one.hold()
    },
    release: () => {
      for (const one of open) one.release()
    },
    close: async () => {
      for (const one of open) one.destroy()
      proxy.close()
      await client.end()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

/** A ClickHouse of a customer's. */
export interface ClickHouseSource extends Pick<RunningEngine, 'endpoint'> {
  query(sql: string): Promise<void>
  close(): Promise<void>
}

export const startClickHouseSource = async (): Promise<ClickHouseSource> => {
  const folder = await tempFolder()
  const engine = await startEngine({ folder, maxThreads: 1 } as Parameters<typeof startEngine>[0])
  return {
    endpoint: engine.endpoint,
    query: async (sql) => {
      const headers = { 'X-ClickHouse-User': engine.endpoint.username, 'X-ClickHouse-Key': engine.endpoint.password }
      const answer = await fetch(engine.endpoint.url, { method: 'POST', headers, body: sql })
      if (!answer.ok) throw new Error(await answer.text())
    },
    close: async () => {
      await engine.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
