import { z } from 'zod'
import { type Authenticated, jsonReply, type Received, type Reply, type Route } from '../../http/route.ts'
import { InvalidRequest, NotFound, Unauthenticated } from '../../kernel/errors.ts'
import type { CredentialKind, Principal } from '../../kernel/principal.ts'
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

const cookie = (deps: AccessRouteDeps, request: Received, token: string, maxAgeSeconds: number): string =>
  sessionCookie(token, maxAgeSeconds, deps.secureCookies || (request.headers.origin ?? '').startsWith('https:'))

/** Of the host that is asked, and so of its region: no Domain attribute. */
export const sessionCookie = (token: string, maxAgeSeconds: number, isSecure: boolean): string => {
  const attributes = ['HttpOnly', 'SameSite=Lax', 'Path=/', `Max-Age=${maxAgeSeconds}`, ...(isSecure ? ['Secure'] : [])]
  return [`${sessionCookieName}=${token}`, ...attributes].join('; ')
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
