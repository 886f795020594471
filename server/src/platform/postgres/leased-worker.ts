import { setTimeout as sleep } from 'node:timers/promises'
import type { ControlDb, Lease } from './control-db.ts'

export interface WorkerDeps {
  /** Of all servers, the one that holds the lease of this name does the work. */
  readonly leaseName: string
  readonly control: ControlDb
  /** Each does one piece of work and says whether there was any. They run side by side under one lease. */
  readonly rounds: readonly ((signal: AbortSignal) => Promise<boolean>)[]
  readonly onProblem: (error: unknown) => void
}

export interface Worker {
  /** Looks for work now instead of at the next interval. */
  wake(): void
  /** Resolves when the round that runs has ended, or after a few seconds: a round that is cut off goes on at the next start. */
  stop(): Promise<void>
}

// Between looks when nothing wakes the worker: graces end without anybody saying so.
const lookIntervalMs = 500
const afterProblemMs = 1_000
const leaseRetryMs = 500
// A rewrite of a table can take minutes, and whoever stops servers kills those that are slow to end.
const stopGraceMs = 10_000

/**
 * Does the tasks of one kind on exactly one server (ADR 0006): the lease is a Postgres session lock, free the
 * moment its server dies, and the task rows say where to go on.
 */
export const startWorker = (deps: WorkerDeps): Worker => {
  const stopping = new AbortController()
  const pauses = new Set<AbortController>()
  const pause = async (ms: number): Promise<void> => {
    const woken = new AbortController()
    pauses.add(woken)
    // An aborted sleep rejects: it was woken, which is what it waited for.
    await sleep(ms, undefined, { signal: AbortSignal.any([woken.signal, stopping.signal]) }).catch(() => undefined)
    pauses.delete(woken)
  }

  const repeat = async (round: (signal: AbortSignal) => Promise<boolean>, signal: AbortSignal) => {
    while (!signal.aborted) {
      try {
        if (!(await round(signal))) await pause(lookIntervalMs)
      } catch (error) {
        if (signal.aborted) return
        deps.onProblem(error)
        await pause(afterProblemMs)
      }
    }
  }

  const underLease = async (lease: Lease): Promise<void> => {
    const signal = AbortSignal.any([stopping.signal, lease.lost])
    await Promise.all(deps.rounds.map((round) => repeat(round, signal)))
    await lease.release()
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        const lease = await deps.control.tryLease(deps.leaseName)
        if (lease === null) await pause(leaseRetryMs)
        else await underLease(lease)
      } catch (error) {
        deps.onProblem(error)
        await pause(afterProblemMs)
      }
    }
  }

  const ended = run()
  return {
    wake: () => {
      for (const woken of pauses) woken.abort()
    },
    stop: async () => {
      stopping.abort()
      await Promise.race([ended, sleep(stopGraceMs, undefined, { ref: false })])
    },
  }
}
