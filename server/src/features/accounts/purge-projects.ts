import type { AuditEntry } from '../../kernel/audit.ts'
import { assert } from '../../kernel/errors.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ObjectStore } from '../../platform/objects/object-store.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { WhileNoRewrite } from '../../platform/postgres/event-rewrite-lock.ts'
import { startWorker } from '../../platform/postgres/leased-worker.ts'
import type { PurgeProof } from './domain/project.ts'
import { closeOne, type OrganizationEndDeps } from './organization-end.ts'
import { createProjectRows } from './store/clickhouse-project-rows.ts'
import { type DueProject, findDueProject, markPurged, purgeSettings } from './store/postgres-purge-store.ts'

export interface PurgeRegion {
  readonly db: RegionDb
  readonly objects: ObjectStore
  /** Resolves when no INSERT from before `cutoff` (engine clock) is on its way any more. */
  readonly settleInserts: (cutoff: string) => Promise<void>
  /** Resolves when nothing on disk is left of parts that were replaced before `since` (engine clock). */
  readonly purgeDisk: (since: string) => Promise<void>
}

export interface PurgeDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly nowMs: () => number
  readonly regions: readonly PurgeRegion[]
  readonly whileNoRewrite: WhileNoRewrite
  /** Where objects of a project are kept. */
  readonly objectPrefixOf: (projectId: number) => string
  /** After settings are gone: the engines' copies of them follow. */
  readonly settingsChanged: () => Promise<void>
  readonly onProblem: (regionId: string, error: unknown) => void
}

/**
 * AUTH-19: removes everything of one deleted project whose grace is over: settings, objects, rows, and their files on disk.
 * Says so only when every table of the region counts zero. Can stop anywhere and run again. False: there was none.
 */
export const purgeOne = async (deps: PurgeDeps, region: PurgeRegion): Promise<boolean> => {
  const { control } = deps
  const { regionId } = region.db
  const project = await findDueProject(control, regionId, deps.nowMs())
  if (project === null) return false
  const rows = createProjectRows(region.db)
  await region.settleInserts(await rows.engineNow())
  const before = await rows.count(project.id)
  await control.tx((tx) => purgeSettings(tx, project.id))
  await deps.settingsChanged()
  const prefix = deps.objectPrefixOf(project.id)
  for (const { key } of await region.objects.list(prefix)) await region.objects.delete(key)
  await deps.whileNoRewrite(regionId, async () => {
    for (const [table, rowCount] of Object.entries(await rows.count(project.id))) {
      if (rowCount !== 0) await rows.erase(table, project.id)
    }
    await region.purgeDisk(await rows.engineNow())
  })
  const after = await rows.count(project.id)
  const left = Object.keys(after).filter((table) => after[table] !== 0)
  const objectCount = (await region.objects.list(prefix)).length
  // Unknown is not zero: a table that could not be counted is among those left.
  assert(left.length === 0 && objectCount === 0, `a deleted project still has ${objectCount} objects, rows in: ${left}`)
  await finish(deps, project, proofOf(before, after))
  return true
}

const proofOf = (before: Readonly<Record<string, number>>, after: Readonly<Record<string, number>>): PurgeProof =>
  Object.fromEntries(
    Object.keys(after).map((table) => [table, { before: before[table] ?? 0, after: after[table] ?? 0 }]),
  )

const finish = (deps: PurgeDeps, project: DueProject, proof: PurgeProof): Promise<void> =>
  deps.control.tx(async (tx) => {
    await markPurged(tx, project.id, proof, deps.nowMs())
    await deps.appendAudit(tx, {
      type: 'project.purged',
      actor: { type: 'system', id: null, name: null },
      organizationId: project.organization_id,
      projectId: project.id,
      target: { type: 'project', id: String(project.id), name: project.name },
    })
  })

/** Of all servers, one closes organizations, and one purges the projects of a region. Answers how to stop. */
export const startPurgeWorkers = (deps: PurgeDeps & OrganizationEndDeps): (() => Promise<void>) => {
  const closing = startWorker({
    leaseName: 'organization closing',
    control: deps.control,
    rounds: [() => closeOne(deps)],
    onProblem: (error) => deps.onProblem('control', error),
  })
  const workers = deps.regions.map((region) =>
    startWorker({
      leaseName: `project purge worker ${region.db.regionId}`,
      control: deps.control,
      rounds: [() => purgeOne(deps, region)],
      onProblem: (error) => deps.onProblem(region.db.regionId, error),
    }),
  )
  return async () => {
    await Promise.all([closing, ...workers].map((worker) => worker.stop()))
  }
}
