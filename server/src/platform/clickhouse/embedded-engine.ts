import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { readFile, readlink, rm, writeFile } from 'node:fs/promises'
import { get } from 'node:http'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import { EngineUnavailable } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import { openPty } from '../libc.ts'
import { type EngineFiles, type EngineLimits, engineFiles, writeEngineConfig } from './engine-config.ts'

export interface EngineOptions extends EngineLimits {
  /** Folder of this engine alone; made when missing. */
  readonly folder: string
}

export interface Endpoint {
  readonly url: string
  readonly username: string
  readonly password: string
}

export interface RunningEngine {
  readonly endpoint: Endpoint
  readonly pid: number
  readonly dataDir: string
  /** Resolves when the process is gone, for whatever reason. */
  readonly exited: Promise<void>
  /** Clean stop; SIGKILL after `graceMs`. Close the clients first, open connections hold it for seconds. */
  stop(graceMs?: number): Promise<void>
}

const startTimeoutMs = 10_000
const pollIntervalMs = 20
const stopGraceMs = 8_000
const childFile = fileURLToPath(new URL('./engine-child.ts', import.meta.url))

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })

/** Ends an engine that outlived a killed server. Its terminal has hung up, so it is ending by itself; this waits. */
const endOrphan = async (files: EngineFiles): Promise<void> => {
  const pid = Number(await readFile(files.pidFile, 'utf8').catch(() => '0'))
  if (pid <= 0) return
  const isOurs = async () =>
    (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).includes(`--config-file=${files.configFile}`)
  const deadlineMs = Date.now() + stopGraceMs
  while ((await isOurs()) && Date.now() < deadlineMs) await sleep(pollIntervalMs)
  if (await isOurs()) {
    process.kill(pid, 'SIGKILL')
    while (
      await readlink(`/proc/${pid}/exe`).then(
        () => true,
        () => false,
      )
    )
      await sleep(pollIntervalMs)
  }
}

// Without keep-alive: an open connection would hold the engine for seconds when it stops.
const answersPing = (url: string): Promise<boolean> =>
  new Promise((resolve) => {
    const request = get(`${url}/ping`, { agent: false, timeout: 1_000 }, (reply) => {
      reply.resume()
      resolve(reply.statusCode === 200)
    })
    request.once('timeout', () => request.destroy(new Error('timeout')))
    request.once('error', () => resolve(false))
  })

/** The last of what the process printed: only its own start-up complaints, queries are never logged. */
const keepTail = (child: ChildProcess): (() => string) => {
  let tail = ''
  for (const output of [child.stdout, child.stderr]) {
    output?.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-8_192)
    })
  }
  return () => tail
}

const waitUntilReady = async (url: string, hasExited: () => boolean, output: () => string): Promise<void> => {
  const deadlineMs = Date.now() + startTimeoutMs
  while (Date.now() < deadlineMs) {
    // A taken port does not end the process: it only complains.
    if (hasExited() || output().includes('DB::Exception')) break
    if (await answersPing(url)) return
    await sleep(pollIntervalMs)
  }
  throw new EngineUnavailable('the embedded ClickHouse engine did not start', new Error(output()))
}

/**
 * Starts the ClickHouse server of `@chdb/lib-linux-x64-gnu` in a process of its own on a free loopback port, with a
 * new random password. It ends with this process, however that ends. Throws EngineUnavailable when it does not
 * answer within 10 s. Only one may run per folder: hold the lock of the data folder.
 */
export const startEngine = async (options: EngineOptions): Promise<RunningEngine> => {
  await endOrphan(engineFiles(options.folder))
  const port = await freePort()
  const password = randomAlphanumeric(40)
  const files = await writeEngineConfig({ ...options, port, password })
  const pty = openPty()
  const slaveFd = openSync(pty.slavePath, constants.O_RDWR | constants.O_NOCTTY)
  const child = spawn(
    process.execPath,
    [
      '--no-warnings',
      childFile,
      `--config-file=${files.configFile}`,
      `--path=${files.dataDir}`,
      '--interactive',
      '--disable_suggestion',
      '--highlight=0',
      '--history_file=/dev/null',
      '--query',
      'SYSTEM START LISTEN HTTP',
    ],
    {
      // Its own session: signals of a terminal or to our group are not meant for it.
      detached: true,
      stdio: [slaveFd, 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LANG: 'C.UTF-8' },
      cwd: options.folder,
    },
  )
  closeSync(slaveFd)
  let isMasterOpen = true
  const hangUp = () => {
    if (isMasterOpen) closeSync(pty.masterFd)
    isMasterOpen = false
  }
  let hasExited = false
  const exited = new Promise<void>((resolve) => {
    const onEnd = () => {
      hasExited = true
      hangUp()
      resolve()
    }
    child.once('exit', onEnd)
    child.once('error', onEnd)
  })
  const stop = async (graceMs = stopGraceMs): Promise<void> => {
    hangUp()
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await exited
    clearTimeout(timer)
    await rm(files.pidFile, { force: true })
  }

  const url = `http://127.0.0.1:${port}`
  try {
    await writeFile(files.pidFile, String(child.pid ?? 0))
    await waitUntilReady(url, () => hasExited, keepTail(child))
  } catch (error) {
    await stop(0)
    throw error
  }
  return { endpoint: { url, username: 'lethe', password }, pid: child.pid ?? 0, dataDir: files.dataDir, exited, stop }
}
