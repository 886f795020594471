import type { EventRewriter } from '../identity/index.ts'
import type { HiddenEvents } from './store/clickhouse-hidden-events.ts'
import type { RetentionCopy } from './store/clickhouse-retention-copy.ts'

/** What the work on one region goes through. */
export interface LifecycleRegion {
  readonly regionId: string
  readonly rewriter: EventRewriter
  readonly hidden: HiddenEvents
  readonly copy: RetentionCopy
  /** Resolves when no INSERT from before `cutoff` (engine clock) is on its way any more. */
  readonly settleInserts: (cutoff: string) => Promise<void>
  /** Resolves when nothing on disk is left of parts that were replaced before `since` (engine clock); throws when something is. */
  readonly purgeDisk: (since: string) => Promise<void>
  /** Runs while nobody else rewrites events of the region, or retires their parts: that would end the other's rewrite. */
  readonly whileNoRewrite: <T>(work: () => Promise<T>) => Promise<T>
}
