import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import { createDataLifecycle, type DataLifecycle } from './features/data-lifecycle/index.ts'
import { createGate, retireUntilGone, waitForEarlierInserts } from './features/privacy/index.ts'
import type { AuditEntry } from './kernel/audit.ts'
import type { Clock } from './kernel/time.ts'
import { retireParts } from './platform/clickhouse/retired-parts.ts'
import { errorFields, type Log } from './platform/log.ts'
import type { ControlTx } from './platform/postgres/control-db.ts'
import { createEventRewriteLock } from './platform/postgres/event-rewrite-lock.ts'

export interface ComposeDataLifecycleDeps {
  readonly config: Config
  readonly stores: Stores
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

// A query may run for minutes and hold old parts: what waits longer is tried again later.
const fileWaitMs = 60_000

/** What privacy has for its own erasures, lent to others who remove rows: the wait for running inserts and the look at the disk. */
export const lentErasers = (stores: Stores, nowMs: () => number) =>
  stores.regions.map(({ db, objects }) => ({
    db,
    objects,
    settleInserts: (cutoff: string) => waitForEarlierInserts(db, cutoff, nowMs),
    purgeDisk: async (since: string) => {
      const retire = (table: string) => retireParts(db, table, { limitMs: 2_000 })
      const looking = { retireParts: retire, gate: createGate(db, objects), fileWaitMs, nowMs }
      await retireUntilGone(looking, since)
    },
  }))

/** Hands the slice what privacy has for its own erasures: the wait for running inserts and the look at the disk. */
export const composeDataLifecycle = (deps: ComposeDataLifecycleDeps): DataLifecycle => {
  const { config, stores, clock, log, appendAudit } = deps
  const nowMs = () => clock.nowMs()
  return createDataLifecycle({
    control: stores.control,
    appendAudit,
    clock,
    regions: lentErasers(stores, nowMs),
    whileNoRewrite: createEventRewriteLock(stores.control),
    settings: {
      retentionDays: config.retentionDays,
      deletionGraceSeconds: config.eventDeletionGraceSeconds,
    },
    onProblem: (regionId, taskId, error) => {
      log.warn('events could not be removed yet; it is tried again', { regionId, taskId, ...errorFields(error) })
    },
  })
}
