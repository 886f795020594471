import type { Reply, Route, Scoped, ScopedStream } from '../../http/route.ts'
import { jsonReply } from '../../http/route.ts'
import type { CredentialKind, Permission } from '../../kernel/principal.ts'
import { importBytesMax } from './import-people.ts'

/** What the routes answer with; `create-people.ts` says how. */
export interface PeopleHandlers {
  readonly feed: (request: Scoped) => Promise<Reply>
  readonly feedCsv: (request: Scoped) => Promise<Reply>
  readonly list: (request: Scoped) => Promise<Reply>
  readonly listCsv: (request: Scoped) => Promise<Reply>
  readonly person: (request: Scoped) => Promise<Reply>
  /** Answers the person's id. */
  readonly create: (request: Scoped) => Promise<string>
  readonly change: (request: Scoped) => Promise<Reply>
  readonly remove: (request: Scoped) => Promise<void>
  readonly importFile: (request: ScopedStream) => Promise<object>
}

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 1_024 * 1_024 } as const
const project = '/api/app/projects/:projectId'
const accepts: readonly CredentialKind[] = ['service-account', 'session']
const access = (permission: Permission) => ({ accepts, project: 'path', permission }) as const
const noStore = { 'Cache-Control': 'no-store' }

/**
 * RPT-05, RPT-13: people and what they did, for the pages and for whoever writes their own. An id may hold any
 * character, so a person is named in the query and not in the path.
 */
export const peopleRoutes = (handlers: PeopleHandlers): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path: `${project}/events`,
    access: access('people:read'),
    handle: (request: Scoped) => handlers.feed(request),
  },
  {
    ...base,
    method: 'GET',
    path: `${project}/events/csv`,
    access: access('events:export'),
    handle: (request: Scoped) => handlers.feedCsv(request),
  },
  {
    ...base,
    method: 'GET',
    path: `${project}/people`,
    access: access('people:read'),
    handle: (request: Scoped) => handlers.list(request),
  },
  {
    ...base,
    method: 'GET',
    path: `${project}/people/csv`,
    access: access('profiles:export'),
    handle: (request: Scoped) => handlers.listCsv(request),
  },
  {
    ...base,
    method: 'POST',
    path: `${project}/people`,
    access: access('profiles:write'),
    handle: async (request: Scoped) => {
      const distinctId = await handlers.create(request)
      return jsonReply(201, { status: 'ok', results: { distinct_id: distinctId } }, noStore)
    },
  },
  {
    ...base,
    method: 'POST',
    path: `${project}/people/import`,
    body: 'stream',
    bodyBytesMax: importBytesMax,
    access: access('profiles:write'),
    handle: async (request: ScopedStream) =>
      jsonReply(200, { status: 'ok', results: await handlers.importFile(request) }, noStore),
  },
  {
    ...base,
    method: 'GET',
    path: `${project}/person`,
    access: access('people:read'),
    handle: (request: Scoped) => handlers.person(request),
  },
  {
    ...base,
    method: 'PATCH',
    path: `${project}/person`,
    access: access('profiles:write'),
    handle: (request: Scoped) => handlers.change(request),
  },
  {
    ...base,
    method: 'DELETE',
    path: `${project}/person`,
    access: access('profiles:write'),
    handle: async (request: Scoped) => {
      await handlers.remove(request)
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  },
]
