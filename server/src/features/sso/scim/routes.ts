import type { Authenticated, Method, Reply, Route } from '../../../http/route.ts'
import { InvalidRequest, NotFound, Unauthenticated } from '../../../kernel/errors.ts'
import { resourceTypes, schemas, serviceProviderConfig } from './discovery.ts'
import type { ScimGroups } from './groups.ts'
import { chosen, listResponse } from './query.ts'
import type { Resource } from './resource.ts'
import type { Caller, ScimUsers } from './users.ts'

export interface ScimRouteDeps {
  readonly users: ScimUsers
  readonly groups: ScimGroups
  /** Origin by which the request came in, for `meta.location`. */
  readonly originOf: (request: Authenticated) => string
}

const root = '/api/app/scim/v2'
const headers = { 'Content-Type': 'application/scim+json; charset=utf-8', 'Cache-Control': 'no-store' }
const reply = (status: number, body: object): Reply => ({ status, headers, body: JSON.stringify(body) })

/** AUTH-28 (auth §8): the SCIM 2.0 that identity providers use, for the organization of the token. */
export const scimRoutes = (deps: ScimRouteDeps): readonly Route[] => {
  const scim = (
    method: Method,
    path: string,
    handle: (caller: Caller, request: Authenticated) => Promise<Reply>,
  ): Route => ({
    surface: 'scim',
    hostFamily: 'web',
    bodyBytesMax: 1024 * 1024,
    method,
    path: `${root}${path}`,
    access: { accepts: ['scim-token'] },
    handle: (request: Authenticated) => {
      const { principal, requestId } = request
      if (principal.kind !== 'scim-token') throw new Unauthenticated('a SCIM token is required')
      const base = `${deps.originOf(request)}${root}`
      return handle({ organizationId: principal.organizationId, requestId, base }, request)
    },
  })

  const collection = (path: string, ofDeps: () => ScimUsers | ScimGroups): readonly Route[] => [
    scim('GET', path, async (caller, { query }) => reply(200, listResponse(await ofDeps().list(caller), query))),
    scim('POST', path, async (caller, { body, query }) => {
      const made = await ofDeps().create(caller, jsonOf(body))
      const { location } = made['meta'] as { readonly location: string }
      const created = reply(201, chosen(made, query))
      return { ...created, headers: { ...headers, Location: location } }
    }),
    scim('GET', `${path}/:id`, async (caller, { params, query }) =>
      reply(200, chosen(await ofDeps().get(caller, params['id'] ?? ''), query)),
    ),
    scim('PUT', `${path}/:id`, async (caller, { params, query, body }) =>
      reply(200, chosen(await ofDeps().replace(caller, params['id'] ?? '', jsonOf(body)), query)),
    ),
    scim('PATCH', `${path}/:id`, async (caller, { params, query, body }) =>
      reply(200, chosen(await ofDeps().patch(caller, params['id'] ?? '', jsonOf(body)), query)),
    ),
    scim('DELETE', `${path}/:id`, async (caller, { params }) => {
      await ofDeps().remove(caller, params['id'] ?? '')
      return { status: 204, body: null }
    }),
  ]

  const described = (path: string, list: (base: string) => readonly Resource[]): readonly Route[] => [
    scim('GET', path, async ({ base }) => reply(200, listResponse(list(base), {}))),
    scim('GET', `${path}/:id`, async ({ base }, { params }) => {
      const found = list(base).find(({ id }) => id === params['id'])
      if (found === undefined) throw new NotFound('there is no such description')
      return reply(200, found)
    }),
  ]

  return [
    ...collection('/Users', () => deps.users),
    ...collection('/Groups', () => deps.groups),
    scim('GET', '/ServiceProviderConfig', async ({ base }) => reply(200, serviceProviderConfig(base))),
    ...described('/ResourceTypes', resourceTypes),
    ...described('/Schemas', schemas),
  ]
}

const jsonOf = (body: Buffer): unknown => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'))
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  } catch {
    // Told below: the parser's own text would quote the body.
  }
  throw new InvalidRequest('the body must be a JSON object')
}
