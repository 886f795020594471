import { z } from 'zod'
import { jsonReply, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { annotationDescription, dayOrNull, wallClock } from './definitions/annotation.ts'
import { label } from './definitions/parts.ts'
import { appBase, readAccess, writeAccess } from './routes.ts'
import type { AnnotationStore } from './store/postgres-annotation-store.ts'
import { whoOf } from './who-saves.ts'

const path = '/api/app/projects/:projectId/annotations'
const one = `${path}/:annotationId`

const tags = z.array(z.int().positive().max(2_147_483_647)).max(100)

const created = z.object({ date: wallClock, description: annotationDescription, tags: tags.default([]) })
const changed = z.object({ description: annotationDescription.optional(), tags: tags.optional() })
const newTag = z.object({ name: label })

/** RPT-12: dated notes of a project (reports §9). Answers of the tag calls have no envelope, as documented. */
export const annotationRoutes = (annotations: AnnotationStore): readonly Route[] => {
  const route = (
    method: Route['method'],
    at: string,
    access: typeof readAccess | typeof writeAccess,
    handle: (request: Scoped) => Promise<Reply>,
  ): Route => ({ ...appBase, method, path: at, access, handle })
  const results = (status: number, found: object): Reply => jsonReply(status, { status: 'ok', results: found })
  const idOf = ({ params }: Scoped): string => params['annotationId'] ?? ''
  return [
    route('GET', path, readAccess, async (request) =>
      results(
        200,
        await annotations.list(request.scope, dayOrNull(request.query, 'fromDate'), dayOrNull(request.query, 'toDate')),
      ),
    ),
    route('POST', path, writeAccess, async (request) =>
      results(201, await annotations.create(request.scope, sentJson(created, request.body), whoOf(request))),
    ),
    // A fixed part stands before a parameter, so `tags` is never taken for an id.
    route('GET', `${path}/tags`, writeAccess, async ({ scope }) => jsonReply(200, await annotations.tags(scope))),
    route('POST', `${path}/tags`, writeAccess, async ({ scope, body }) =>
      jsonReply(200, await annotations.createTag(scope, sentJson(newTag, body).name)),
    ),
    route('GET', one, readAccess, async (request) => results(200, await annotations.get(request.scope, idOf(request)))),
    route('PATCH', one, writeAccess, async (request) => {
      const sent = sentJson(changed, request.body)
      return results(200, await annotations.update(request.scope, idOf(request), sent, whoOf(request)))
    }),
    route('DELETE', one, writeAccess, async (request) => {
      await annotations.remove(request.scope, idOf(request), whoOf(request))
      return results(200, { id: Number(idOf(request)) })
    }),
  ]
}
