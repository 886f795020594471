import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defaultProvision } from './provision.ts'

export interface StartOptions {
  /** Content of the provisioning file. Default: `defaultProvision`. Null: none. */
  readonly provision?: object | null
  /** Settings beside those that the support sets itself. */
  readonly env?: Readonly<Record<string, string>>
  /** Reused when given, and then not removed by `stop`. */
  readonly dataDir?: string
  readonly args?: readonly string[]
}

export interface SendOptions {
  /** Host header: decides the region. Default: none of the configured ones (single-host mode). */
  readonly host?: string
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | Buffer | object
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  readonly text: string
  readonly bytes: Buffer
  /** Throws when the body is not JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: what is in it is what the test asserts
  json(): any
}

export interface Lethe {
  readonly url: string
  readonly port: number
  readonly dataDir: string
  readonly pid: number
  get(path: string, options?: SendOptions): Promise<Answer>
  post(path: string, options?: SendOptions): Promise<Answer>
  send(method: string, path: string, options?: SendOptions): Promise<Answer>
  /** Everything that the server printed. */
  logs(): string
  /** SIGTERM and waits; removes the data folder unless it was given or `keepData` is set. Answers the exit code. */
  stop(options?: { readonly keepData?: boolean }): Promise<number | null>
  /** SIGKILL to the server itself; keeps the data folder. */
  kill9(): Promise<void>
}

const mainFile = join(import.meta.dirname, '../../src/main.ts')
const startTimeoutMs = 60_000

/** A port that was free a moment ago. */
export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  await once(probe, 'close')
  return port
}

/** Starts the real server, as a process of its own, and resolves when it says that it is ready. */
export const startLethe = async (options: StartOptions = {}): Promise<Lethe> => {
  const dataDir = options.dataDir ?? (await newDataDir())
  const port = await freePort()
  const { child, logs, exited } = await spawnLethe({ ...options, dataDir }, port)
  const url = `http://127.0.0.1:${port}`
  try {
    await readyLine(child, logs, exited)
  } catch (error) {
    if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
    throw error
  }

  const send = (method: string, path: string, sent: SendOptions = {}) =>
    sendRequest(port, method, path, sent).catch((error: unknown) => {
      const end = child.exitCode ?? child.signalCode
      if (end === null) throw error
      // Why it ended is what whoever reads the failure wants to know.
      throw new Error(`${(error as Error).message}; the server had ended (${end}):\n${logs()}`, { cause: error })
    })
  return {
    url,
    port,
    dataDir,
    pid: child.pid as number,
    send,
    get: (path, sent) => send('GET', path, sent),
    post: (path, sent) => send('POST', path, sent),
    logs,
    stop: async ({ keepData = false } = {}) => {
      child.kill('SIGTERM')
      const code = await exited
      if (options.dataDir === undefined && !keepData) await rm(dataDir, { recursive: true, force: true })
      return code
    },
    kill9: async () => {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** Starts the server when it is expected to refuse: resolves with what it printed and its exit code. */
export const runLethe = async (
  options: StartOptions = {},
): Promise<{ readonly code: number | null; readonly output: string }> => {
  const dataDir = options.dataDir ?? (await newDataDir())
  const { logs, exited } = await spawnLethe({ ...options, dataDir }, await freePort())
  const code = await exited
  if (options.dataDir === undefined) await rm(dataDir, { recursive: true, force: true })
  return { code, output: logs() }
}

/** An empty data folder that the embedded Postgres may enter when tests run as root. */
export const newDataDir = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'lethe-'))
  await chmod(folder, 0o711)
  return folder
}

interface Spawned {
  readonly child: ChildProcess
  readonly logs: () => string
  readonly exited: Promise<number | null>
}

const spawnLethe = async (options: StartOptions & { readonly dataDir: string }, port: number): Promise<Spawned> => {
  const settings: Record<string, string> = {
    LETHE_PORT: String(port),
    LETHE_DATA_DIR: options.dataDir,
    // Tests ask faster than people; those of the limits set their own.
    LETHE_EXPORT_PER_HOUR: '1000000',
    LETHE_EXPORT_PER_SECOND: '1000000',
    LETHE_QUERY_PER_HOUR: '1000000',
    LETHE_LEXICON_PER_MINUTE: '1000000',
    LETHE_LEXICON_UPDATES_PER_MINUTE: '1000000',
    LETHE_QUERY_CONCURRENT: '1000',
  }
  if (options.provision !== null) {
    settings['LETHE_PROVISION'] = join(options.dataDir, 'provision.json')
    const content = typeof options.provision === 'object' ? options.provision : defaultProvision()
    await writeFile(settings['LETHE_PROVISION'], JSON.stringify(content))
  }
  // Nothing of the environment of the tests reaches the server but what any process needs.
  const inherited = Object.fromEntries(
    ['PATH', 'HOME', 'TMPDIR', 'LANG'].flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])),
  )
  const child = spawn(process.execPath, [mainFile, ...(options.args ?? [])], {
    env: { ...inherited, ...settings, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const printed: string[] = []
  child.stdout?.setEncoding('utf8').on('data', (text: string) => printed.push(text))
  child.stderr?.setEncoding('utf8').on('data', (text: string) => printed.push(text))
  const exited = once(child, 'close').then(([code]) => code as number | null)
  // A test run that ends early must not leave servers behind.
  const killOnExit = () => child.kill('SIGKILL')
  process.once('exit', killOnExit)
  exited.then(() => process.removeListener('exit', killOnExit)).catch(() => undefined)
  return { child, exited, logs: () => printed.join('') }
}

const readyLine = async (child: ChildProcess, logs: () => string, exited: Promise<number | null>): Promise<void> => {
  const isReady = new Promise<'ready'>((resolve) => {
    child.stdout?.on('data', () => {
      if (logs().includes('lethe ready')) resolve('ready')
    })
  })
  let timer: NodeJS.Timeout | undefined
  const tooLate = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), startTimeoutMs)
  })
  const outcome = await Promise.race([isReady, exited.then(() => 'exited' as const), tooLate])
  clearTimeout(timer)
  if (outcome === 'ready') return
  child.kill('SIGKILL')
  throw new Error(`lethe did not start (${outcome}):\n${logs()}`)
}

const sendRequest = (port: number, method: string, path: string, sent: SendOptions): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const isObject = typeof sent.body === 'object' && !Buffer.isBuffer(sent.body)
    const body = isObject ? JSON.stringify(sent.body) : (sent.body as string | Buffer | undefined)
    const headers: Record<string, string> = {
      ...(sent.host === undefined ? {} : { Host: sent.host }),
      ...(isObject ? { 'Content-Type': 'application/json' } : {}),
      ...(body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) }),
      ...sent.headers,
    }
    const request = httpRequest({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () => {
        const bytes = Buffer.concat(chunks)
        const text = bytes.toString('utf8')
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          bytes,
          text,
          json: () => JSON.parse(text),
        })
      })
    })
    request.on('error', reject)
    request.end(body)
  })

/** `Authorization` of HTTP Basic. */
export const basic = (username: string, password = ''): { readonly Authorization: string } => ({
  Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
})

export const bearer = (token: string): { readonly Authorization: string } => ({ Authorization: `Bearer ${token}` })
