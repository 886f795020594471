import { type Authenticated, jsonReply, type Reply, type Route } from '../../http/route.ts'
import { NotFound } from '../../kernel/errors.ts'
import type { CredentialKind, Principal } from '../../kernel/principal.ts'
import type { GdprTokens } from './gdpr-tokens.ts'
import type { SessionCookie } from './session-cookie.ts'
import type { Sessions } from './sessions.ts'
import type { Me } from './store/postgres-me-store.ts'

export interface AccessRouteDeps {
  readonly sessions: Sessions
  readonly sessionCookie: SessionCookie
  readonly gdprTokens: GdprTokens
  readonly findMe: (principal: Principal) => Promise<Me>
}

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1024 } as const
const sessionOnly: readonly CredentialKind[] = ['session']

/** What a session may do that has to set up a second factor first (AUTH-22): see itself, and end. */
const anySession: readonly CredentialKind[] = ['session', 'limited-session']

export const accessRoutes = (deps: AccessRouteDeps): readonly Route[] => [
  {
    ...base,
    method: 'POST',
    path: '/api/app/logout',
    access: { accepts: anySession },
    handle: async (request: Authenticated) => {
      await deps.sessions.logOut(personOf(request.principal), request.requestId)
      return jsonReply(200, { status: 'ok' }, { 'Set-Cookie': deps.sessionCookie.end(request) })
    },
  },
  {
    ...base,
    method: 'GET',
    path: '/api/app/me/sessions',
    access: { accepts: anySession },
    handle: async ({ principal }: Authenticated) => {
      const { userId, credentialId } = personOf(principal)
      const sessions = await deps.sessions.list(userId)
      return privateReply(
        200,
        sessions.map((session) => ({ ...session, current: session.id === credentialId })),
      )
    },
  },
  {
    ...base,
    method: 'DELETE',
    path: '/api/app/me/sessions',
    access: { accepts: anySession },
    handle: async ({ principal, requestId }: Authenticated) =>
      privateReply(200, { ended: await deps.sessions.revokeOthers(personOf(principal), requestId) }),
  },
  {
    ...base,
    method: 'DELETE',
    path: '/api/app/me/sessions/:sessionId',
    access: { accepts: anySession },
    handle: async ({ principal, params, requestId }: Authenticated) => {
      await deps.sessions.revokeOne(personOf(principal), params['sessionId'] ?? '', requestId)
      return jsonReply(200, { status: 'ok' })
    },
  },
  {
    ...base,
    method: 'GET',
    path: '/api/app/me',
    access: { accepts: ['service-account', ...anySession] },
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

const privateReply = (status: number, results: object): Reply =>
  jsonReply(status, { status: 'ok', results }, { 'Cache-Control': 'no-store' })

const personOf = (principal: Principal) => {
  if (principal.kind !== 'session') throw new NotFound('this is of a person who is logged in')
  return principal
}
