import { readFile } from 'node:fs/promises'
import { Agent, type IncomingMessage, request } from 'node:http'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'

/** The region engine of a running server, spoken to past the server: the raw side of every comparison. */
export interface BareEngine {
  readonly port: number
  readonly pid: number
  readonly headers: Readonly<Record<string, string>>
  /** Runs a statement; resolves with what it answers. Throws the engine's own complaint. */
  run(sql: string, settings?: Readonly<Record<string, string | number>>): Promise<string>
  rows<Row>(sql: string): Promise<readonly Row[]>
  close(): void
}

/** Finds port and password where the server's embedded engine keeps them. */
export const openBareEngine = async (dataDir: string): Promise<BareEngine> => {
  const folder = join(dataDir, 'us', 'clickhouse')
  const config = await readFile(join(folder, 'config.xml'), 'utf8')
  const port = Number(/<http_port>(\d+)</.exec(config)?.[1])
  const key = (await readFile(join(folder, 'password'), 'utf8')).trim()
  const pid = Number(await readFile(join(folder, 'engine.pid'), 'utf8'))
  const headers = { 'X-ClickHouse-User': 'lethe', 'X-ClickHouse-Key': key, 'X-ClickHouse-Database': 'lethe' }
  const agent = new Agent({ keepAlive: true })

  const run = async (sql: string, settings: Readonly<Record<string, string | number>> = {}): Promise<string> => {
    const query = new URLSearchParams({ wait_end_of_query: '1' })
    for (const [name, value] of Object.entries(settings)) query.set(name, String(value))
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { host: '127.0.0.1', port, agent, method: 'POST', path: `/?${query}`, headers }
      request(options, resolve).once('error', reject).end(sql)
    })
    const answer = await text(response)
    if (response.statusCode !== 200) throw new Error(answer.slice(0, 1_000))
    return answer
  }

  return {
    port,
    pid,
    headers,
    run,
    rows: async <Row>(sql: string) => {
      const lines = (await run(`${sql} FORMAT JSONEachRow`)).split('\n').filter((line) => line !== '')
      return lines.map((line) => JSON.parse(line) as Row)
    },
    close: () => agent.destroy(),
  }
}
