import { z } from 'zod'
import { jsonReply, type Route } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import type { Team } from './domain/member.ts'
import { grantOn, projectGrant } from './grant-body.ts'
import { noStore, numberIn, type OrganizationRoleOf, type Organized, organizationRoute } from './organization-route.ts'
import { callerOf } from './service-account-routes.ts'
import type { Teams } from './teams.ts'

export interface TeamRouteDeps {
  readonly organizationRoleOf: OrganizationRoleOf
  readonly teams: Teams
}

const named = z.strictObject({ name: z.string().trim().min(1).max(255) })
const changed = z.strictObject({
  name: named.shape.name.optional(),
  classified_access: z.boolean().optional(),
})
const one = '/teams/:teamId'

/** AUTH-17: teams of an organization, for its owners and admins. */
export const teamRoutes = ({ organizationRoleOf, teams }: TeamRouteDeps): readonly Route[] => {
  const route = (method: 'PUT' | 'PATCH' | 'DELETE', path: string, change: (request: Organized) => Promise<Team>) =>
    organizationRoute(organizationRoleOf, {
      method,
      path: `${one}${path}`,
      permission: 'teams:manage',
      handle: async (request) => jsonReply(200, { status: 'ok', results: await change(request) }, noStore),
    })
  const teamIn = ({ params }: Organized): number => numberIn(params['teamId'])
  const holderIn = ({ params }: Organized): number => numberIn(params['memberId'])
  const projectIn = ({ params }: Organized): number => numberIn(params['projectId'])
  return [
    organizationRoute(organizationRoleOf, {
      method: 'GET',
      path: '/teams',
      permission: 'teams:manage',
      handle: async ({ authority }) =>
        jsonReply(200, { status: 'ok', results: await teams.list(authority.organizationId) }, noStore),
    }),
    organizationRoute(organizationRoleOf, {
      method: 'POST',
      path: '/teams',
      permission: 'teams:manage',
      handle: async (request) => {
        const results = await teams.create(callerOf(request), sentJson(named, request.body).name)
        return jsonReply(201, { status: 'ok', results }, noStore)
      },
    }),
    route('PATCH', '', (request) => teams.change(callerOf(request), teamIn(request), sentJson(changed, request.body))),
    route('DELETE', '', (request) => teams.remove(callerOf(request), teamIn(request))),
    route('PUT', '/members/:memberId', (request) =>
      teams.put(callerOf(request), teamIn(request), 'user', holderIn(request)),
    ),
    route('DELETE', '/members/:memberId', (request) =>
      teams.take(callerOf(request), teamIn(request), 'user', holderIn(request)),
    ),
    route('PUT', '/service-accounts/:memberId', (request) =>
      teams.put(callerOf(request), teamIn(request), 'service_account', holderIn(request)),
    ),
    route('DELETE', '/service-accounts/:memberId', (request) =>
      teams.take(callerOf(request), teamIn(request), 'service_account', holderIn(request)),
    ),
    route('PUT', '/projects/:projectId', (request) => {
      const grant = grantOn(projectIn(request), sentJson(projectGrant, request.body))
      return teams.give(callerOf(request), teamIn(request), grant)
    }),
    route('DELETE', '/projects/:projectId', (request) =>
      teams.withdraw(callerOf(request), teamIn(request), projectIn(request)),
    ),
  ]
}
