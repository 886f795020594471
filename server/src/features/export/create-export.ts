import type { Received, Reply, Route, Scoped } from '../../http/route.ts'
import { type AuditLog, actorOf } from '../../kernel/audit.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { parseExportRequest } from './domain/export-request.ts'
import { createEventReader } from './store/clickhouse-event-reader.ts'
import { streamBody } from './stream-body.ts'

export interface ExportDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly audit: AuditLog
  readonly clock: Clock
}

/** EXP-01…04, EXP-06: GET (or POST form) /api/2.0/export. */
export const createExport = (deps: ExportDeps): { readonly routes: readonly Route[] } => {
  const reader = createEventReader(deps.regionDb)

  const handle = async (request: Scoped): Promise<Reply> => {
    const input = parseExportRequest(parametersOf(request), deps.clock.nowMs())
    const lines = reader.lines(request.scope, input, request.signal)
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

  const route = (method: 'GET' | 'POST'): Route => ({
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
  })
  return { routes: [route('GET'), route('POST')] }
}

/** Form fields win over the query (ingestion §2.5 holds here as well). */
const parametersOf = (request: Received): Record<string, string> => ({
  ...request.query,
  ...(request.method === 'POST' ? Object.fromEntries(new URLSearchParams(request.body.toString('utf8'))) : {}),
})
