import { randomUUID } from 'node:crypto'
import type { Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { assert } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { type Clock, utcDay } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { startWorker, type Worker } from '../../platform/postgres/leased-worker.ts'
import { createEventRewriter, meantByDeletionSql } from '../identity/index.ts'
import { type AskedDeletion, type DeletionRule, deletionRule } from './domain/deletion-rule.ts'
import type { LifecycleRegion } from './region.ts'
import { lifecycleRoutes } from './routes.ts'
import { dropStrayRules, type RunDeletionsDeps, runEventDeletions } from './run-event-deletions.ts'
import { copyRetention, sweepExpired } from './run-retention.ts'
import { createHiddenEvents } from './store/clickhouse-hidden-events.ts'
import { rulesOfImport } from './store/clickhouse-imported-events.ts'
import { createRetentionCopy } from './store/clickhouse-retention-copy.ts'
import { createDeletionStore, type EventDeletion } from './store/postgres-deletion-store.ts'
import { createRetentionStore, type Who } from './store/postgres-retention-store.ts'

/** What one region lends; privacy owns the looks at the disk and at running inserts. */
export interface LentRegion extends Pick<LifecycleRegion, 'settleInserts' | 'purgeDisk'> {
  readonly db: RegionDb
}

export interface DataLifecycleDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly regions: readonly LentRegion[]
  readonly whileNoRewrite: <T>(regionId: string, work: () => Promise<T>) => Promise<T>
  readonly clock: Clock
  readonly settings: {
    /** 0: for ever. */
    readonly retentionDays: number
    readonly deletionGraceSeconds: number
  }
  /** Says which deletion had trouble, '' for the sweep, and the error; must not print `error.cause`. */
  readonly onProblem: (regionId: string, deletionId: string, error: unknown) => void
}

export interface DataLifecycle {
  readonly routes: readonly Route[]
  /** Makes reads of every region go by the rules that are set: before the first request is served. */
  copyRetention(): Promise<void>
  /** CONN-06: hides the events of an import at once, and deletes them like those of a rule. It may be asked twice. */
  deleteImported(scope: ProjectScope, importId: number, who: Who): Promise<void>
  /** Starts a worker per region; the returned function resolves when all have stopped. */
  startWorkers(): Promise<() => Promise<void>>
}

// Documented (privacy §5).
const deletionsPerMonthMax = 10
const strayLookIntervalMs = 60_000
const retentionRetryMs = 60_000
const channel = 'data_lifecycle'

/** PRIV-33, PRIV-34: wires the slice. */
export const createDataLifecycle = (deps: DataLifecycleDeps): DataLifecycle => {
  const { control, appendAudit, settings } = deps
  const nowMs = () => deps.clock.nowMs()
  const retention = createRetentionStore({ control, appendAudit, defaultDays: settings.retentionDays })
  const deletions = createDeletionStore({ control, appendAudit, countPerMonthMax: deletionsPerMonthMax })
  const regions = (deps.regions ?? []).map(
    (lent): LifecycleRegion => ({
      regionId: lent.db.regionId,
      rewriter: createEventRewriter(lent.db),
      hidden: createHiddenEvents(lent.db),
      copy: createRetentionCopy(lent.db),
      settleInserts: lent.settleInserts,
      purgeDisk: lent.purgeDisk,
      whileNoRewrite: (work) => deps.whileNoRewrite(lent.db.regionId, work),
    }),
  )
  const of = ({ regionId }: ProjectScope): LifecycleRegion => {
    const found = regions.find((region) => region.regionId === regionId)
    assert(found !== undefined, 'a request reached a region that is not served here')
    return found
  }

  const askDeletion = (scope: ProjectScope, asked: AskedDeletion, who: Who): Promise<EventDeletion> => {
    const rule = deletionRule(asked, nowMs())
    return askRules(scope, rule, [rule], who)
  }

  const deleteImported = async (scope: ProjectScope, importId: number, who: Who): Promise<void> => {
    const lent = deps.regions.find(({ db }) => db.regionId === scope.regionId)
    assert(lent !== undefined, 'a request reached a region that is not served here')
    const rules = await rulesOfImport(lent.db, scope, importId)
    const [first] = rules
    if (first === undefined) return
    const days = rules.flatMap(({ fromDay, toDay }) => [fromDay, toDay]).sort()
    const shown = { ...first, fromDay: days[0] ?? '', toDay: days.at(-1) ?? '' }
    const event = rules.length === 1 ? first.event : `${rules.length} names`
    await askRules(scope, { ...shown, event }, rules, who, importId)
  }

  const askRules = async (
    scope: ProjectScope,
    shown: DeletionRule,
    rules: readonly DeletionRule[],
    who: Who,
    importId?: number,
  ): Promise<EventDeletion> => {
    const { hidden, rewriter } = of(scope)
    const id = randomUUID()
    const cutoff = await rewriter.engineNow()
    const hide = async (): Promise<number> => {
      await hidden.hide(scope, id, rules, cutoff)
      const found = await rewriter.find({ condition: meantByDeletionSql(scope), params: { deletionId: id } })
      return found.reduce((sum, { rowCount }) => sum + rowCount, 0)
    }
    const dueAtMs = nowMs() + settings.deletionGraceSeconds * 1_000
    const origin = importId === undefined ? {} : { importId }
    const asked = { id, rule: shown, cutoff, nowMs: nowMs(), dueAtMs, ...origin }
    const made = await deletions.create(scope, asked, who, hide)
    await control.notify(channel, scope.regionId)
    return made
  }

  const routes = lifecycleRoutes({
    defaultDays: settings.retentionDays,
    findRetention: retention.find,
    setRetention: async (scope, wanted, who) => {
      await retention.set(scope, wanted, who)
      await copyRetention({ region: of(scope), retention })
      await control.notify(channel, scope.regionId)
    },
    listDeletions: deletions.list,
    askDeletion,
    undoDeletion: async (scope, id, who) => {
      await deletions.revoke(scope, id, who)
      await of(scope).hidden.reveal(id)
    },
  })

  const startRegionWorker = (region: LifecycleRegion) => {
    const { regionId } = region
    const running: RunDeletionsDeps = {
      region,
      deletions,
      nowMs,
      onProblem: (deletionId, error) => deps.onProblem(regionId, deletionId, error),
    }
    let lookedAtMs = 0
    const strays = async (): Promise<boolean> => {
      if (nowMs() - lookedAtMs < strayLookIntervalMs) return false
      lookedAtMs = nowMs()
      await dropStrayRules(running)
      return false
    }
    const sweep = createDailySweep(nowMs, (signal) => sweepExpired({ region, retention }, signal))
    const worker = startWorker({
      leaseName: `data lifecycle worker ${regionId}`,
      control,
      rounds: [() => runEventDeletions(running), strays, sweep.round],
      onProblem: (error) => deps.onProblem(regionId, '', error),
    })
    return { worker, sweep }
  }

  return {
    routes,
    deleteImported,
    copyRetention: async () => {
      await Promise.all(regions.map((region) => copyRetention({ region, retention })))
    },
    startWorkers: async () => {
      const workers = new Map(regions.map((region) => [region.regionId, startRegionWorker(region)] as const))
      await control.listen(channel, (regionId) => {
        for (const [id, { worker, sweep }] of workers) {
          if (regionId !== null && regionId !== id) continue
          sweep.again()
          worker.wake()
        }
      })
      return async () => {
        await Promise.all([...workers.values()].map(({ worker }: { readonly worker: Worker }) => worker.stop()))
      }
    },
  }
}

/** Once a UTC day, at the start, and when rules have changed. What failed is tried again in a minute. */
const createDailySweep = (nowMs: () => number, sweep: (signal: AbortSignal) => Promise<unknown>) => {
  let sweptDay = ''
  let notBeforeMs = 0
  return {
    again: () => {
      sweptDay = ''
    },
    round: async (signal: AbortSignal): Promise<boolean> => {
      const today = utcDay(nowMs())
      if (sweptDay === today || nowMs() < notBeforeMs) return false
      // Before the work, so that a change that comes while it runs is not forgotten.
      sweptDay = today
      try {
        await sweep(signal)
      } catch (error) {
        sweptDay = ''
        notBeforeMs = nowMs() + retentionRetryMs
        throw error
      }
      return false
    },
  }
}
