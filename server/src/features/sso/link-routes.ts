import { z } from 'zod'
import { jsonReply, type Method, type Reply, type Route } from '../../http/route.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import type { Links } from './links.ts'
import { jsonBody, type Managed, managedRoute, results, type SettingsRouteDeps } from './settings-routes.ts'

export interface LinkRouteDeps extends Pick<SettingsRouteDeps, 'organizationRoleOf'> {
  readonly links: Links
}

const root = '/api/app/organizations/:organizationId/sso'
const codeBody = z.object({ code: z.string().min(1).max(100) })
const nameBody = z.object({ scim_name: z.string().trim().min(1).max(255) })

const linkedIn = (params: Managed['params']): number =>
  /^\d{1,9}$/.test(params['linkedId'] ?? '') ? Number(params['linkedId']) : 0

const read = <Value>(schema: z.ZodType<Value>, body: Buffer, text: string): Value => {
  const parsed = schema.safeParse(jsonBody(body))
  if (!parsed.success) throw new InvalidRequest(text)
  return parsed.data
}

/** AUTH-29: `link-codes` and `links` for the admin organization, `link` and `transfer` for the one that is linked. */
export const linkRoutes = (deps: LinkRouteDeps): readonly Route[] => {
  const managed = (method: Method, path: string, handle: (request: Managed) => Promise<Reply>): Route =>
    managedRoute(() => deps.organizationRoleOf, { method, path: `${root}${path}`, handle })
  return [
    managed('POST', '/link-codes', async ({ organizationId, who }) =>
      results(201, await deps.links.makeCode(organizationId, who)),
    ),
    managed('GET', '/links', async ({ organizationId }) => results(200, await deps.links.list(organizationId))),
    managed('PATCH', '/links/:linkedId', async ({ organizationId, params, body, who }) => {
      const { scim_name } = read(nameBody, body, 'scim_name is required')
      return results(200, await deps.links.rename(organizationId, linkedIn(params), scim_name, who))
    }),
    managed('DELETE', '/links/:linkedId', async ({ organizationId, params, who }) => {
      await deps.links.release(organizationId, linkedIn(params), who)
      return jsonReply(200, { status: 'ok' })
    }),
    managed('GET', '/link', async ({ organizationId }) => results(200, await deps.links.show(organizationId))),
    managed('PUT', '/link', async ({ organizationId, body, who }) => {
      const { code } = read(codeBody, body, 'code is required')
      return results(200, await deps.links.link(organizationId, code, who))
    }),
    managed('DELETE', '/link', async ({ organizationId, who }) => {
      await deps.links.unlink(organizationId, who)
      return jsonReply(200, { status: 'ok' })
    }),
    managed('POST', '/domains/:domain/transfer', async ({ organizationId, params, who }) => {
      await deps.links.transfer(organizationId, params['domain'] ?? '', who)
      return jsonReply(200, { status: 'ok' })
    }),
  ]
}
