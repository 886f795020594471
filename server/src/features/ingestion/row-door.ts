import type { Received, Reply, Scoped } from '../../http/route.ts'
import type { JsonValue } from '../../kernel/json.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { IngestionHandlers } from './routes.ts'

export type RowKind = 'events' | 'people' | 'groups'

export interface StoredRows {
  readonly importedCount: number
  readonly failedCount: number
}

/**
 * How other slices bring rows in: the same handlers that answer `/import`, `/engage` and `/groups` with strict=1, so that
 * every rule of the door holds. Resolves when what is good is durable. Throws RateLimited and EngineUnavailable, as they do.
 */
export type RowDoor = (
  kind: RowKind,
  place: { readonly scope: ProjectScope; readonly project: Project },
  records: readonly JsonValue[],
) => Promise<StoredRows>

export const createRowDoor =
  (handlers: IngestionHandlers, nowMs: () => number): RowDoor =>
  async (kind, { scope, project }, records) => {
    const body = Buffer.from(JSON.stringify(kind === 'events' ? records : records.map(withToken(project.token))))
    const received: Received = { ...nobody, requestId: '', body, receivedAtMs: nowMs(), signal: never }
    const scoped: Scoped = {
      ...received,
      scope,
      project,
      principal: { kind: 'project-secret', projectId: project.id },
    }
    const reply = kind === 'events' ? await handlers.import(scoped) : await updatesOf(handlers, kind)(received)
    return storedOf(reply, records.length)
  }

const updatesOf = (handlers: IngestionHandlers, kind: 'people' | 'groups') =>
  kind === 'people' ? handlers.engage : handlers.groups

const withToken =
  (token: string) =>
  (record: JsonValue): JsonValue => ({ ...(record as { readonly [name: string]: JsonValue }), $token: token })

const never = new AbortController().signal
const nobody = {
  method: 'POST',
  path: '/',
  url: '/',
  host: 'warehouse',
  region: null,
  query: { strict: '1', verbose: '1' },
  params: {},
  headers: { 'content-type': 'application/json' },
  clientIp: '',
} as const

const storedOf = ({ status, body }: Reply, count: number): StoredRows => {
  if (status === 200) return { importedCount: count, failedCount: 0 }
  const { num_records_imported: importedCount = 0 } = body as { readonly num_records_imported?: number }
  return { importedCount, failedCount: count - importedCount }
}
