import { Readable } from 'node:stream'
import type { Received, Reply, Route, Scoped } from '../../http/route.ts'
import { type AuditLog, actorOf } from '../../kernel/audit.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createConcurrencyLimit } from '../../platform/limits/concurrency-limit.ts'
import { createRollingLimit } from '../../platform/limits/rolling-limit.ts'
import { parseExportRequest } from './domain/export-request.ts'
import { createEventReader, type RangeOfDays, type RowFilter } from './store/clickhouse-event-reader.ts'
import { streamBody } from './stream-body.ts'

interface Classified {
  readonly event: readonly string[]
  readonly profile: readonly string[]
}

export interface ExportDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly audit: AuditLog
  readonly clock: Clock
  /** Throws InvalidRequest, with the place in the text, for what is no expression. */
  readonly rowFilter: (
    scope: ProjectScope,
    project: Project,
    where: string,
    classified: Classified,
  ) => Promise<RowFilter>
  /** The day of a zone that an instant is in, as YYYY-MM-DD. */
  readonly dayOf: (zone: string, ms: number) => string
  readonly rangeOfDays: RangeOfDays
  /** PRIV-36: names of properties that the caller may not see. */
  readonly classifiedFor: (principal: Principal, scope: ProjectScope) => Promise<Classified>
  readonly limits: ExportLimits
}

/** EXP-05, by project and server. */
export interface ExportLimits {
  readonly countPerHourMax: number
  readonly countPerSecondMax: number
  readonly concurrentMax: number
}

const message = 'Export rate limit exceeded'

const createLimits = ({ countPerHourMax, countPerSecondMax, concurrentMax }: ExportLimits, clock: Clock) => {
  const nowMs = () => clock.nowMs()
  const perHour = createRollingLimit({ windowMs: 3_600_000, countMax: countPerHourMax, nowMs, message })
  const perSecond = createRollingLimit({ windowMs: 1_000, countMax: countPerSecondMax, nowMs, message })
  const concurrency = createConcurrencyLimit(concurrentMax, { message })
  /** Throws RateLimited. What is refused does not count. */
  return (projectId: number): (() => void) => {
    perHour.check(projectId)
    perSecond.check(projectId)
    const leave = concurrency.enter(projectId)
    perHour.add(projectId, 1)
    perSecond.add(projectId, 1)
    return leave
  }
}

/** EXP-01…06: GET (or POST form) /api/2.0/export. */
export const createExport = (deps: ExportDeps): { readonly routes: readonly Route[] } => {
  const reader = createEventReader(deps.regionDb, deps.rangeOfDays)
  const enter = createLimits(deps.limits, deps.clock)

  const handle = async (request: Scoped): Promise<Reply> => {
    const leave = enter(request.project.id)
    try {
      const reply = await open(request)
      // An export runs until its last byte is sent, or nobody is there any more to send it to.
      if (reply.body instanceof Readable) reply.body.once('close', leave)
      else leave()
      return reply
    } catch (error) {
      leave()
      throw error
    }
  }

  const open = async (request: Scoped): Promise<Reply> => {
    const { principal, scope, project, signal } = request
    const zone = project.hasProjectTime ? project.timezone : 'UTC'
    const input = parseExportRequest(parametersOf(request), deps.dayOf(zone, deps.clock.nowMs()))
    const classified = await deps.classifiedFor(principal, scope)
    const filter = input.where === null ? null : await deps.rowFilter(scope, project, input.where, classified)
    const options = { filter, leftOut: classified.event, zone, clock: project.hasProjectTime ? 'wall' : 'UTC' } as const
    const lines = reader.lines(scope, input, signal, options)
    const acceptsGzip = /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))
    const { body, isGzipped } = await streamBody(lines, acceptsGzip)
    await deps.audit.append({
      type: 'raw_event_export.requested',
      actor: actorOf(request.principal),
      organizationId: request.project.organizationId,
      projectId: request.project.id,
      requestId: request.requestId,
    })
    const headers = {
      'Content-Type': 'text/plain; charset=utf-8',
      Vary: 'Accept-Encoding',
      ...(isGzipped ? { 'Content-Encoding': 'gzip' } : {}),
    }
    return { status: 200, headers, body }
  }

  return { routes: exportRoutes(handle) }
}

export const exportRoutes = (handle: (request: Scoped) => Promise<Reply>): readonly Route[] =>
  (['GET', 'POST'] as const).map((method) => ({
    surface: 'query',
    method,
    path: '/api/2.0/export',
    hostFamily: 'data',
    bodyBytesMax: 64 * 1024,
    access: {
      accepts: ['service-account', 'project-secret'],
      project: 'project_id-query',
      permission: 'events:export',
    },
    handle,
  }))

/** Form fields win over the query (ingestion §2.5 holds here as well). */
const parametersOf = (request: Received): Record<string, string> => ({
  ...request.query,
  ...(request.method === 'POST' ? Object.fromEntries(new URLSearchParams(request.body.toString('utf8'))) : {}),
})
