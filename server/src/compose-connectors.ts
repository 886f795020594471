import type { ComposedIngestion } from './compose-ingestion.ts'
import type { Stores } from './compose-stores.ts'
import type { Access } from './features/access/index.ts'
import { type Connectors, createBuckets, createConnectors } from './features/connectors/index.ts'
import type { DataLifecycle } from './features/data-lifecycle/index.ts'
import type { createLookupTables } from './features/lookup-tables/index.ts'
import type { Locate } from './http/steps/locate.ts'
import type { AuditEntry } from './kernel/audit.ts'
import { sealKeyOf } from './kernel/seal.ts'
import type { Clock } from './kernel/time.ts'
import { errorFields, type Log } from './platform/log.ts'
import type { Outbound } from './platform/outbound-address.ts'
import type { ControlTx } from './platform/postgres/control-db.ts'

export interface ComposeConnectorsDeps {
  readonly stores: Stores
  readonly clock: Clock
  readonly secret: Buffer
  readonly log: Log
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly outbound: Outbound
  readonly locate: Locate
  readonly projects: Access['projects']
  readonly ingestion: Pick<ComposedIngestion, 'rowDoor'>
  readonly lookupTables: ReturnType<typeof createLookupTables>
  readonly dataLifecycle: Pick<DataLifecycle, 'deleteImported'>
}

export const composeConnectors = (deps: ComposeConnectorsDeps): Connectors => {
  const { stores, clock, secret, log, appendAudit, outbound, locate, projects, lookupTables } = deps
  const given = {
    control: stores.control,
    clock,
    appendAudit,
    outbound,
    sealKey: sealKeyOf(secret, 'connectors'),
    regionIds: stores.regions.map(({ region }) => region.id),
    // By its token, as a record of /engage is: also in a worker it is `locate` that makes the scope (invariant 1).
    openProject: async (projectId) => {
      const project = await projects.byId(projectId)
      const located = project === null ? null : await locate.byToken(project.token, null, 'api')
      return located?.kind === 'here' ? located : null
    },
    rowDoor: deps.ingestion.rowDoor,
    createLookup: lookupTables.create,
    replaceLookup: (scope, tableId, sent, { organizationId }) => {
      const actor = { type: 'system', id: null, name: 'warehouse import' } as const
      return lookupTables.replace(scope, tableId, { ...sent, who: { actor, organizationId } })
    },
    deleteImported: deps.dataLifecycle.deleteImported,
    onProblem: (regionId, error) => {
      log.warn('a warehouse import could not go on', { regionId, ...errorFields(error) })
    },
  } satisfies Parameters<typeof createConnectors>[0]
  const connectors = createConnectors(given)
  const buckets = createBuckets({ ...given, sealKey: sealKeyOf(secret, 'bucket connectors') })
  return {
    routes: [...connectors.routes, ...buckets.routes],
    startWorkers: async () => {
      const stops = [await connectors.startWorkers(), buckets.startWorkers()]
      return async () => {
        await Promise.all(stops.map((stop) => stop()))
      }
    },
  }
}
