import { jsonReply, type Route } from '../../../http/route.ts'
import { NotFound } from '../../../kernel/errors.ts'
import { randomAlphanumeric } from '../../../kernel/ids.ts'
import { managedRoute, results, type SettingsRouteDeps } from '../settings-routes.ts'
import { deleteScimToken, findScimToken, putScimToken } from '../store/postgres-scim-store.ts'
import type { ScimDeps } from './users.ts'

export type ScimTokenRouteDeps = ScimDeps & Pick<SettingsRouteDeps, 'organizationRoleOf'>

const path = '/api/app/organizations/:organizationId/sso/scim-token'

/** AUTH-28: the token of an organization's provider. One lives; it is shown once, when it is made. */
export const scimTokenRoutes = (deps: ScimTokenRouteDeps): readonly Route[] => {
  const roleOf = () => deps.organizationRoleOf
  return [
    managedRoute(roleOf, {
      method: 'GET',
      path,
      handle: async ({ organizationId }) => {
        const found = await findScimToken(deps.control, organizationId)
        if (found === null) throw new NotFound('this organization has no SCIM token')
        return results(200, {
          created: found.createdAt.toISOString(),
          last_used: found.lastUsedAt?.toISOString() ?? null,
        })
      },
    }),
    managedRoute(roleOf, {
      method: 'POST',
      path,
      handle: async ({ organizationId, who }) => {
        const token = randomAlphanumeric(48)
        await deps.control.tx(async (tx) => {
          await putScimToken(tx, organizationId, token, deps.clock.nowMs())
          await deps.appendAudit(tx, { type: 'scim_token.created', ...who, organizationId, projectId: null })
        })
        return results(201, { token })
      },
    }),
    managedRoute(roleOf, {
      method: 'DELETE',
      path,
      handle: async ({ organizationId, who }) => {
        await deps.control.tx(async (tx) => {
          if (!(await deleteScimToken(tx, organizationId))) throw new NotFound('this organization has no SCIM token')
          await deps.appendAudit(tx, { type: 'scim_token.revoked', ...who, organizationId, projectId: null })
        })
        return jsonReply(200, { status: 'ok' })
      },
    }),
  ]
}
