import { z } from 'zod'
import { type Authenticated, jsonReply, type Method, type PrincipalRoute, type Reply } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { assert, Forbidden } from '../../kernel/errors.ts'
import type { OrganizationRole, Principal } from '../../kernel/principal.ts'
import { base, noStore } from './login-routes.ts'
import type { Administrator, OrganizationFactors } from './organization-factors.ts'
import type { Passwords } from './passwords.ts'

export interface OrganizationRouteDeps {
  readonly organizationFactors: OrganizationFactors
  readonly passwords: Passwords
  readonly organizationRoleOf: (principal: Principal, organizationId: number) => Promise<OrganizationRole | null>
}

const requireBody = z.strictObject({ required: z.boolean(), password: z.string().min(1).max(256).optional() })

/** AUTH-22: second factors of an organization, for its owners and admins (auth §6.1); sessions only. */
export const organizationRoutes = (deps: OrganizationRouteDeps): readonly PrincipalRoute[] => {
  const managed = (
    method: Method,
    path: string,
    handle: (request: Authenticated, by: Administrator) => Promise<Reply>,
  ): PrincipalRoute => ({
    ...base,
    method,
    path: `/api/app/organizations/:organizationId/${path}`,
    access: { accepts: ['session'] },
    handle: async (request) => {
      const { principal, params } = request
      assert(principal.kind === 'session', 'only sessions come here')
      const organizationId = numberIn(params['organizationId'])
      const role = await deps.organizationRoleOf(principal, organizationId)
      if (role !== 'owner' && role !== 'admin') {
        throw new Forbidden('only owners and admins of the organization may see and change second factors')
      }
      return handle(request, { ...principal, organizationId, role })
    },
  })
  const done = () => jsonReply(200, { status: 'ok' }, noStore)
  return [
    managed('GET', 'two-factor', async (_request, { organizationId }) =>
      jsonReply(200, { status: 'ok', results: await deps.organizationFactors.show(organizationId) }, noStore),
    ),
    managed('PUT', 'two-factor', async (request, by) => {
      const { required, password } = sentJson(requireBody, request.body)
      await deps.passwords.confirm(by, password, request.clientIp)
      await deps.organizationFactors.require(by, required, request.requestId)
      return done()
    }),
    managed('DELETE', 'members/:userId/two-factor', async (request, by) => {
      await deps.organizationFactors.reset(by, numberIn(request.params['userId']), request.requestId)
      return done()
    }),
  ]
}

/** 0, which nothing has, for anything but a number. */
const numberIn = (text: string | undefined): number => (/^\d{1,9}$/.test(text ?? '') ? Number(text) : 0)
