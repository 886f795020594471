import { type Authenticated, jsonReply, type Reply, type Route, type Scoped } from '../../http/route.ts'
import type { AuditLog } from '../../kernel/audit.ts'
import { Forbidden } from '../../kernel/errors.ts'
import type { Principal } from '../../kernel/principal.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { type AuditFilter, parseAuditFilter } from './domain/audit-filter.ts'
import { type AuditRecord, auditCsv } from './domain/audit-record.ts'
import { type AuditOwner, createAuditLog, listAudit } from './store/postgres-audit-store.ts'

export interface AuditDeps {
  readonly control: ControlDb
  readonly mayReadOrganizationAudit: (principal: Principal, organizationId: number) => Promise<boolean>
}

const base = { surface: 'app', method: 'GET', hostFamily: 'web', bodyBytesMax: 1024 } as const

/** AUTH-30, AUTH-31: the append-only log and its pages. */
export const createAudit = (deps: AuditDeps): { readonly log: AuditLog; readonly routes: readonly Route[] } => {
  const answer = async (owner: AuditOwner, query: Readonly<Record<string, string>>): Promise<Reply> => {
    const filter = parseAuditFilter(query)
    return auditReply(await listAudit(deps.control, owner, filter), filter)
  }
  const routes: readonly Route[] = [
    {
      ...base,
      path: '/api/app/organizations/:organizationId/audit-log',
      access: { accepts: ['session'] },
      handle: async ({ principal, params, query }: Authenticated) => {
        const text = params['organizationId'] ?? ''
        const organizationId = /^\d{1,9}$/.test(text) ? Number(text) : 0
        if (!(await deps.mayReadOrganizationAudit(principal, organizationId))) {
          throw new Forbidden('only owners and admins of the organization may read its audit log')
        }
        return answer({ organizationId }, query)
      },
    },
    {
      ...base,
      path: '/api/app/projects/:projectId/audit-log',
      access: { accepts: ['service-account', 'session'], project: 'path', permission: 'audit:read' },
      handle: ({ project, query }: Scoped) => answer({ projectId: project.id }, query),
    },
  ]
  return { log: createAuditLog(deps.control), routes }
}

const auditReply = (records: readonly AuditRecord[], filter: AuditFilter): Reply => {
  const noStore = { 'Cache-Control': 'no-store' }
  switch (filter.format) {
    case 'json': {
      const isMore = records.length === filter.limit
      const nextBefore = isMore ? (records.at(-1)?.id ?? null) : null
      return jsonReply(200, { status: 'ok', results: records, next_before: nextBefore }, noStore)
    }
    case 'ndjson': {
      const body = records.map((record) => `${JSON.stringify(record)}\n`).join('')
      return { status: 200, headers: { ...noStore, 'Content-Type': 'application/x-ndjson' }, body }
    }
    case 'csv': {
      const headers = {
        ...noStore,
        'Content-Type': 'text/csv; charset=utf-8',
        'Content-Disposition': 'attachment; filename="audit-log.csv"',
      }
      return { status: 200, headers, body: auditCsv(records) }
    }
  }
}
