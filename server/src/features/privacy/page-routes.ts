import {
  type Authenticated,
  jsonReply,
  type Reply,
  type Route,
  type Scoped,
  type ScopedRoute,
} from '../../http/route.ts'
import { type AuditEventType, actorOf } from '../../kernel/audit.ts'
import { assert, Forbidden, InvalidRequest, NotFound, RateLimited } from '../../kernel/errors.ts'
import { archiveReply } from './archive-reply.ts'
import { parseBody, parseCreateRequest } from './domain/create-request.ts'
import type { TaskKind } from './domain/task.ts'
import { type DryRunDeps, dryRun } from './dry-run.ts'
import { type Download, requestDetail, requestSummary } from './page-wire.ts'
import { cancelTask, createRequest } from './requests.ts'
import { linkOf, type RouteDeps } from './routes.ts'
import { findTask, listTasks, projectsOfOrganization, type TimedTask } from './store/postgres-task-list.ts'
import { notifyWorkers } from './store/postgres-task-store.ts'

export interface PageRouteDeps extends RouteDeps {
  readonly dryRun: (regionId: string) => DryRunDeps
  readonly linkDays: number
  /** Downloads of an archive, newest first. */
  readonly downloadsOf: (projectId: number, trackingId: string) => Promise<readonly Download[]>
}

const bodyBytesMax = 8 * 1_024 * 1_024
const noStore = { 'Cache-Control': 'no-store' }
const root = '/api/app/projects/:projectId/privacy'
const ok = (results: object, status = 200): Reply => jsonReply(status, { status: 'ok', results }, noStore)

/** PRIV-23: requests by members who are logged in (privacy §1.11). Tasks are those of §1.1, whoever asked for them. */
export const privacyPageRoutes = (deps: PageRouteDeps): readonly Route[] => {
  const running = new Set<number>()
  return [
    scoped('GET', '/requests', (request) => list(deps, request)),
    scoped('POST', '/requests', (request) => create(deps, request)),
    scoped('GET', '/requests/:trackingId', async (request) => ok(await detail(deps, request))),
    scoped('DELETE', '/requests/:trackingId', (request) => cancel(deps, request)),
    scoped('GET', '/requests/:trackingId/archive.zip', (request) => download(deps, request)),
    scoped('POST', '/dry-run', (request) => oneAtATime(running, request, () => count(deps, request))),
    {
      surface: 'app',
      hostFamily: 'web',
      method: 'GET',
      path: '/api/app/organizations/:organizationId/privacy/requests',
      bodyBytesMax: 0,
      access: { accepts: ['session'] },
      handle: (request: Authenticated) => listOfOrganization(deps, request),
    },
  ]
}

const scoped = (
  method: ScopedRoute['method'],
  path: string,
  handle: (request: Scoped) => Promise<Reply>,
): ScopedRoute => ({
  surface: 'app',
  hostFamily: 'web',
  method,
  path: `${root}${path}`,
  bodyBytesMax: method === 'POST' ? bodyBytesMax : 0,
  access: { accepts: ['session'], project: 'path', permission: 'privacy:request' },
  handle,
})

const pageOf = (query: Readonly<Record<string, string>>) => {
  const limit = query['limit'] ?? '50'
  const before = query['before'] ?? null
  if (!/^[1-9]\d{0,2}$/.test(limit) || Number(limit) > 200) throw new InvalidRequest('limit must be 1 to 200')
  if (before !== null && !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?$/.test(before)) {
    throw new InvalidRequest('before must be the date_requested of a request')
  }
  return { limit: Number(limit), before }
}

const listed = (deps: PageRouteDeps, found: readonly TimedTask[]): Reply =>
  ok(found.map((timed) => requestSummary(timed, deps.nowMs())))

const list = async (deps: PageRouteDeps, { project, query }: Scoped): Promise<Reply> =>
  listed(deps, await listTasks(deps.control, [project.id], pageOf(query)))

/** Of the projects whose requests the caller may see, in the region that is asked. */
const listOfOrganization = async (deps: PageRouteDeps, request: Authenticated): Promise<Reply> => {
  const { principal, region, params } = request
  const text = params['organizationId'] ?? ''
  const projects = await projectsOfOrganization(deps.control, /^\d{1,9}$/.test(text) ? Number(text) : 0)
  const mine = projects.filter(({ id }) => deps.mayUse(principal, 'privacy:request', id))
  if (mine.length === 0) throw new Forbidden('these credentials may not see requests of this organization')
  const here = mine.filter((project) => region === null || project.region === region.id)
  const ids = here.map(({ id }) => id)
  return listed(deps, await listTasks(deps.control, ids, pageOf(request.query)))
}

const kinds: readonly TaskKind[] = ['retrieval', 'deletion']

const create = async (deps: PageRouteDeps, request: Scoped): Promise<Reply> => {
  const { principal, scope, project } = request
  assert(principal.kind === 'session', 'only sessions are let in')
  const body = parseBody(request.body)
  const kind = kinds.find((known) => known === body['kind'])
  if (kind === undefined) throw new InvalidRequest(`kind must be one of ${kinds.join(', ')}`)
  const input = parseCreateRequest(body, kind, deps.maxIds[kind])
  const { trackingId } = await createRequest(deps, { kind, scope, project, accountId: principal.userId, input })
  await audit(
    deps,
    request,
    kind === 'deletion' ? 'user_data_deletion.created' : 'user_data_export.created',
    trackingId,
  )
  await notifyWorkers(deps.control, scope.regionId)
  const made = await findTask(deps.control, project.id, trackingId)
  assert(made !== null, 'a task that was made is there')
  return ok(requestSummary(made, deps.nowMs()), 201)
}

const found = async (deps: PageRouteDeps, { project, params }: Scoped): Promise<TimedTask> => {
  const timed = await findTask(deps.control, project.id, params['trackingId'] ?? '')
  if (timed === null) throw new NotFound('there is no such request in this project')
  return timed
}

const detail = async (deps: PageRouteDeps, request: Scoped) => {
  const timed = await found(deps, request)
  const { task } = timed
  const ids = task.idsObjectKey === null ? null : await deps.idLists(task.region).read(task.idsObjectKey)
  return requestDetail(timed, deps.nowMs(), {
    distinctIds: ids?.distinct_ids ?? [],
    link: task.kind === 'retrieval' ? linkOf(deps, task) : '',
    linkDays: deps.linkDays,
    downloads: task.kind === 'retrieval' ? await deps.downloadsOf(task.projectId, task.trackingId) : [],
  })
}

const cancel = async (deps: PageRouteDeps, request: Scoped): Promise<Reply> => {
  const { task } = await found(deps, request)
  await cancelTask(deps, task.kind, task.projectId, task.trackingId)
  if (task.kind === 'deletion') await audit(deps, request, 'user_data_deletion.canceled', task.trackingId)
  return ok(await detail(deps, request))
}

const download = async (deps: PageRouteDeps, request: Scoped): Promise<Reply> => {
  const { task } = await found(deps, request)
  return archiveReply(deps.objects, task, () => audit(deps, request, 'user_data_export.downloaded', task.trackingId))
}

const count = async (deps: PageRouteDeps, { body, scope }: Scoped): Promise<Reply> => {
  const { distinctIds } = parseCreateRequest(parseBody(body), 'deletion', deps.maxIds.deletion)
  return ok(await dryRun(deps.dryRun(scope.regionId), scope, distinctIds))
}

/** A dry run reads as much as an erasure does before it begins: one at a time for a project, on each server. */
const oneAtATime = async <T>(running: Set<number>, { project }: Scoped, work: () => Promise<T>): Promise<T> => {
  if (running.has(project.id)) throw new RateLimited('a dry run of this project is running; wait until it is done', 5)
  running.add(project.id)
  try {
    return await work()
  } finally {
    running.delete(project.id)
  }
}

const audit = (deps: PageRouteDeps, request: Scoped, type: AuditEventType, trackingId: string): Promise<void> =>
  deps.audit.append({
    type,
    actor: actorOf(request.principal),
    organizationId: request.project.organizationId,
    projectId: request.project.id,
    target: { type: 'privacy_task', id: trackingId },
    requestId: request.requestId,
  })
