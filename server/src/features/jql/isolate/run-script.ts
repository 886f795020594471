import { type ChildProcess, spawn } from 'node:child_process'
import { createRequire } from 'node:module'
import { constants, setPriority } from 'node:os'
import { dirname } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { fileURLToPath } from 'node:url'
import { AppError } from '../../../kernel/errors.ts'
import { LimitExceeded, scriptError } from '../errors.ts'
import { readFrames } from './frames.ts'
import type { Order, ScriptFault } from './protocol.ts'

export interface ScriptLimits {
  /** From the start of the process to the last byte of the result. */
  readonly timeoutMs: number
  /** Of the isolate; the process around it needs some 60 MB more. */
  readonly memoryMegabytes: number
  /** Records that go in. */
  readonly processedBytesMax: number
  /** JSON that comes out. */
  readonly outputBytesMax: number
}

export interface ScriptInput {
  readonly script: string
  /** JSON text. */
  readonly params: string
  readonly signal: AbortSignal
}

/** A script that has said what it wants to read. */
export interface OpenScript {
  /** What `main` asked for, as the process told it: not to be believed. */
  readonly request: unknown
  /** Feeds it the records, a line of JSON each, and yields the JSON array of the result in pieces. */
  results(records: AsyncIterable<Buffer>): AsyncIterable<Buffer>
  /** Ends the process, wherever it is. */
  close(): void
}

const require = createRequire(import.meta.url)
const childFile = fileURLToPath(new URL('./isolate-child.ts', import.meta.url))
const lodashFile = require.resolve('lodash/lodash.min.js')
const packageFolder = (name: string): string => {
  const file = require.resolve(name)
  return file.slice(0, file.lastIndexOf(`/node_modules/${name}/`) + `/node_modules/${name}`.length)
}

// What the process may read: its own source and these packages. Nothing may be written, no process or addon started.
const readableFolders = [
  dirname(dirname(childFile)),
  packageFolder('lodash'),
  packageFolder('quickjs-emscripten-core'),
  // With the package of its types, which is its neighbour.
  dirname(packageFolder('@jitl/quickjs-wasmfile-release-sync')),
]

const startProcess = (): ChildProcess => {
  const flags = [
    '--permission',
    ...readableFolders.map((folder) => `--allow-fs-read=${folder}/*`),
    '--disallow-code-generation-from-strings',
    '--disable-warning=ExperimentalWarning',
    '--max-old-space-size=128',
    // The interpreter recurses on it; the isolate stops a script well before (isolate-child.ts).
    '--stack-size=3900',
  ]
  // Times of events are those of the wall clock in the project, told as UTC.
  const child = spawn(process.execPath, [...flags, childFile, lodashFile], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { TZ: 'UTC' },
    cwd: '/',
  })
  lowerPriority(child.pid)
  return child
}

/** A script does not slow down ingestion. Where the system does not allow it, it is as fast as everything. */
const lowerPriority = (pid: number | undefined): void => {
  try {
    if (pid !== undefined) setPriority(pid, constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // It may also have ended already; how is told by its frames.
  }
}

/** Why the server itself ended a script. The first reason counts. */
interface Ending {
  reason: unknown
}

/**
 * Starts the process of one script and lets it say what it wants to read. Throws InvalidRequest for what is wrong with
 * the script, LimitExceeded beyond `limits`. The process is gone when the result has ended, `close` was called or
 * `signal` fires.
 */
export const openScript = async (input: ScriptInput, limits: ScriptLimits): Promise<OpenScript> => {
  const child = startProcess()
  const ending: Ending = { reason: undefined }
  const end = (reason: unknown): void => {
    ending.reason ??= reason
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => end(timeExceeded(limits)), limits.timeoutMs)
  const onGone = () => end(new AppError('INTERNAL', 'the client went away', { status: 499, expose: false }))
  input.signal.addEventListener('abort', onGone, { once: true })
  child.once('exit', () => {
    clearTimeout(timer)
    input.signal.removeEventListener('abort', onGone)
  })
  child.on('error', end)
  const { stdin, stdout } = child
  if (stdin === null || stdout === null) throw new Error('a process without pipes')
  // A process that has ended does not read on; how it ended is told by its frames.
  stdin.on('error', () => undefined)
  if (input.signal.aborted) onGone()

  const order: Order = {
    script: input.script,
    params: input.params,
    timeoutMs: limits.timeoutMs,
    memoryMegabytes: limits.memoryMegabytes,
    serverPid: process.pid,
  }
  stdin.write(`${JSON.stringify(order)}\n`)
  const frames = readFrames(stdout, limits.outputBytesMax)
  const next = async () => {
    const { done, value } = await frames.next().catch((error: unknown) => {
      end(error)
      throw error
    })
    if (done === true) {
      throw ending.reason ?? diedByItself()
    }
    if (value.kind === 'fault') throw errorOf(value.fault, limits)
    return value
  }

  try {
    const first = await next()
    if (first.kind !== 'request') throw new LimitExceeded('the script disturbed the process that ran it')
    return {
      request: first.request,
      close: () => end(undefined),
      results: async function* (records) {
        let isFed = false
        const feeding = pipeline(bounded(records, limits.processedBytesMax, end), stdin).then(
          () => {
            isFed = true
          },
          // What is wrong with the source was told to `end`; the pipe of a process that has ended tells nothing new.
          () => undefined,
        )
        try {
          yield Buffer.from('[')
          for (let one = await next(); one.kind !== 'done'; one = await next()) {
            if (one.kind === 'items') yield one.bytes
          }
          // To the process, a source that breaks off looks like one that has ended.
          await feeding
          if (!isFed) throw ending.reason ?? diedByItself()
          yield Buffer.from(']')
        } finally {
          end(undefined)
          await feeding
        }
      },
    }
  } catch (error) {
    end(error)
    throw error
  }
}

async function* bounded(
  records: AsyncIterable<Buffer>,
  bytesMax: number,
  onError: (error: unknown) => void,
): AsyncGenerator<Buffer> {
  let bytes = 0
  try {
    for await (const chunk of records) {
      bytes += chunk.length
      if (bytes > bytesMax) throw new LimitExceeded(`the query has to process more than ${bytesMax} bytes`)
      yield chunk
    }
  } catch (error) {
    onError(error)
    throw error
  }
}

/** Not killed by us: out of memory beyond what it could tell. */
const diedByItself = (): LimitExceeded =>
  new LimitExceeded('the script ended the process that ran it, most likely for its memory')

const timeExceeded = ({ timeoutMs }: ScriptLimits): LimitExceeded =>
  new LimitExceeded(`the query ran longer than ${timeoutMs / 1_000} seconds`)

const errorOf = (fault: ScriptFault, limits: ScriptLimits): AppError => {
  if (fault.kind === 'time') return timeExceeded(limits)
  if (fault.kind === 'memory') {
    return new LimitExceeded(`the script needs more than ${limits.memoryMegabytes} MB of memory`)
  }
  if (fault.kind === 'depth') return scriptError('calls or values are nested too deeply', fault.line)
  return scriptError(fault.message, fault.line)
}
