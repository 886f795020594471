import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'

export interface ServerProcess {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly startMs: number
  /** Base URL of a region's host, such as http://eu.lethe.localhost:8080. */
  hostOf(region: 'US' | 'EU'): string
  /** Everything that it printed. */
  logs(): string
}

export interface StartOptions {
  readonly dataDir: string
  readonly settings: Readonly<Record<string, string>>
  /** What any process needs, such as PATH. */
  readonly inherited: Readonly<Record<string, string>>
  /** Given at once, before the server is ready: how to stop it. */
  readonly onStarted: (stop: () => Promise<void>) => void
}

const mainFile = join(import.meta.dirname, '../server/src/main.ts')
const startTimeoutMs = 60_000
const stopTimeoutMs = 20_000

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** Starts the real server as a process of its own. Resolves when it says that it is ready; throws with what it printed. */
export const startServer = async (options: StartOptions): Promise<ServerProcess> => {
  const startedAtMs = performance.now()
  const port = await freePort()
  const child = spawn(process.execPath, [mainFile], {
    env: {
      ...options.inherited,
      LETHE_PORT: String(port),
      LETHE_DATA_DIR: options.dataDir,
      ...options.settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C reaches the demo alone, which then stops the server in order.
    detached: true,
  })
  const printed: string[] = []
  const exited = once(child, 'close').then(([code, signal]) => `${code ?? signal}`)
  // In order even then: the server closes its engines.
  const stopOnExit = (): void => void child.kill('SIGTERM')
  process.once('exit', stopOnExit)
  options.onStarted(async () => {
    const hardStop = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs)
    if (child.exitCode === null) child.kill('SIGTERM')
    await exited
    clearTimeout(hardStop)
    process.removeListener('exit', stopOnExit)
  })

  const logs = (): string => printed.join('')
  await new Promise<void>((resolve, reject) => {
    const late = setTimeout(
      () => reject(new Error(`the server is not ready after a minute:\n${logs()}`)),
      startTimeoutMs,
    )
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed.push(text)
        if (!logs().includes('lethe ready on ')) return
        clearTimeout(late)
        resolve()
      })
    }
    exited.then((how) => {
      printed.push(`(the server ended: ${how})\n`)
      reject(new Error(logs()))
    }, reject)
  })
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    dataDir: options.dataDir,
    startMs: performance.now() - startedAtMs,
    hostOf: (region) => `http://${region.toLowerCase()}.lethe.localhost:${port}`,
    logs,
  }
}
