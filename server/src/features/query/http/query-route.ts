import { jsonReply, type MayUse, type Reply, type Route, type Scoped } from '../../../http/route.ts'
import { Forbidden } from '../../../kernel/errors.ts'
import type { CredentialKind, Permission } from '../../../kernel/principal.ts'
import type { Clock } from '../../../kernel/time.ts'
import type { ConcurrencyLimit } from '../../../platform/limits/concurrency-limit.ts'
import type { RollingLimit } from '../../../platform/limits/rolling-limit.ts'
import { openReadView, type ReadView, type ReadViewFacts } from '../read-view.ts'
import { createRun, type Run, type RunDeps } from '../run.ts'
import { optionalText, type Params, parametersOf, yesOrNo } from './parameters.ts'

export interface QueryRouteDeps extends RunDeps {
  readonly facts: ReadViewFacts
  readonly clock: Clock
  readonly mayUse: MayUse
  /** QRY-21: of all endpoints together, by project. */
  readonly limits: RunDeps['limits'] & { readonly rate: RollingLimit; readonly concurrency: ConcurrencyLimit }
}

/** A question that is allowed, in what it may see. */
export interface QueryCall {
  readonly params: Params
  readonly view: ReadView
  readonly run: Run
  readonly request: Scoped
}

export interface Endpoint {
  /** What stands behind `/api/query/` and `/api/2.0/`, such as `segmentation/sum`. */
  readonly name: string
  /** Default: `query:read`; endpoints that name people ask for `events:export`. */
  readonly permission?: Permission
  readonly bodyBytesMax?: number
  /** An object is answered as JSON. */
  handle(call: QueryCall): Promise<Reply | { readonly json: object }>
}

const families = ['/api/query', '/api/2.0'] as const
const methods = ['GET', 'POST'] as const
// Pages of members ask for figures and names here; for rows of people they have routes of their own (people §1).
const keys: readonly CredentialKind[] = ['service-account', 'project-secret']

/**
 * The routes of an endpoint: both path families, GET and POST (QRY-20). They count against the limits of the project,
 * open the view, run, and explain themselves when an admin asks with `explain=1`.
 */
export const queryRoutes = (deps: QueryRouteDeps, endpoint: Endpoint): readonly Route[] => {
  const permission = endpoint.permission ?? 'query:read'
  const handle = async (request: Scoped): Promise<Reply> => {
    // A page asks for its menus as well: members are held to what runs at once.
    if (request.principal.kind !== 'session') deps.limits.rate.take(request.project.id)
    return deps.limits.concurrency.run(request.project.id, () => answer(deps, endpoint, request))
  }
  return families.flatMap((family) =>
    methods.map(
      (method): Route => ({
        surface: 'query',
        method,
        path: `${family}/${endpoint.name}`,
        hostFamily: 'web',
        bodyBytesMax: endpoint.bodyBytesMax ?? 1024 * 1024,
        access: {
          accepts: permission === 'query:read' ? [...keys, 'session'] : keys,
          project: 'project_id-query-or-body',
          permission,
        },
        handle,
      }),
    ),
  )
}

const answer = async (deps: QueryRouteDeps, endpoint: Endpoint, request: Scoped): Promise<Reply> => {
  const params = parametersOf(request)
  const isExplained = yesOrNo(params, 'explain', false)
  if (isExplained && !deps.mayUse(request.principal, 'project:admin', request.project)) {
    throw new Forbidden('explain is for admins of the project')
  }
  const call = await openCall(deps, request, params)
  const result = await endpoint.handle(call)
  if (isExplained) {
    return jsonReply(200, { status: 'ok', view: shownView(call.view), statements: call.run.costs }, noStore)
  }
  return 'json' in result ? jsonReply(200, result.json, noStore) : result
}

/** A request with what it may see. For routes of other slices, which count against limits of their own. */
export const openCall = async (
  deps: Omit<QueryRouteDeps, 'mayUse'>,
  request: Scoped,
  params: Params = parametersOf(request),
): Promise<QueryCall> => {
  const { principal, scope, project, signal } = request
  const workspaceId = optionalText(params, 'workspace_id')
  const asked = { principal, scope, project, workspaceId, nowMs: deps.clock.nowMs(), signal }
  const view = await openReadView(deps.facts, asked)
  return { params, view, run: createRun(deps, signal), request }
}

const noStore = { 'Cache-Control': 'no-store' }

const shownView = ({ timezone, identity, duplicates, dataView }: ReadView) => ({
  timezone,
  resolves_identity: identity !== 'none',
  removes_duplicates: duplicates !== null,
  data_view: dataView,
})
