import type { Route, Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { SealKey } from '../../kernel/seal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Outbound } from '../../platform/outbound-address.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { startWorker } from '../../platform/postgres/leased-worker.ts'
import { deleteDataOf, idIn, importOf, patchOf, type SourceBody, sourceOf } from './bodies.ts'
import type { ImportType } from './domain/import-definition.ts'
import type { Warehouse } from './domain/warehouse.ts'
import { NoSuchSource } from './errors.ts'
import type { Neighbours } from './ports.ts'
import { connectorRoutes } from './routes.ts'
import { type Place, runImport } from './run-import.ts'
import { createClickHouseWarehouse } from './store/clickhouse-warehouse.ts'
import { createImportStore } from './store/postgres-import-store.ts'
import { createRunQueue, type OpenRun } from './store/postgres-run-queue.ts'
import { type AppendAudit, createSourceStore, type Source, type Who } from './store/postgres-source-store.ts'
import { createPostgresWarehouse } from './store/postgres-warehouse.ts'
import { shownDetail, shownImport, shownRun, shownSource } from './wire.ts'

export interface ConnectorsDeps extends Neighbours {
  readonly control: ControlDb
  readonly appendAudit: AppendAudit
  readonly clock: Clock
  readonly outbound: Outbound
  readonly sealKey: SealKey
  readonly regionIds: readonly string[]
  readonly openProject: (projectId: number) => Promise<Place | null>
  /** Must not print `error.cause`: a warehouse quotes rows. */
  readonly onProblem: (regionId: string, error: unknown) => void
}

export interface Connectors {
  readonly routes: readonly Route[]
  /** A worker per region; the returned function resolves when all have stopped. */
  startWorkers(): Promise<() => Promise<void>>
}

const channel = 'connectors'
const sideBySideCount = 4

/** CONN-02…10: wires the slice. */
export const createConnectors = (deps: ConnectorsDeps): Connectors => {
  const { control, appendAudit, outbound } = deps
  const nowMs = () => deps.clock.nowMs()
  const sources = createSourceStore(control, appendAudit, deps.sealKey)
  const imports = createImportStore(control, appendAudit)
  const tell = ({ scope }: Scoped) => control.notify(channel, scope.regionId)
  const openWarehouse = async (projectId: number, sourceId: number | null) => {
    const { source, password } = await sources.open(projectId, sourceId)
    return { warehouse: warehouseOf(outbound, source, password), kind: source.kind }
  }

  const createImport = async (type: ImportType, request: Scoped): Promise<object> => {
    const { scope } = request
    const asked = importOf(type, request)
    const known = await sources.list(scope)
    if (!known.some(({ id }) => id === asked.sourceId))
      throw new InvalidRequest('the project has no such warehouse_source_id')
    const lookupName = `${asked.definition.lookupProperty}: ${asked.definition.tableParams['table']}`.slice(0, 255)
    const lookup = type === 'lookup_table' ? await deps.createLookup(scope, lookupName, whoOf(request)) : null
    const made = { ...asked, creator: creatorOf(request), lookupTableId: lookup?.id ?? null }
    const created = await imports.create(scope, made, nowMs(), whoOf(request))
    await tell(request)
    return shownDetail(created)
  }

  const routes = connectorRoutes({
    listSources: async ({ scope }) => (await sources.list(scope)).map(shownSource),
    createSource: async (request) => {
      const { name, password, kind, params } = connectionOf(sourceOf(request))
      await outbound.addressesOf(hostOf(params))
      return shownSource(await sources.create(request.scope, { name, kind, params }, password, whoOf(request)))
    },
    testSource: async (request) => {
      const { password, ...source } = connectionOf(sourceOf(request))
      await warehouseOf(outbound, source, password).test()
    },
    removeSource: (request) => {
      const id = idIn(request, 'sourceId')
      if (id < 0) throw new NoSuchSource()
      return sources.remove(request.scope, id, whoOf(request))
    },
    listImports: async ({ scope }) => (await imports.list(scope)).map(shownImport),
    findImport: async (request) => shownDetail(await imports.find(request.scope, idIn(request, 'importId'))),
    createImport,
    changeImport: async (request) => {
      const { paused, run_every: runEveryNs = null } = patchOf(request)
      const id = idIn(request, 'importId')
      return shownDetail(await imports.change(request.scope, id, paused, runEveryNs, whoOf(request)))
    },
    removeImport: async (request) => {
      const withData = deleteDataOf(request)
      await imports.remove(request.scope, idIn(request, 'importId'), withData, nowMs(), whoOf(request))
      await tell(request)
    },
    syncNow: async (request) => {
      const runId = await imports.syncNow(request.scope, idIn(request, 'importId'), nowMs(), whoOf(request))
      await tell(request)
      return { run_id: runId }
    },
    history: async (request) => ({
      runs: (await imports.history(request.scope, idIn(request, 'importId'))).map(shownRun),
    }),
  })

  const startRegion = (regionId: string) => {
    const queue = createRunQueue(control, regionId)
    const taken = new Set<string>()
    const running = { ...deps, queue, nowMs, openWarehouse }
    // One after the other: two that look at once would take the same.
    let taking: Promise<unknown> = Promise.resolve()
    const takeOne = (): Promise<OpenRun | null> => {
      const next = taking.then(async () => {
        const run = await queue.take(taken, nowMs())
        if (run !== null) taken.add(run.id)
        return run
      })
      taking = next.catch(() => undefined)
      return next
    }
    const runOne = async (signal: AbortSignal): Promise<boolean> => {
      const run = await takeOne()
      if (run === null) return false
      try {
        await runImport(running, run, signal)
      } finally {
        taken.delete(run.id)
      }
      return true
    }
    const dispatch = async (): Promise<boolean> => {
      await queue.dispatch(nowMs())
      return false
    }
    const worker = startWorker({
      leaseName: `connectors worker ${regionId}`,
      control,
      rounds: [dispatch, () => deleteData(deps, queue), ...Array.from({ length: sideBySideCount }, () => runOne)],
      onProblem: (error) => deps.onProblem(regionId, error),
    })
    return [regionId, worker] as const
  }

  return {
    routes,
    startWorkers: async () => {
      const workers = new Map(deps.regionIds.map(startRegion))
      await control.listen(channel, (regionId) => {
        for (const [id, worker] of workers) if (regionId === null || regionId === id) worker.wake()
      })
      return async () => {
        await Promise.all([...workers.values()].map((worker) => worker.stop()))
      }
    },
  }
}

/** Killed between the two steps it asks again, and deletes nothing twice. */
const deleteData = async (deps: ConnectorsDeps, queue: ReturnType<typeof createRunQueue>): Promise<boolean> => {
  for (const { importId, projectId } of await queue.askedDeletions()) {
    const place = await deps.openProject(projectId)
    // A deleted project may be restored, and then this is still to be done; a purge takes it along.
    if (place === null) continue
    const who: Who = {
      actor: { type: 'system', id: null, name: `warehouse import ${importId}` },
      organizationId: place.project.organizationId,
    }
    await deps.deleteImported(place.scope, importId, who)
    await queue.dataDeleted(importId)
  }
  return false
}

const warehouseOf = (
  outbound: Outbound,
  { kind, params }: Pick<Source, 'kind' | 'params'>,
  password: string,
): Warehouse =>
  kind === 'postgres'
    ? createPostgresWarehouse(outbound, params as never, password)
    : createClickHouseWarehouse(outbound, params as never, password)

const connectionOf = (body: SourceBody): Pick<Source, 'name' | 'kind' | 'params'> & { readonly password: string } => {
  const { name, type: kind, password } = body
  if (body.type === 'clickhouse') {
    return { name, kind, password, params: { url: body.url, database: body.database, user: body.user } }
  }
  const { host, port, database, user, sslmode, ca_bundle: caBundle } = body
  return { name, kind, password, params: { host, port, database, user, sslmode, caBundle } }
}

const hostOf = ({ host, url }: Source['params']): string => {
  if (typeof host === 'string') return host
  if (typeof url !== 'string' || !URL.canParse(url)) throw new InvalidRequest('url must be an http:// or https:// URL')
  return new URL(url).hostname
}

const creatorOf = ({ principal }: Scoped) => {
  const { id, name } = actorOf(principal)
  const email = principal.kind === 'session' ? principal.email : ''
  return { id: Number(id ?? 0), name: name ?? '', email }
}

const whoOf = ({ principal, project: { organizationId }, requestId }: Scoped): Who => ({
  actor: actorOf(principal),
  organizationId,
  requestId,
})
