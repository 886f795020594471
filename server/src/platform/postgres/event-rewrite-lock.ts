import type { ControlDb } from './control-db.ts'
import { type WithLock, withLease } from './with-lease.ts'

// A rewrite holds it for one partition: minutes. Who waits longer has met something that is stuck, and tries again later.
const waitLimitMs = 30 * 60_000

/** Runs `work` while nobody else rewrites the events of a region: erasure, retention, deletion by rule and compaction take turns. */
export type WhileNoRewrite = <T>(regionId: string, work: () => Promise<T>) => Promise<T>

/** Throws EngineUnavailable (503, retryable) when the turn does not come in half an hour. */
export const createEventRewriteLock = (control: Pick<ControlDb, 'tryLease'>): WhileNoRewrite => {
  const withLock: WithLock = withLease(control, waitLimitMs)
  return (regionId, work) => withLock(`rewrite of events ${regionId}`, work)
}
