import { jsonReply, type Reply, type Route, type Scoped } from '../../http/route.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { ImportType } from './domain/import-definition.ts'

export interface ConnectorHandlers {
  readonly listSources: (request: Scoped) => Promise<object>
  readonly createSource: (request: Scoped) => Promise<object>
  readonly testSource: (request: Scoped) => Promise<void>
  readonly removeSource: (request: Scoped) => Promise<void>
  readonly listImports: (request: Scoped) => Promise<object>
  readonly findImport: (request: Scoped) => Promise<object>
  readonly createImport: (type: ImportType, request: Scoped) => Promise<object>
  readonly changeImport: (request: Scoped) => Promise<object>
  readonly removeImport: (request: Scoped) => Promise<void>
  readonly syncNow: (request: Scoped) => Promise<object>
  readonly history: (request: Scoped) => Promise<object>
}

export const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 256 * 1_024 } as const
export const access = {
  accepts: ['service-account', 'session'] satisfies CredentialKind[],
  project: 'path',
  permission: 'warehouses:manage',
} as const
const sources = '/api/app/projects/:projectId/warehouse-sources'
const imports = `${sources}/imports`
export const noStore = { 'Cache-Control': 'no-store' }
const types = [
  ['event-stream', 'event_stream'],
  ['people', 'people'],
  ['groups', 'groups'],
  ['lookup-table', 'lookup_table'],
] as const

const told =
  (work: (request: Scoped) => Promise<object>) =>
  async (request: Scoped): Promise<Reply> =>
    jsonReply(200, { status: 'ok', results: await work(request) }, noStore)
const done =
  (work: (request: Scoped) => Promise<void>) =>
  async (request: Scoped): Promise<Reply> => {
    await work(request)
    return jsonReply(200, { status: 'ok' }, noStore)
  }

/** CONN-02…10. Connections are ours: elsewhere they are made in the web interface (connectors §1). */
export const connectorRoutes = (handlers: ConnectorHandlers): readonly Route[] => [
  { ...base, method: 'GET', path: sources, access, handle: told((request) => handlers.listSources(request)) },
  { ...base, method: 'POST', path: sources, access, handle: told((request) => handlers.createSource(request)) },
  { ...base, method: 'POST', path: `${sources}/test`, access, handle: done((request) => handlers.testSource(request)) },
  {
    ...base,
    method: 'DELETE',
    path: `${sources}/:sourceId`,
    access,
    handle: done((request) => handlers.removeSource(request)),
  },
  { ...base, method: 'GET', path: imports, access, handle: told((request) => handlers.listImports(request)) },
  ...types.map(
    ([path, type]): Route => ({
      ...base,
      method: 'POST',
      path: `${imports}/${path}`,
      access,
      handle: told((request) => handlers.createImport(type, request)),
    }),
  ),
  {
    ...base,
    method: 'GET',
    path: `${imports}/:importId`,
    access,
    handle: told((request) => handlers.findImport(request)),
  },
  {
    ...base,
    method: 'PATCH',
    path: `${imports}/:importId`,
    access,
    handle: told((request) => handlers.changeImport(request)),
  },
  {
    ...base,
    method: 'DELETE',
    path: `${imports}/:importId`,
    access,
    handle: done((request) => handlers.removeImport(request)),
  },
  {
    ...base,
    method: 'PUT',
    path: `${imports}/:importId/manual-sync`,
    access,
    handle: told((request) => handlers.syncNow(request)),
  },
  {
    ...base,
    method: 'GET',
    path: `${imports}/:importId/history`,
    access,
    handle: told((request) => handlers.history(request)),
  },
]
