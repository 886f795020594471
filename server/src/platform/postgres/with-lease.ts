import { setTimeout as delay } from 'node:timers/promises'
import { EngineUnavailable } from '../../kernel/errors.ts'
import type { ControlDb } from './control-db.ts'

const retryIntervalMs = 100

/** Runs `work` while nobody else does under the same name, in any server; waits its turn. */
export type WithLock = <T>(name: string, work: () => Promise<T>) => Promise<T>

/** A lock for one-off work by the leases of the control store. Gives up with EngineUnavailable after `waitLimitMs`. */
export const withLease =
  (db: Pick<ControlDb, 'tryLease'>, waitLimitMs = 120_000): WithLock =>
  async (name, work) => {
    const deadlineMs = Date.now() + waitLimitMs
    let lease = await db.tryLease(name)
    while (lease === null) {
      if (Date.now() > deadlineMs) throw new EngineUnavailable(`another server holds "${name}" for too long`)
      await delay(retryIntervalMs)
      lease = await db.tryLease(name)
    }
    try {
      return await work()
    } finally {
      await lease.release()
    }
  }
