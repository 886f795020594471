import type { Authenticated, Method, Reply, Route } from '../../http/route.ts'
import { type AuditActor, actorOf } from '../../kernel/audit.ts'
import { Forbidden } from '../../kernel/errors.ts'
import type { OrganizationPermission, OrganizationRole, Principal } from '../../kernel/principal.ts'
import { type Authority, authorityOf } from './authority.ts'

/** Who did it, for the audit log. */
export interface Who {
  readonly actor: AuditActor
  readonly requestId: string
}

export interface Organized extends Authenticated {
  readonly authority: Authority
  readonly who: Who
}

export interface OrganizationRoute {
  readonly method: Method
  /** After `/api/app/organizations/:organizationId`. */
  readonly path: string
  readonly permission: OrganizationPermission
  handle(request: Organized): Promise<Reply>
}

export type OrganizationRoleOf = (principal: Principal, organizationId: number) => Promise<OrganizationRole | null>

export const appBase = { surface: 'app', hostFamily: 'web', bodyBytesMax: 64 * 1_024 } as const
export const people = ['service-account', 'session'] as const
export const noStore = { 'Cache-Control': 'no-store' }
export const organizationPath = '/api/app/organizations/:organizationId'

/**
 * A route about one organization: asked by a member who holds `permission` in it. It answers at the host of every region,
 * because an organization has projects in several. One that does not exist looks like one of somebody else: 403.
 */
export const organizationRoute = (roleOf: OrganizationRoleOf, route: OrganizationRoute): Route => ({
  ...appBase,
  method: route.method,
  path: `${organizationPath}${route.path}`,
  access: { accepts: people },
  handle: async (request: Authenticated) => {
    const organizationId = numberIn(request.params['organizationId'])
    const role = organizationId === 0 ? null : await roleOf(request.principal, organizationId)
    const authority = role === null ? null : authorityOf(request.principal, organizationId, role)
    if (authority === null || !authority.may(route.permission)) {
      throw new Forbidden('these credentials may not do this in this organization')
    }
    return route.handle({ ...request, authority, who: whoOf(request) })
  },
})

export const whoOf = ({ principal, requestId }: Pick<Authenticated, 'principal' | 'requestId'>): Who => ({
  actor: actorOf(principal),
  requestId,
})

/** A number in a path; 0, which nothing has, for anything else. */
export const numberIn = (text: string | undefined): number => {
  const value = /^\d{1,10}$/.test(text ?? '') ? Number(text) : 0
  return value <= 2_147_483_647 ? value : 0
}
