import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { AskedDeletion } from './domain/deletion-rule.ts'
import { type Retention, retentionDaysMax, retentionEventCountMax } from './domain/retention.ts'
import type { EventDeletion } from './store/postgres-deletion-store.ts'
import type { Who } from './store/postgres-retention-store.ts'

export interface LifecycleRouteDeps {
  /** 0: for ever. */
  readonly defaultDays: number
  readonly findRetention: (scope: ProjectScope) => Promise<Retention>
  /** Resolves when reads go by it. */
  readonly setRetention: (scope: ProjectScope, retention: Retention, who: Who) => Promise<void>
  readonly listDeletions: (scope: ProjectScope) => Promise<readonly EventDeletion[]>
  readonly askDeletion: (scope: ProjectScope, asked: AskedDeletion, who: Who) => Promise<EventDeletion>
  readonly undoDeletion: (scope: ProjectScope, id: string, who: Who) => Promise<void>
}

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1_024 } as const
const project = '/api/app/projects/:projectId'
const who = { accepts: ['service-account', 'session'] satisfies CredentialKind[], project: 'path' } as const
const retentionAccess = { ...who, permission: 'data-settings:write' } as const
const deletionAccess = { ...who, permission: 'events:delete' } as const
const noStore = { 'Cache-Control': 'no-store' }
const ok = (results: object, status = 200) => jsonReply(status, { status: 'ok', results }, noStore)

/** PRIV-33, PRIV-34: how long events are kept, and events that are deleted by a rule. For owners and admins. */
export const lifecycleRoutes = (deps: LifecycleRouteDeps): readonly Route[] => [
  {
    ...base,
    method: 'GET',
    path: `${project}/retention`,
    access: retentionAccess,
    handle: async ({ scope }: Scoped) => ok(shownRetention(await deps.findRetention(scope), deps.defaultDays)),
  },
  {
    ...base,
    method: 'PUT',
    path: `${project}/retention`,
    access: retentionAccess,
    handle: async (request: Scoped) => {
      const retention = bodyOf(request, retentionBody, retentionText)
      await deps.setRetention(request.scope, retention, whoOf(request))
      return ok(shownRetention(retention, deps.defaultDays))
    },
  },
  {
    ...base,
    method: 'GET',
    path: `${project}/event-deletions`,
    access: deletionAccess,
    handle: async ({ scope }: Scoped) => ok(await deps.listDeletions(scope)),
  },
  {
    ...base,
    method: 'POST',
    path: `${project}/event-deletions`,
    access: deletionAccess,
    handle: async (request: Scoped) => {
      const { event, from_date: fromDate, to_date: toDate, filters } = bodyOf(request, deletionBody, deletionText)
      return ok(await deps.askDeletion(request.scope, { event, fromDate, toDate, filters }, whoOf(request)), 201)
    },
  },
  {
    ...base,
    method: 'DELETE',
    path: `${project}/event-deletions/:deletionId`,
    access: deletionAccess,
    handle: async (request: Scoped) => {
      await deps.undoDeletion(request.scope, request.params['deletionId'] ?? '', whoOf(request))
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  },
]

const shownRetention = ({ days, events }: Retention, defaultDays: number) => ({
  days: days === undefined ? defaultDays || null : days,
  is_default: days === undefined,
  events,
})

const name = z.string().min(1).max(255)
const days = z.number().int().min(1).max(retentionDaysMax).nullable()
const retentionBody = z
  .strictObject({
    days: days.optional(),
    events: z
      .array(z.strictObject({ event: name, days }))
      .max(retentionEventCountMax)
      .default([]),
  })
  .refine(({ events }) => new Set(events.map(({ event }) => event)).size === events.length)
const retentionText = `the body must be a JSON object with days (1 to ${retentionDaysMax}, null for ever, left out for the default) and events, a list of event and days, each event once`

const value = z.union([z.string().max(1_000), z.number(), z.boolean(), z.null()])
const deletionBody = z.strictObject({
  event: name,
  from_date: z.string(),
  to_date: z.string(),
  filters: z
    .array(z.strictObject({ property: name, values: z.array(value).min(1).max(100) }))
    .max(20)
    .default([]),
})
const deletionText =
  'the body must be a JSON object with event, from_date, to_date and, if wanted, filters: a list of property and values'

const bodyOf = <T>({ body }: Scoped, schema: z.ZodType<T>, text: string): T => {
  try {
    const result = schema.safeParse(JSON.parse(body.toString('utf8')))
    if (result.success) return result.data
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest(text)
}

const whoOf = ({ principal, project: { organizationId }, requestId }: Scoped): Who => ({
  actor: actorOf(principal),
  organizationId,
  requestId,
})
