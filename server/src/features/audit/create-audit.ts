import { Readable } from 'node:stream'
import { type Authenticated, jsonReply, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { type AuditLog, actorOf } from '../../kernel/audit.ts'
import { Forbidden } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { type AuditFilter, parseAuditFilter } from './domain/audit-filter.ts'
import { type AuditRecord, auditCsvHeader, auditCsvLine, eventKinds } from './domain/audit-record.ts'
import { type ExpiryDeps, startExpiry } from './expiry.ts'
import { type AuditOwner, createAuditLog, eachAudit, listAudit } from './store/postgres-audit-store.ts'

export interface AuditDeps extends ExpiryDeps {
  readonly control: ControlDb
  readonly mayReadOrganizationAudit: (principal: Principal, organizationId: number) => Promise<boolean>
}

export interface Audit {
  readonly log: AuditLog
  readonly routes: readonly Route[]
  /** Entries go when their time is over. Answers how to stop. */
  startWorkers(): () => Promise<void>
}

const base = { surface: 'app', method: 'GET', hostFamily: 'web', bodyBytesMax: 1024 } as const
const noStore = { 'Cache-Control': 'no-store' }

/** AUTH-30, AUTH-31: the append-only log and its pages. */
export const createAudit = (deps: AuditDeps): Audit => {
  const log = createAuditLog(deps.control)

  const answer = async (owner: AuditOwner, request: Authenticated, organizationId: number): Promise<Reply> => {
    const filter = parseAuditFilter(request.query)
    if (filter.format === 'json') return pageOf(await listAudit(deps.control, owner, filter), filter)
    await log.append({
      type: 'audit_log_export.downloaded',
      actor: actorOf(request.principal),
      organizationId,
      projectId: 'projectId' in owner ? owner.projectId : null,
      target: { type: 'audit_log', id: filter.format },
      requestId: request.requestId,
    })
    return exportOf(eachAudit(deps.control, owner, filter), filter.format)
  }

  const routes: readonly Route[] = [
    {
      ...base,
      path: '/api/app/organizations/:organizationId/audit-log',
      access: { accepts: ['session'] },
      handle: async (request: Authenticated) => {
        const text = request.params['organizationId'] ?? ''
        const organizationId = /^\d{1,9}$/.test(text) ? Number(text) : 0
        if (!(await deps.mayReadOrganizationAudit(request.principal, organizationId))) {
          throw new Forbidden('only owners and admins of the organization may read its audit log')
        }
        return answer({ organizationId }, request, organizationId)
      },
    },
    {
      ...base,
      path: '/api/app/projects/:projectId/audit-log',
      access: { accepts: ['service-account', 'session'], project: 'path', permission: 'audit:read' },
      handle: (request: Scoped) => answer({ projectId: request.project.id }, request, request.project.organizationId),
    },
    {
      ...base,
      // Names and no entries: for the menu of a page.
      path: '/api/app/audit-event-types',
      access: { accepts: ['service-account', 'session'] },
      handle: async () => {
        const results = Object.entries(eventKinds).map(([id, { displayName, scope }]) => ({
          event_type: id,
          display_name: displayName,
          scope,
        }))
        return jsonReply(200, { status: 'ok', results }, noStore)
      },
    },
  ]
  return { log, routes, startWorkers: () => startExpiry(deps) }
}

const pageOf = (records: readonly AuditRecord[], filter: AuditFilter): Reply => {
  const isMore = records.length === filter.limit
  const nextBefore = isMore ? (records.at(-1)?.id ?? null) : null
  return jsonReply(200, { status: 'ok', results: records, next_before: nextBefore }, noStore)
}

const exportOf = (pages: AsyncIterable<readonly AuditRecord[]>, format: 'ndjson' | 'csv'): Reply => {
  const isCsv = format === 'csv'
  const lineOf = isCsv ? auditCsvLine : (record: AuditRecord) => `${JSON.stringify(record)}\n`
  const lines = async function* () {
    if (isCsv) yield auditCsvHeader
    for await (const page of pages) yield page.map(lineOf).join('')
  }
  const headers = {
    ...noStore,
    'Content-Type': isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
    'Content-Disposition': `attachment; filename="audit-log.${format}"`,
  }
  return { status: 200, headers, body: Readable.from(lines(), { objectMode: false }) }
}
