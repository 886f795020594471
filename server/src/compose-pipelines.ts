import type { Stores } from './compose-stores.ts'
import type { Access } from './features/access/index.ts'
import type { Classification } from './features/classification/index.ts'
import { createPipelines, type Pipelines } from './features/pipelines/index.ts'
import { compileRowFilter, customFacts } from './features/query/index.ts'
import type { Locate } from './http/steps/locate.ts'
import type { AuditEntry } from './kernel/audit.ts'
import { sealKeyOf } from './kernel/seal.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import { errorFields, type Log } from './platform/log.ts'
import type { Outbound } from './platform/outbound-address.ts'
import type { ControlTx } from './platform/postgres/control-db.ts'

export interface ComposePipelinesDeps {
  readonly stores: Stores
  readonly regionDb: (regionId: string) => RegionDb
  readonly clock: Clock
  readonly secret: Buffer
  readonly log: Log
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly outbound: Outbound
  readonly locate: Locate
  readonly projects: Access['projects']
  readonly allClassified: Classification['allClassified']
  readonly saved: Parameters<typeof customFacts>[0]
}

export const composePipelines = (deps: ComposePipelinesDeps): Pipelines => {
  const { stores, regionDb, clock, secret, log, appendAudit, outbound, locate, projects, allClassified, saved } = deps
  return createPipelines({
    control: stores.control,
    appendAudit,
    outbound,
    regionDb,
    sealKey: sealKeyOf(secret, 'pipelines'),
    regionIds: stores.regions.map(({ region }) => region.id),
    nowMs: () => clock.nowMs(),
    // By its token: also in a worker it is `locate` that makes the scope (invariant 1).
    openProject: async (projectId) => {
      const project = await projects.byId(projectId)
      const located = project === null ? null : await locate.byToken(project.token, null, 'api')
      return located?.kind === 'here' ? located : null
    },
    rowFilter: async (scope, project, where) => {
      const [classified, custom] = await Promise.all([allClassified(scope), customFacts(saved, scope)])
      return compileRowFilter(scope, project, where, clock.nowMs(), { classified, custom })
    },
    classified: allClassified,
    onProblem: (regionId, error) => {
      log.warn('a pipeline could not write; it is tried again', { regionId, ...errorFields(error) })
    },
  })
}
