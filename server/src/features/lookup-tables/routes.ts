import { z } from 'zod'
import { jsonReply, type Reply, type Route, type Scoped, type ScopedStream } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { FailedRow } from './domain/table-rows.ts'
import type { SentTable } from './replace-table.ts'
import type { LookupTableStore, Who } from './store/postgres-lookup-table-store.ts'

export interface LookupRouteDeps {
  readonly tables: LookupTableStore
  /** Answers the bad rows; none when the table was replaced. */
  readonly replace: (scope: ProjectScope, id: string, sent: SentTable) => Promise<readonly FailedRow[]>
  readonly sweep: (regionId: string) => Promise<void>
}

/** Of a table, after gunzip (ingestion §15). */
export const tableBytesMax = 100 * 1_024 * 1_024

const public_ = { surface: 'import', hostFamily: 'api' } as const
const publicAccess = {
  accepts: ['service-account', 'project-secret'],
  project: 'project_id-query',
  permission: 'lookup-tables:upload',
} as const
const app = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1_024 } as const
const appAccess = {
  accepts: ['service-account', 'session'] satisfies CredentialKind[],
  project: 'path',
  permission: 'lookup-tables:manage',
} as const

/** ING-25. The public API lists and replaces tables; making and removing them belongs to the web interface. */
export const lookupTableRoutes = (deps: LookupRouteDeps): readonly Route[] => [
  {
    ...public_,
    method: 'GET',
    path: '/lookup-tables',
    bodyBytesMax: 1_024,
    access: publicAccess,
    handle: async ({ scope }: Scoped) =>
      jsonReply(200, { code: 200, status: 'OK', results: await deps.tables.list(scope) }),
  },
  {
    ...public_,
    method: 'PUT',
    path: '/lookup-tables/:id',
    body: 'stream',
    bodyBytesMax: tableBytesMax,
    access: publicAccess,
    handle: async (request: ScopedStream) => {
      const { scope, params, chunks, signal } = request
      return replacedReply(await deps.replace(scope, params['id'] ?? '', { chunks, signal, who: whoOf(request) }))
    },
  },
  {
    ...app,
    method: 'GET',
    path: '/api/app/projects/:projectId/lookup-tables',
    access: appAccess,
    handle: async ({ scope }: Scoped) =>
      jsonReply(200, { status: 'ok', results: await deps.tables.list(scope) }, { 'Cache-Control': 'no-store' }),
  },
  {
    ...app,
    method: 'POST',
    path: '/api/app/projects/:projectId/lookup-tables',
    access: appAccess,
    handle: async (request: Scoped) => {
      const made = await deps.tables.create(request.scope, nameOf(request.body), whoOf(request))
      return jsonReply(201, { status: 'ok', results: made })
    },
  },
  {
    ...app,
    method: 'DELETE',
    path: '/api/app/projects/:projectId/lookup-tables/:id',
    access: appAccess,
    handle: async (request: Scoped) => {
      await deps.tables.remove(request.scope, request.params['id'] ?? '', whoOf(request))
      await deps.sweep(request.scope.regionId)
      return jsonReply(200, { status: 'ok' })
    },
  },
]

const replacedReply = (failed: readonly FailedRow[]): Reply =>
  failed.length === 0
    ? jsonReply(200, { code: 200, status: 'OK' })
    : jsonReply(400, {
        code: 400,
        error: 'Some data points in the request failed validation.',
        status: 'Bad Request',
        failed_records: failed,
      })

const whoOf = ({ principal, project, requestId }: Scoped): Who => ({
  actor: actorOf(principal),
  organizationId: project.organizationId,
  requestId,
})

const newTable = z.strictObject({ name: z.string().trim().min(1).max(255) })

const nameOf = (body: Buffer): string => {
  try {
    const parsed = newTable.safeParse(JSON.parse(body.toString('utf8')))
    if (parsed.success) return parsed.data.name
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest('the body must be a JSON object with the name of the table: 1 to 255 characters')
}
