import { z } from 'zod'
import { type Authenticated, jsonReply, type Method, type Received, type Reply, type Route } from '../../http/route.ts'
import { actorOf } from '../../kernel/audit.ts'
import { Forbidden, InvalidRequest, NotFound } from '../../kernel/errors.ts'
import type { OrganizationRole, Principal } from '../../kernel/principal.ts'
import type { Domains, Who } from './domains.ts'
import type { Settings } from './settings.ts'

export interface SettingsRouteDeps {
  readonly settings: Settings
  readonly domains: Domains
  readonly organizationRoleOf: (principal: Principal, organizationId: number) => Promise<OrganizationRole | null>
  /** Throws unless it is the password of the caller (auth §8: asked again before a domain is claimed). */
  readonly confirmPassword: (principal: Principal, password: string, clientIp: string) => Promise<void>
  /** The organization that signs in people of this address; null: none. */
  readonly signInOf: (email: string) => Promise<number | null>
}

export interface Managed extends Authenticated {
  readonly organizationId: number
  readonly who: Who
}

const base = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1024 } as const
const root = '/api/app/organizations/:organizationId/sso'
const claimBody = z.object({ domain: z.string().max(300), password: z.string().min(1).max(256) })
const startBody = z.object({ email: z.string().min(3).max(254) })

/** A route of owners and admins of an organization (auth §6.1 "Modify 2FA/SSO"): sessions only, roles read fresh. */
export const managedRoute = (
  roleOf: () => SettingsRouteDeps['organizationRoleOf'],
  route: { readonly method: Method; readonly path: string; handle(request: Managed): Promise<Reply> },
): Route => ({
  ...base,
  method: route.method,
  path: route.path,
  access: { accepts: ['session'] },
  handle: async (request: Authenticated) => {
    const { principal, params, requestId } = request
    const text = params['organizationId'] ?? ''
    const organizationId = /^\d{1,9}$/.test(text) ? Number(text) : 0
    const role = await roleOf()(principal, organizationId)
    if (role !== 'owner' && role !== 'admin') {
      throw new Forbidden('only owners and admins of the organization may see and change single sign-on')
    }
    return route.handle({ ...request, organizationId, who: { actor: actorOf(principal), requestId } })
  },
})

/** AUTH-23, 26, 27: what owners and admins set, and the question where somebody signs in. */
export const settingsRoutes = (deps: SettingsRouteDeps): readonly Route[] => {
  const managed = (method: Method, path: string, handle: (request: Managed) => Promise<Reply>): Route =>
    managedRoute(() => deps.organizationRoleOf, { method, path: `${root}${path}`, handle })
  const domainOfPath = ({ params }: Managed): string => params['domain'] ?? ''
  return [
    managed('GET', '', async ({ organizationId }) => results(200, await deps.settings.show(organizationId))),
    managed('PUT', '', async (request) =>
      results(200, await deps.settings.put(request.organizationId, jsonBody(request.body), request.who)),
    ),
    managed('DELETE', '', async ({ organizationId, who }) => {
      await deps.settings.remove(organizationId, who)
      return jsonReply(200, { status: 'ok' })
    }),
    managed('GET', '/domains', async ({ organizationId }) => results(200, await deps.domains.list(organizationId))),
    managed('POST', '/domains', async (request) => {
      const parsed = claimBody.safeParse(jsonBody(request.body))
      if (!parsed.success) throw new InvalidRequest('domain and your password are required')
      await deps.confirmPassword(request.principal, parsed.data.password, request.clientIp)
      return results(201, await deps.domains.claim(request.organizationId, parsed.data.domain, request.who))
    }),
    managed('POST', '/domains/:domain/verify', async (request) =>
      results(200, await deps.domains.verify(request.organizationId, domainOfPath(request), request.who)),
    ),
    managed('DELETE', '/domains/:domain', async (request) => {
      await deps.domains.remove(request.organizationId, domainOfPath(request), request.who)
      return jsonReply(200, { status: 'ok' })
    }),
    {
      ...base,
      method: 'POST',
      path: '/api/app/login/sso',
      access: { accepts: 'none' },
      handle: async ({ body }: Received) => {
        const parsed = startBody.safeParse(jsonBody(body))
        if (!parsed.success) throw new InvalidRequest('email is required, as JSON')
        const organizationId = await deps.signInOf(parsed.data.email)
        if (organizationId === null) throw new NotFound('no organization signs in people of this address')
        // A path: the sign-in begins at the host, and so in the region, where it was asked for (RES-11).
        return results(200, { sign_in_path: `/security/login/${organizationId}` })
      },
    },
  ]
}

export const results = (status: number, value: unknown): Reply =>
  jsonReply(status, { status: 'ok', results: value }, { 'Cache-Control': 'no-store' })

export const jsonBody = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch {
    throw new InvalidRequest('the body must be JSON')
  }
}
