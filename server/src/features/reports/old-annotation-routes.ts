import { jsonReply, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { annotationDescription, dayOrNull, wallClock } from './definitions/annotation.ts'
import type { AnnotationStore } from './store/postgres-annotation-store.ts'
import { whoOf } from './who-saves.ts'

const families = ['/api/2.0', '/api/query'] as const
const credentials = {
  accepts: ['service-account', 'project-secret'],
  project: 'project_id-query-or-body',
} as const satisfies Partial<Route['access']>

/**
 * CLIENTS A5: annotations as scripts of before the app API call them, all by GET, with the project's secret. Answers
 * have no envelope and say `error: false`.
 */
export const oldAnnotationRoutes = (annotations: AnnotationStore): readonly Route[] => {
  const route = (
    name: string,
    permission: 'query:read' | 'reports:write',
    handle: (request: Scoped) => Promise<Reply>,
  ): readonly Route[] =>
    families.map((family) => ({
      surface: 'query',
      method: 'GET',
      path: `${family}/annotations${name}`,
      hostFamily: 'web',
      bodyBytesMax: 0,
      access: { ...credentials, permission },
      handle,
    }))
  return [
    ...route('', 'query:read', async ({ scope, query }) => {
      const found = await annotations.list(scope, dayOrNull(query, 'from_date'), dayOrNull(query, 'to_date'))
      const shown = found.map(({ date, id, description }) => ({ date, project_id: scope.projectId, id, description }))
      return jsonReply(200, { annotations: shown, error: false })
    }),
    ...route('/create', 'reports:write', async (request) => {
      const sent = { date: sentText(request, 'date', wallClock), description: descriptionOf(request), tags: [] }
      const { id } = await annotations.create(request.scope, sent, whoOf(request))
      return jsonReply(200, { id, error: false })
    }),
    ...route('/update', 'reports:write', async (request) => {
      await annotations.update(request.scope, idOf(request), { description: descriptionOf(request) }, whoOf(request))
      return jsonReply(200, { error: false })
    }),
    ...route('/delete', 'reports:write', async (request) => {
      await annotations.remove(request.scope, idOf(request), whoOf(request))
      return jsonReply(200, { error: false })
    }),
  ]
}

const idOf = ({ query }: Scoped): string => query['id'] ?? ''
const descriptionOf = (request: Scoped): string => sentText(request, 'description', annotationDescription)

const sentText = ({ query }: Scoped, name: string, schema: typeof wallClock | typeof annotationDescription): string => {
  const read = schema.safeParse(query[name])
  if (read.success) return read.data
  throw new InvalidRequest(`${name}: ${read.error.issues[0]?.message ?? 'is invalid'}`)
}
