import type { Endpoint, RunningEngine } from './embedded-engine.ts'

export interface SupervisedEngine {
  /** Where the engine is now; null while it restarts. */
  endpoint(): Endpoint | null
  readonly dataDir: string
  /** Process id of the engine, null while it restarts. */
  pid(): number | null
  stop(): Promise<void>
}

export interface SupervisorOptions {
  readonly start: () => Promise<RunningEngine>
  /** A new engine, with a new port and password, is about to take over (also called for the first). */
  readonly onUp: (endpoint: Endpoint) => void | Promise<void>
  readonly onDown: () => void
}

const firstDelayMs = 100
const longestDelayMs = 5_000

const abortableSleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve()
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

/**
 * Keeps an engine running: when it ends by itself it is started again, at first after 100 ms, then ever later up to
 * 5 s. Throws EngineUnavailable when the very first start fails.
 */
export const superviseEngine = async (options: SupervisorOptions): Promise<SupervisedEngine> => {
  const stopping = new AbortController()
  let running: RunningEngine | null = await options.start()
  const { dataDir } = running
  try {
    await options.onUp(running.endpoint)
  } catch (error) {
    await running.stop()
    throw error
  }

  const restart = async (): Promise<RunningEngine | null> => {
    for (let delayMs = firstDelayMs; !stopping.signal.aborted; delayMs = Math.min(delayMs * 2, longestDelayMs)) {
      await abortableSleep(delayMs, stopping.signal)
      if (stopping.signal.aborted) return null
      const engine = await options.start().catch(() => null)
      if (engine === null) continue
      const isUp = await Promise.resolve(options.onUp(engine.endpoint)).then(
        () => true,
        () => false,
      )
      if (isUp) return engine
      await engine.stop()
    }
    return null
  }

  const keepRunning = async (): Promise<void> => {
    while (running !== null && !stopping.signal.aborted) {
      await Promise.race([running.exited, new Promise((resolve) => stopping.signal.addEventListener('abort', resolve))])
      if (stopping.signal.aborted) return
      options.onDown()
      running = null
      running = await restart()
    }
  }
  const loop = keepRunning()

  return {
    dataDir,
    endpoint: () => running?.endpoint ?? null,
    pid: () => running?.pid ?? null,
    async stop() {
      stopping.abort()
      await loop
      await running?.stop()
      running = null
    },
  }
}
