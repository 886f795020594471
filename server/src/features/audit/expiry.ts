import { type Clock, dayMs } from '../../kernel/time.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { startWorker } from '../../platform/postgres/leased-worker.ts'
import { appendAudit, expireAudit } from './store/postgres-audit-store.ts'

export interface ExpiryDeps {
  readonly control: ControlDb
  readonly clock: Clock
  /** At least 30: the store refuses less. */
  readonly retentionDays: number
  readonly onProblem: (error: unknown) => void
}

/** So many at a time: nobody who writes an entry waits for long. */
const countMax = 10_000
const lookIntervalMs = 60 * 60_000

/** AUTH-30: removes entries whose time is over, and writes down how many. True: there may be more. */
export const expireOnce = ({ control, clock, retentionDays }: ExpiryDeps): Promise<boolean> =>
  control.tx(async (tx) => {
    const beforeMs = clock.nowMs() - retentionDays * dayMs
    const count = await expireAudit(tx, beforeMs, countMax)
    if (count === 0) return false
    await appendAudit(tx, {
      type: 'audit_log.expired',
      actor: { type: 'system', id: null, name: null },
      organizationId: null,
      projectId: null,
      target: {
        type: 'audit_log',
        id: 'entries',
        name: `${count} entries from before ${new Date(beforeMs).toISOString()}`,
      },
    })
    return count === countMax
  })

export const startExpiry = (deps: ExpiryDeps): (() => Promise<void>) => {
  let nextLookMs = Number.NEGATIVE_INFINITY
  const round = async (): Promise<boolean> => {
    if (deps.clock.nowMs() < nextLookMs) return false
    const isMore = await expireOnce(deps)
    if (!isMore) nextLookMs = deps.clock.nowMs() + lookIntervalMs
    return isMore
  }
  const worker = startWorker({
    leaseName: 'audit log expiry',
    control: deps.control,
    rounds: [round],
    onProblem: deps.onProblem,
  })
  return () => worker.stop()
}
