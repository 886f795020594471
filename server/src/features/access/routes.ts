import { z } from 'zod'
import { type Authenticated, jsonReply, type Received, type Reply, type Route, type Scoped } from '../../http/route.ts'
import { Forbidden, InvalidRequest, NotFound, Unauthenticated } from '../../kernel/errors.ts'
import type { CredentialKind, Principal } from '../../kernel/principal.ts'
import type { Project } from '../../kernel/project.ts'
import { sessionCookieName } from './domain/parse-credentials.ts'
import type { GdprTokens } from './gdpr-tokens.ts'
import { type Login, sessionSeconds } from './login.ts'
import { refuseForeignLogin } from './own-origin.ts'
import type { Me } from './store/postgres-me-store.ts'

export interface AccessRouteDeps {
  readonly login: Login
  readonly gdprTokens: GdprTokens
  readonly ownOrigins: ReadonlySet<string>
  /** Cookies are sent over TLS only. */
  readonly secureCookies: boolean
  readonly findMe: (principal: Principal) => Promise<Me>
  readonly setCluster: (project: Project, cluster: string) => Promise<void>
  /** Cluster names that a project of the region may show (RES-10). */
  readonly clustersOf: (regionId: string) => readonly string[]
}

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1024 } as const
const sessionOnly: readonly CredentialKind[] = ['session']

const loginBody = z.object({ email: z.string().min(1).max(254), password: z.string().min(1).max(256) })

export const accessRoutes = (deps: AccessRouteDeps): readonly Route[] => [
  {
    ...base,
    method: 'POST',
    path: '/api/app/login',
    access: { accepts: 'none' },
    handle: (request: Received) => logIn(deps, request),
  },
  {
    ...base,
    method: 'POST',
    path: '/api/app/logout',
    access: { accepts: sessionOnly },
    handle: async (request: Authenticated) => {
      const { principal, requestId } = request
      if (principal.kind !== 'session') throw new Unauthenticated('log in first')
      await deps.login.logOut(principal, requestId)
      return jsonReply(200, { status: 'ok' }, { 'Set-Cookie': cookie(deps, request, '', 0) })
    },
  },
  {
    ...base,
    method: 'GET',
    path: '/api/app/me',
    access: { accepts: ['service-account', 'session'] },
    handle: async ({ principal }: Authenticated) => privateReply(200, await deps.findMe(principal)),
  },
  {
    ...base,
    method: 'GET',
    path: '/api/app/me/gdpr-tokens',
    access: { accepts: sessionOnly },
    handle: async ({ principal }: Authenticated) => privateReply(200, await deps.gdprTokens.list(personOf(principal))),
  },
  {
    ...base,
    method: 'POST',
    path: '/api/app/me/gdpr-tokens',
    access: { accepts: sessionOnly },
    handle: async ({ principal, requestId }: Authenticated) =>
      privateReply(201, await deps.gdprTokens.issue(personOf(principal), requestId)),
  },
  {
    ...base,
    method: 'DELETE',
    path: '/api/app/me/gdpr-tokens/:tokenId',
    access: { accepts: sessionOnly },
    handle: async ({ principal, params, requestId }: Authenticated) => {
      await deps.gdprTokens.revoke(personOf(principal), params['tokenId'] ?? '', requestId)
      return jsonReply(200, { status: 'ok' })
    },
  },
  {
    ...base,
    method: 'GET',
    path: '/api/app/projects/:projectId',
    access: { accepts: ['service-account', 'session'], project: 'path', permission: 'project:read' },
    handle: async ({ project }: Scoped) => privateReply(200, shownProject(project)),
  },
  {
    ...base,
    method: 'PATCH',
    path: '/api/app/projects/:projectId',
    access: { accepts: ['service-account', 'session'], project: 'path', permission: 'project:admin' },
    handle: (request: Scoped) => changeProject(deps, request),
  },
]

const logIn = async (deps: AccessRouteDeps, request: Received): Promise<Reply> => {
  refuseForeignLogin(request, deps.ownOrigins)
  const parsed = loginBody.safeParse(jsonBody(request))
  if (!parsed.success) throw new InvalidRequest('email and password are required, as JSON')
  const { clientIp, requestId } = request
  const token = await deps.login.logIn({ ...parsed.data, clientIp, requestId })
  return jsonReply(
    200,
    { status: 'ok' },
    { 'Set-Cookie': cookie(deps, request, token, sessionSeconds), 'Cache-Control': 'no-store' },
  )
}

const cookie = (deps: AccessRouteDeps, request: Received, token: string, maxAgeSeconds: number): string => {
  const isSecure = deps.secureCookies || (request.headers.origin ?? '').startsWith('https:')
  const attributes = ['HttpOnly', 'SameSite=Lax', 'Path=/', `Max-Age=${maxAgeSeconds}`, ...(isSecure ? ['Secure'] : [])]
  return [`${sessionCookieName}=${token}`, ...attributes].join('; ')
}

const shownProject = (project: Project) => ({
  id: project.id,
  name: project.name,
  organization_id: project.organizationId,
  region: project.region,
  cluster: project.cluster,
  timezone: project.timezone,
  identity: project.identityMode,
  suppress_erased: project.suppressErased,
})

// RES-01, RES-10: the region never changes; the cluster name may, within the region, by an owner of the organization.
const changeProject = async (deps: AccessRouteDeps, request: Scoped): Promise<Reply> => {
  const { project, principal } = request
  const body = jsonBody(request)
  if ('region' in body) throw new InvalidRequest('the region of a project is fixed at creation')
  const unknown = Object.keys(body).filter((name) => name !== 'cluster')
  if (unknown.length > 0 || !('cluster' in body)) throw new InvalidRequest('only cluster can be changed here')
  const me = await deps.findMe(principal)
  if (me.organizations[project.organizationId]?.role !== 'owner') {
    throw new Forbidden("only an owner of the project's organization may set its cluster")
  }
  const allowed = deps.clustersOf(project.region)
  const { cluster } = body
  if (typeof cluster !== 'string' || !allowed.includes(cluster)) {
    throw new InvalidRequest(`cluster must belong to region ${project.region}: ${allowed.join(', ')}`)
  }
  await deps.setCluster(project, cluster)
  return privateReply(200, shownProject({ ...project, cluster }))
}

const privateReply = (status: number, results: object): Reply =>
  jsonReply(status, { status: 'ok', results }, { 'Cache-Control': 'no-store' })

const jsonBody = (request: Received): Readonly<Record<string, unknown>> => {
  try {
    const body: unknown = JSON.parse(request.body.toString('utf8'))
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest('the body must be a JSON object')
}

const personOf = (principal: Principal) => {
  if (principal.kind !== 'session') throw new NotFound('these are the tokens of a person who is logged in')
  return principal
}
