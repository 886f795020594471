import type { Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { seal } from '../../kernel/seal.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { startWorker, type Worker } from '../../platform/postgres/leased-worker.ts'
import { pipelineRoutes } from './routes.ts'
import { createRound, type RunDeps } from './run-step.ts'
import { createPipelineStore, sealContext } from './store/postgres-pipeline-store.ts'

export interface PipelineDeps extends Omit<RunDeps, 'store'> {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly regionIds: readonly string[]
}

export interface Pipelines {
  readonly routes: readonly Route[]
  /** A worker per region; the returned function resolves when all have stopped. */
  startWorkers(): Promise<() => Promise<void>>
}

const channel = 'pipelines'

/** PIPE-01…06, PIPE-10: wires the slice. */
export const createPipelines = (deps: PipelineDeps): Pipelines => {
  const { control, outbound, sealKey } = deps
  const store = createPipelineStore(deps)
  const routes = pipelineRoutes({
    store,
    nowMs: deps.nowMs,
    checkWhere: async (scope, project, where) => {
      await deps.rowFilter(scope, project, where)
    },
    create: async (scope, asked, who) => {
      const { openDestination } = await import('./store/s3-destination.ts')
      const destination = await openDestination(outbound, asked.settings, asked.credentials)
      await destination.check()
      const credentials = JSON.stringify(asked.credentials)
      return store.create(scope, asked, (name) => seal(sealKey, sealContext(scope.projectId, name), credentials), who)
    },
    wake: (regionId) => control.notify(channel, regionId),
  })

  const startWorkers = async (): Promise<() => Promise<void>> => {
    const workers = new Map<string, Worker>()
    await control.listen(channel, (regionId) => {
      for (const [id, worker] of workers) if (regionId === null || regionId === id) worker.wake()
    })
    for (const regionId of deps.regionIds) {
      const round = createRound({ ...deps, store }, regionId)
      const onProblem = (error: unknown): void => deps.onProblem(regionId, error)
      workers.set(regionId, startWorker({ leaseName: `pipelines:${regionId}`, control, rounds: [round], onProblem }))
    }
    return async () => {
      await Promise.all([...workers.values()].map((worker) => worker.stop()))
    }
  }

  return { routes, startWorkers }
}
