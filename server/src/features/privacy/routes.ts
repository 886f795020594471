import { jsonReply, type Received, type Reply, type Route, type Scoped, type ScopedRoute } from '../../http/route.ts'
import { type AuditEventType, type AuditLog, actorOf } from '../../kernel/audit.ts'
import { AppError, Forbidden, WrongRegion } from '../../kernel/errors.ts'
import type { Permission, Principal } from '../../kernel/principal.ts'
import type { Region } from '../../kernel/region.ts'
import type { RateLimit } from '../../platform/limits/rate-limit.ts'
import type { ObjectStore } from '../../platform/objects/object-store.ts'
import { archiveReply } from './archive-reply.ts'
import { parseBody, parseCreateRequest, parseDistinctIds } from './domain/create-request.ts'
import type { PrivacyTask, TaskKind } from './domain/task.ts'
import type { ReceiptSigner } from './receipt.ts'
import { cancelIds, cancelTask, createRequest, type RequestDeps } from './requests.ts'
import type { LinkSigner } from './signed-link.ts'
import { notifyWorkers, taskStore } from './store/postgres-task-store.ts'
import {
  absentBody,
  type CreateShape,
  createdBody,
  deletionStatusBody,
  evidenceBody,
  retrievalStatusBody,
} from './wire.ts'

export interface RouteDeps extends RequestDeps {
  readonly audit: AuditLog
  readonly links: LinkSigner
  readonly receipts: ReceiptSigner
  readonly objects: (regionId: string) => ObjectStore
  readonly region: (regionId: string) => Region
  readonly createShape: CreateShape
  readonly maxIds: Readonly<Record<TaskKind, number>>
  /** For status and cancel calls; creates are limited by the store. */
  readonly callRate: RateLimit
  readonly mayUse: (principal: Principal, permission: Permission, projectId: number) => boolean
}

// 2,000 ids of 1 kB, JSON-escaped, twice over.
const bodyBytesMax = 8 * 1024 * 1024
const paths: Readonly<Record<TaskKind, string>> = { retrieval: 'data-retrievals', deletion: 'data-deletions' }

/** PRIV-01…07, PRIV-24: /api/app/data-{retrievals,deletions}/v{3,2}.0, with and without trailing slash. */
export const privacyRoutes = (deps: RouteDeps): readonly Route[] => [
  ...(['retrieval', 'deletion'] as const).flatMap((kind) =>
    (['v3.0', 'v2.0'] as const).flatMap((version) => taskRoutes(deps, kind, `/api/app/${paths[kind]}/${version}`)),
  ),
  scoped('DELETE', '/api/app/data-deletions/v3.0', (request) => cancelByIds(deps, request)),
  scoped('DELETE', '/api/app/data-deletions/v2.0', (request) => cancelByIds(deps, request)),
  scoped('GET', '/api/app/data-deletions/v3.0/:trackingId/evidence', (request) => evidence(deps, request)),
  {
    surface: 'app',
    method: 'GET',
    path: '/api/app/data-retrievals/v3.0/:trackingId/archive.zip',
    hostFamily: 'web',
    bodyBytesMax: 0,
    access: { accepts: 'none' },
    handle: (request: Received) => download(deps, request),
  },
  {
    surface: 'app',
    method: 'GET',
    path: '/api/app/privacy/receipt-keys',
    hostFamily: 'web',
    bodyBytesMax: 0,
    access: { accepts: 'none' },
    handle: async () => jsonReply(200, await deps.receipts.publicKeys()),
  },
]

const taskRoutes = (deps: RouteDeps, kind: TaskKind, path: string): readonly Route[] => [
  scoped('POST', path, (request) => create(deps, kind, request)),
  scoped('GET', `${path}/:trackingId`, (request) => status(deps, kind, request)),
  scoped('DELETE', `${path}/:trackingId`, (request) => cancelOne(deps, kind, request)),
]

const scoped = (
  method: ScopedRoute['method'],
  path: string,
  handle: (request: Scoped) => Promise<Reply>,
): ScopedRoute => ({
  surface: 'app',
  method,
  path,
  hostFamily: 'web',
  bodyBytesMax,
  access: {
    accepts: ['gdpr-token'],
    project: path.includes('/v2.0') ? 'token-query-or-body' : 'token-query',
    permission: 'privacy:request',
  },
  handle,
})

const create = async (deps: RouteDeps, kind: TaskKind, request: Scoped): Promise<Reply> => {
  const { principal, scope, project } = request
  if (principal.kind !== 'gdpr-token') throw new Forbidden('a GDPR token is required')
  const input = parseCreateRequest(parseBody(request.body), kind, deps.maxIds[kind])
  const task = await createRequest(deps, { kind, scope, project, accountId: principal.userId, input })
  const type = kind === 'deletion' ? 'user_data_deletion.created' : 'user_data_export.created'
  await audit(deps, request, type, task.trackingId)
  await notifyWorkers(deps.control, scope.regionId)
  return jsonReply(201, createdBody(task, deps.createShape), {
    Location: `/api/app/${paths[kind]}/v3.0/${task.trackingId}`,
  })
}

const status = async (deps: RouteDeps, kind: TaskKind, request: Scoped): Promise<Reply> => {
  deps.callRate.take(request.project.id)
  try {
    const task = await taskStore.find(deps.control, request.project.id, kind, trackingIdOf(request))
    if (task === null) return jsonReply(200, absentBody('NOT_FOUND'))
    const list = task.idsObjectKey === null ? null : await deps.idLists(task.region).read(task.idsObjectKey)
    const ids = list?.distinct_ids ?? []
    if (kind === 'deletion') return jsonReply(200, deletionStatusBody(task, ids))
    return jsonReply(200, retrievalStatusBody(task, ids, linkOf(deps, task)))
  } catch (error) {
    // PRIV-08: an error while locating the task is a state of its own, not a failed request.
    if (error instanceof AppError && error.code === 'ENGINE_UNAVAILABLE') return jsonReply(200, absentBody('UNKNOWN'))
    throw error
  }
}

/** Signed, to be opened without a credential; empty while there is no archive. */
export const linkOf = (deps: RouteDeps, task: PrivacyTask): string =>
  task.state === 'SUCCESS' && task.archiveObjectKey !== null
    ? deps.links.sign(deps.region(task.region).publicUrl, task.trackingId)
    : ''

const cancelOne = async (deps: RouteDeps, kind: TaskKind, request: Scoped): Promise<Reply> => {
  deps.callRate.take(request.project.id)
  const trackingId = trackingIdOf(request)
  await cancelTask(deps, kind, request.project.id, trackingId)
  if (kind === 'deletion') await audit(deps, request, 'user_data_deletion.canceled', trackingId)
  return { status: 204, body: null }
}

const cancelByIds = async (deps: RouteDeps, request: Scoped): Promise<Reply> => {
  deps.callRate.take(request.project.id)
  const body = request.body.length === 0 ? {} : parseBody(request.body)
  const named = body['tracking_id'] ?? body['task_id'] ?? request.query['tracking_id'] ?? request.query['task_id']
  const trackingId = typeof named === 'string' && named !== '' ? named : null
  if (trackingId !== null && body['distinct_ids'] === undefined) {
    await cancelTask(deps, 'deletion', request.project.id, trackingId)
    await audit(deps, request, 'user_data_deletion.canceled', trackingId)
    return { status: 204, body: null }
  }
  const changed = await cancelIds(deps, request.scope, parseDistinctIds(body['distinct_ids']), trackingId)
  for (const id of changed) await audit(deps, request, 'user_data_deletion.canceled', id)
  return { status: 204, body: null }
}

const evidence = async (deps: RouteDeps, request: Scoped): Promise<Reply> => {
  deps.callRate.take(request.project.id)
  const task = await taskStore.find(deps.control, request.project.id, 'deletion', trackingIdOf(request))
  return jsonReply(200, task === null ? absentBody('NOT_FOUND') : evidenceBody(task))
}

/** PRIV-17: the signature is the only credential. Each download is written down. */
const download = async (deps: RouteDeps, request: Received): Promise<Reply> => {
  const trackingId = trackingIdOf(request)
  const { expires = '', signature = '' } = request.query
  const verdict = deps.links.verify(trackingId, expires, signature)
  if (verdict === 'invalid') throw new Forbidden('this link is not valid')
  if (verdict === 'expired')
    throw new AppError('NOT_FOUND', 'this link has expired; ask for the status again', { status: 410 })
  const task = await taskStore.findRetrieval(deps.control, trackingId)
  if (task !== null && request.region !== null && request.region.id !== task.region) {
    throw new WrongRegion(task.region, deps.region(task.region).webHost)
  }
  return archiveReply(deps.objects, task, ({ projectId }) =>
    deps.audit.append({
      type: 'user_data_export.downloaded',
      actor: { type: 'system', id: null, name: 'signed link' },
      organizationId: null,
      projectId,
      target: { type: 'privacy_task', id: trackingId },
      requestId: request.requestId,
    }),
  )
}

const trackingIdOf = (request: Received): string => request.params['trackingId'] ?? ''

const audit = (deps: RouteDeps, request: Scoped, type: AuditEventType, trackingId: string): Promise<void> =>
  deps.audit.append({
    type,
    actor: actorOf(request.principal),
    organizationId: request.project.organizationId,
    projectId: request.project.id,
    target: { type: 'privacy_task', id: trackingId },
    requestId: request.requestId,
  })
