import { assert } from '../../kernel/errors.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { startWorker } from '../../platform/postgres/leased-worker.ts'
import type { KnownDuplicates } from '../identity/index.ts'
import { compactDuplicates, dropOrphans } from './compaction.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createCompactionStore } from './store/clickhouse-compaction.ts'
import { createLedgerStore } from './store/clickhouse-ledger.ts'

export interface DuplicatesDeps {
  readonly control: ControlDb
  readonly regionDbs: readonly RegionDb[]
  readonly whileNoRewrite: <T>(regionId: string, work: () => Promise<T>) => Promise<T>
  /** Hours from one compaction to the next; null: duplicates stay in the table. */
  readonly compactionHours: number | null
  readonly onProblem: (regionId: string, error: unknown) => void
}

export interface Duplicates {
  /** Before every read that counts events: what `eventRowsSql` is to be given. See `Ledger.catchUp`. */
  catchUp(scope: ProjectScope, signal?: AbortSignal): Promise<KnownDuplicates | null>
  /** Looks at new events all the time, so that reads find little to do, and compacts. Resolves the stop. */
  startWorkers(): () => Promise<void>
}

// Reads look by themselves; this bounds what they find to do. Under a load that is costly to look at, rarer.
const lookIntervalMs = 2_000
const restPerLook = 4
const hourMs = 3_600_000
const tidyIntervalMs = hourMs

/** ING-14: wires the slice. */
export const createDuplicates = (deps: DuplicatesDeps): Duplicates => {
  const ledgers = new Map<string, Ledger>(
    deps.regionDbs.map((db) => [db.regionId, createLedger(createLedgerStore(db))]),
  )
  const ledgerOf = (regionId: string): Ledger => {
    const ledger = ledgers.get(regionId)
    assert(ledger !== undefined, 'a request reached a region that is not served here')
    return ledger
  }

  const startRegion = (db: RegionDb) => {
    const { regionId } = db
    const looking = atIntervals(lookIntervalMs, async () => {
      const startedAtMs = performance.now()
      await ledgerOf(regionId).look()
      return restPerLook * (performance.now() - startedAtMs)
    })
    const compaction = createCompactionStore(db)
    const compacting = (hours: number) =>
      atIntervals(hours * hourMs, async (signal) => {
        const whileNoRewrite = <T>(work: () => Promise<T>) => deps.whileNoRewrite(regionId, work)
        await compactDuplicates({ compaction, ledger: createLedgerStore(db), whileNoRewrite }, signal)
        return 0
      })
    const tidying = atIntervals(tidyIntervalMs, async () => {
      await dropOrphans(compaction)
      return 0
    })
    return startWorker({
      leaseName: `duplicates ${regionId}`,
      control: deps.control,
      rounds: [looking, tidying, ...(deps.compactionHours === null ? [] : [compacting(deps.compactionHours)])],
      onProblem: (error) => deps.onProblem(regionId, error),
    })
  }

  return {
    catchUp: (scope, signal) => ledgerOf(scope.regionId).catchUp(scope, signal),
    startWorkers: () => {
      const workers = deps.regionDbs.map(startRegion)
      return async () => {
        await Promise.all(workers.map((worker) => worker.stop()))
      }
    },
  }
}

/** A round that works at most so often, and rests as long as the work asks for. A failed one is tried again at once. */
const atIntervals = (intervalMs: number, work: (signal: AbortSignal) => Promise<number>) => {
  let dueAtMs = 0
  return async (signal: AbortSignal): Promise<boolean> => {
    if (performance.now() < dueAtMs) return false
    const restMs = await work(signal)
    dueAtMs = performance.now() + Math.max(intervalMs, restMs)
    return false
  }
}
