import type { Route } from '../../http/route.ts'
import type { AuditLog } from '../../kernel/audit.ts'
import { assert } from '../../kernel/errors.ts'
import type { Permission, Principal } from '../../kernel/principal.ts'
import type { Region } from '../../kernel/region.ts'
import type { PersonalDataHolder } from '../../kernel/subject.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createRateLimit } from '../../platform/limits/rate-limit.ts'
import type { ObjectStore } from '../../platform/objects/object-store.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { startWorker, type Worker } from '../../platform/postgres/leased-worker.ts'
import type { Clusters, Hidden, PeopleReader, RetiredParts } from './domain/ports.ts'
import type { DeletionDeps } from './erase/deletion-deps.ts'
import { createGate } from './erase/gate.ts'
import { createRequestObjectsHolder } from './erase/request-objects-holder.ts'
import { runDeletions } from './erase/run-deletions.ts'
import { privacyPageRoutes } from './page-routes.ts'
import type { Download } from './page-wire.ts'
import { createReceiptSigner } from './receipt.ts'
import { runRetrievals } from './retrieve/run-retrievals.ts'
import { privacyRoutes } from './routes.ts'
import { createLinkSigner } from './signed-link.ts'
import { createIdLists } from './store/id-lists.ts'
import { createIdHash } from './store/postgres-task-store.ts'
import { sweep } from './sweep.ts'
import type { CreateShape } from './wire.ts'

/** What one region lends to privacy; every part belongs to another slice or to the platform. */
export interface PrivacyRegion {
  readonly region: Region
  readonly db: RegionDb
  readonly objects: ObjectStore
  readonly clusters: Clusters
  readonly hidden: Hidden
  readonly people: PeopleReader
  readonly retireParts: (table: string) => Promise<RetiredParts>
}

export interface PrivacyDeps {
  readonly control: ControlDb
  readonly regions: readonly PrivacyRegion[]
  /** Every holder of the region engine's tables; the holder of request objects is ours. */
  readonly tableHolders: readonly PersonalDataHolder[]
  readonly lockPeople: (tx: ControlTx, regionId: string) => Promise<void>
  readonly whileNoRewrite: <T>(regionId: string, work: () => Promise<T>) => Promise<T>
  readonly audit: AuditLog
  /** Downloads of an archive, newest first, as the audit log has them. */
  readonly downloadsOf: (projectId: number, trackingId: string) => Promise<readonly Download[]>
  readonly mayUse: (principal: Principal, permission: Permission, projectId: number) => boolean
  readonly clock: Clock
  /** The installation's secret: keys id hashes, links and receipts. */
  readonly secret: Buffer
  readonly settings: PrivacySettings
  /** Says which tasks had trouble, and the error; must not print `error.cause`. */
  readonly onProblem: (regionId: string, trackingIds: readonly string[], error: unknown) => void
}

export interface PrivacySettings {
  readonly graceSeconds: number
  readonly ratePerSecond: number
  /** Status and cancel calls. */
  readonly statusRatePerSecond: number
  readonly createShape: CreateShape
  readonly deletionMaxIds: number
  readonly retrievalMaxIds: number
  readonly scanDaysMax: number
  readonly linkDays: number
  readonly archiveDays: number
}

export interface Privacy {
  readonly routes: readonly Route[]
  readonly holders: readonly PersonalDataHolder[]
  /** Starts a worker per region; the returned function resolves when all have stopped. */
  startWorkers(): Promise<() => Promise<void>>
}

// privacy §1.6: status and cancel calls may come in bursts of five.
const callBurst = 5
const sweepIntervalMs = 60_000
// A query may run for minutes, but an erasure that waits holds up the others of its region: it is tried again later.
const fileWaitMs = 60_000
// The directory of projects is behind by five seconds at most (kernel/project.ts); what was let in before that is on its
// way for a moment more.
const suppressionDelayMs = 7_000
// Engines that die in the middle can shut the gate a few times in a row; half a minute of it is something else.
const attemptCountMax = 30

/** PRIV-01…24: wires the privacy slice. */
export const createPrivacy = (deps: PrivacyDeps): Privacy => {
  const { control, settings } = deps
  const nowMs = () => deps.clock.nowMs()
  const idHash = createIdHash(deps.secret)
  const receipts = createReceiptSigner(deps.secret)
  const of = (regionId: string): PrivacyRegion => {
    const found = deps.regions.find(({ region }) => region.id === regionId)
    assert(found !== undefined, 'a request reached a region that is not served here')
    return found
  }
  const objects = (regionId: string) => of(regionId).objects
  const requestObjects = createRequestObjectsHolder({ control, objects, idHash })
  const holders = [...deps.tableHolders, requestObjects]

  // Who may ask for more may also look more often.
  const callsPerSecond = Math.max(settings.statusRatePerSecond, settings.ratePerSecond)
  const routeDeps = {
    control,
    idLists: (regionId: string) => createIdLists(objects(regionId)),
    people: (regionId: string) => of(regionId).people,
    objects,
    region: (regionId: string) => of(regionId).region,
    idHash,
    nowMs,
    audit: deps.audit,
    receipts,
    links: createLinkSigner(deps.secret, nowMs, settings.linkDays),
    graceSeconds: settings.graceSeconds,
    ratePerSecond: settings.ratePerSecond,
    scanDaysMax: settings.scanDaysMax,
    createShape: settings.createShape,
    maxIds: { deletion: settings.deletionMaxIds, retrieval: settings.retrievalMaxIds },
    callRate: createRateLimit(callsPerSecond, Math.max(callBurst, callsPerSecond), nowMs),
    mayUse: deps.mayUse,
    linkDays: settings.linkDays,
    downloadsOf: deps.downloadsOf,
    dryRun: (regionId: string) => ({ clusters: of(regionId).clusters, holders }),
  }
  const routes = [...privacyRoutes(routeDeps), ...privacyPageRoutes(routeDeps)]

  const startRegionWorker = (region: PrivacyRegion): Worker => {
    const regionId = region.region.id
    const idLists = createIdLists(region.objects)
    const onProblem = (trackingIds: readonly string[], error: unknown) => deps.onProblem(regionId, trackingIds, error)
    const archives = createMutex()
    const deletions: DeletionDeps = {
      regionId,
      control,
      idLists,
      idHash,
      receipts,
      onProblem,
      nowMs,
      audit: deps.audit,
      lockPeople: deps.lockPeople,
      withoutRetrievals: archives,
      whileNoRewrite: (work) => deps.whileNoRewrite(regionId, work),
      suppressionDelayMs,
      attemptCountMax,
      stage: { idLists, clusters: region.clusters, holders, nowMs },
      erase: {
        db: region.db,
        hidden: region.hidden,
        holders: deps.tableHolders,
        requestObjects,
        retireParts: region.retireParts,
        gate: createGate(region.db, region.objects),
        fileWaitMs,
        nowMs,
      },
    }
    let sweptAtMs = 0
    const sweepNowAndThen = async (): Promise<boolean> => {
      if (nowMs() - sweptAtMs < sweepIntervalMs) return false
      sweptAtMs = nowMs()
      await sweep({ regionId, control, objects: region.objects, idLists, nowMs })
      return false
    }
    const retrievals = (signal: AbortSignal) =>
      archives(() =>
        runRetrievals({
          regionId,
          control,
          idLists,
          idHash,
          onProblem,
          nowMs,
          signal,
          objects: region.objects,
          clusters: region.clusters,
          people: region.people,
          holders: deps.tableHolders,
          archiveDays: settings.archiveDays,
        }),
      )
    return startWorker({
      leaseName: `privacy worker ${regionId}`,
      control,
      rounds: [() => runDeletions(deletions), retrievals, sweepNowAndThen],
      onProblem: (error) => onProblem([], error),
    })
  }

  return {
    routes,
    holders,
    startWorkers: async () => {
      const workers = new Map(deps.regions.map((region) => [region.region.id, startRegionWorker(region)] as const))
      await control.listen('privacy_task', (regionId) => {
        if (regionId === null) for (const worker of workers.values()) worker.wake()
        else workers.get(regionId)?.wake()
      })
      return async () => {
        await Promise.all([...workers.values()].map((worker) => worker.stop()))
      }
    },
  }
}

/** One at a time, in the order of asking. */
const createMutex = () => {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work, work)
    last = result.catch(() => undefined)
    return result
  }
}
