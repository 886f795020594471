import { z } from 'zod'
import { jsonReply, type Received, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { label } from './definitions/parts.ts'
import { appBase, readAccess, writeAccess } from './routes.ts'
import { sentJson } from './sent-json.ts'
import type { AnnotationStore } from './store/postgres-annotation-store.ts'
import { whoOf } from './who-saves.ts'

const path = '/api/app/projects/:projectId/annotations'
const one = `${path}/:annotationId`

const description = z.string().trim().min(1).max(1_024)
const tags = z.array(z.int().positive().max(2_147_483_647)).max(100)
const wallClock = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 'must be YYYY-MM-DD HH:mm:ss')
  // A date such as 2024-02-30 would roll over to March: it must come out as it went in.
  .refine((text) => sameInstant(text), 'is no date and time')
const sameInstant = (text: string): boolean => {
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19).replace('T', ' ') === text
}

const created = z.object({ date: wallClock, description, tags: tags.default([]) })
const changed = z.object({ description: description.optional(), tags: tags.optional() })
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
      results(200, await annotations.list(request.scope, dayOf(request, 'fromDate'), dayOf(request, 'toDate'))),
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

const dayOf = ({ query }: Received, name: 'fromDate' | 'toDate'): string | null => {
  const text = query[name] ?? ''
  if (text === '') return null
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || !sameInstant(`${text} 00:00:00`)) {
    throw new InvalidRequest(`${name} must be a date of the form YYYY-MM-DD`)
  }
  return text
}
