import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { type SealKey, unseal } from '../../kernel/seal.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { Outbound } from '../../platform/outbound-address.ts'
import type { Credentials } from './domain/create-request.ts'
import { fileOf, folderOf, markerOf, waitForLateMs, windowFrom } from './domain/layout.ts'
import { type Pipeline, type PipelineStore, sealContext } from './store/postgres-pipeline-store.ts'
import { type RowFilter, readWindow } from './store/window-reader.ts'

export interface RunDeps {
  readonly store: PipelineStore
  readonly outbound: Outbound
  readonly sealKey: SealKey
  readonly regionDb: (regionId: string) => RegionDb
  /** Null: deleted, or not served here. */
  readonly openProject: (
    projectId: number,
  ) => Promise<{ readonly scope: ProjectScope; readonly project: Project } | null>
  readonly rowFilter: (scope: ProjectScope, project: Project, where: string) => Promise<RowFilter>
  /** PRIV-36: files go to whoever reads the bucket, so no classified property is in them. */
  readonly classified: (scope: ProjectScope) => Promise<{ readonly event: readonly string[] }>
  readonly nowMs: () => number
  readonly onProblem: (regionId: string, error: unknown) => void
}

// A bucket that does not answer is not asked at every look.
const retryAfterMs = 60_000

/** Writes windows of a region one after the other; of each pipeline the next one, so that none waits for a long backfill. */
export const createRound = (deps: RunDeps, regionId: string) => {
  const restingUntilMs = new Map<string, number>()
  return async (signal: AbortSignal): Promise<boolean> => {
    const due = await deps.store.due(regionId, deps.nowMs() - waitForLateMs)
    const ready = due.filter(({ id }) => (restingUntilMs.get(id) ?? 0) <= deps.nowMs())
    let hasWritten = false
    for (const pipeline of ready) {
      if (signal.aborted) return false
      try {
        hasWritten = (await runStep(deps, pipeline, signal)) || hasWritten
      } catch (error) {
        if (signal.aborted) return false
        restingUntilMs.set(pipeline.id, deps.nowMs() + retryAfterMs)
        deps.onProblem(regionId, error)
      }
    }
    return hasWritten
  }
}

/**
 * One window: the file, then the marker, then the manifest. Keys go by the window, so a step that was cut off anywhere is
 * written again over itself: no gap, nothing twice. False: there is nothing to do for it now.
 */
const runStep = async (deps: RunDeps, pipeline: Pipeline, signal: AbortSignal): Promise<boolean> => {
  const located = await deps.openProject(pipeline.projectId)
  if (located === null) return false
  const { scope, project } = located
  const { settings, frequency, projectId } = pipeline
  const window = windowFrom(frequency, pipeline.nextFromMs)
  await deps.store.begin(pipeline, window, deps.nowMs())
  const credentials = JSON.parse(
    unseal(deps.sealKey, sealContext(projectId, pipeline.name), pipeline.credentials),
  ) as Credentials
  // Loaded for whoever has a pipeline: 30 MB of memory.
  const { openDestination } = await import('./store/s3-destination.ts')
  const bucket = await openDestination(deps.outbound, settings, credentials)
  const folder = folderOf(settings.prefix, projectId, frequency, window.fromMs)
  const filter = settings.where === null ? null : await deps.rowFilter(scope, project, settings.where)
  const { event: leftOut } = await deps.classified(scope)
  for (;;) {
    const epoch = await deps.store.erasureEpoch(projectId)
    const lines = await readWindow(
      deps.regionDb(scope.regionId),
      scope,
      { window, events: settings.events, filter, leftOut },
      signal,
    )
    const file = await bucket.putLines(fileOf(folder), lines)
    // Somebody was erased while it was read: it may hold them, and is written again over itself.
    if ((await deps.store.erasureEpoch(projectId)) !== epoch) continue
    await bucket.putEmpty(markerOf(folder))
    await deps.store.finish(pipeline, window, file, deps.nowMs())
    return true
  }
}
