import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { Forbidden, InvalidRequest } from '../../kernel/errors.ts'
import type { Permission } from '../../kernel/principal.ts'
import { isTimeZone } from '../../kernel/time-zone.ts'
import { shownProject } from './domain/project.ts'
import { NoSuchProject } from './errors.ts'
import {
  appBase,
  noStore,
  numberIn,
  type OrganizationRoleOf,
  organizationRoute,
  people,
  whoOf,
} from './organization-route.ts'
import { type Projects, refuseCluster } from './projects.ts'
import { callerOf } from './service-account-routes.ts'

/** A region of the installation, and the cluster names that its projects may show. */
export interface RegionChoice {
  readonly id: string
  readonly clusters: readonly string[]
}

export interface ProjectRouteDeps {
  readonly organizationRoleOf: OrganizationRoleOf
  readonly projects: Projects
  readonly regions: readonly RegionChoice[]
}

const name = z.string().trim().min(1).max(255)
const timezone = z.string().refine(isTimeZone, 'expected an IANA time zone, such as Europe/Berlin')
const identity = z.enum(['simplified', 'original', 'legacy'])
const newProject = z.strictObject({
  name,
  region: z.string(),
  timezone: timezone.default('UTC'),
  identity: identity.default('simplified'),
  project_time: z.boolean().default(false),
})
const changes = z.strictObject({
  name: name.optional(),
  timezone: timezone.optional(),
  identity: identity.optional(),
  cluster: z.string().optional(),
})
const transfer = z.strictObject({ organization_id: z.number().int().min(1).max(2_147_483_647) })

const one = '/api/app/projects/:projectId'
const scoped = (permission: Permission) =>
  ({ ...appBase, access: { accepts: people, project: 'path', permission } }) as const

/** AUTH-19, AUTH-20: projects of an organization, and the settings and keys of one. */
export const projectRoutes = (deps: ProjectRouteDeps): readonly Route[] => [
  ...listRoutes(deps),
  ...settingRoutes(deps),
  ...endRoutes(deps),
  ...keyRoutes(deps),
]

const listRoutes = ({ projects, organizationRoleOf, regions }: ProjectRouteDeps): readonly Route[] => [
  organizationRoute(organizationRoleOf, {
    method: 'GET',
    path: '/projects',
    permission: 'organization:read',
    handle: async ({ authority, principal }) => {
      // Members see the projects they are in.
      const own = 'projectRoles' in principal ? [...principal.projectRoles.keys(), ...principal.customRoles.keys()] : []
      const ids = authority.may('projects:create') ? null : own
      return jsonReply(200, { status: 'ok', results: await projects.list(authority.organizationId, ids) }, noStore)
    },
  }),
  organizationRoute(organizationRoleOf, {
    method: 'POST',
    path: '/projects',
    permission: 'projects:create',
    handle: async (request) => {
      const wanted = sentJson(newProject, request.body)
      const region = regions.find(({ id }) => id === wanted.region.toUpperCase())
      const cluster = region?.clusters[0]
      if (region === undefined || cluster === undefined) {
        throw new InvalidRequest(`'region' is invalid: expected one of ${regions.map(({ id }) => id).join(', ')}`)
      }
      const results = await projects.create(callerOf(request), { ...wanted, region: region.id, cluster })
      return jsonReply(201, { status: 'ok', results }, noStore)
    },
  }),
  organizationRoute(organizationRoleOf, {
    method: 'GET',
    path: '/deleted-projects',
    permission: 'projects:own',
    handle: async ({ authority }) =>
      jsonReply(200, { status: 'ok', results: await projects.listDeleted(authority.organizationId) }, noStore),
  }),
  organizationRoute(organizationRoleOf, {
    method: 'POST',
    path: '/deleted-projects/:deletedId/restore',
    permission: 'projects:own',
    handle: async ({ authority, who, params }) => {
      const results = await projects.restore(authority.organizationId, numberIn(params['deletedId']), who)
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  }),
]

const settingRoutes = ({ projects, organizationRoleOf, regions }: ProjectRouteDeps): readonly Route[] => [
  {
    ...scoped('project:read'),
    method: 'GET',
    path: one,
    handle: async ({ project }: Scoped) => jsonReply(200, { status: 'ok', results: shownProject(project) }, noStore),
  },
  {
    ...scoped('settings:write'),
    method: 'PATCH',
    path: one,
    handle: async (request: Scoped) => {
      const { project, principal, scope } = request
      if (namesRegion(request.body)) throw new InvalidRequest('the region of a project is fixed at creation')
      const wanted = sentJson(changes, request.body)
      const { cluster } = wanted
      if (cluster !== undefined) {
        if ((await organizationRoleOf(principal, project.organizationId)) !== 'owner') refuseCluster()
        const allowed = regions.find(({ id }) => id === project.region)?.clusters ?? []
        if (!allowed.includes(cluster)) {
          throw new InvalidRequest(`cluster must belong to region ${project.region}: ${allowed.join(', ')}`)
        }
      }
      const results = await projects.change(scope, wanted, whoOf(request))
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  },
]

const endRoutes = ({ projects, organizationRoleOf }: ProjectRouteDeps): readonly Route[] => [
  {
    ...scoped('project:own'),
    method: 'DELETE',
    path: one,
    handle: async (request: Scoped) => {
      const purgeDue = await projects.remove(request.project, whoOf(request))
      return jsonReply(200, { status: 'ok', results: { purge_due: purgeDue } }, noStore)
    },
  },
  {
    ...scoped('project:own'),
    method: 'POST',
    path: `${one}/reset`,
    handle: async (request: Scoped) =>
      jsonReply(201, { status: 'ok', results: await projects.reset(request.project, whoOf(request)) }, noStore),
  },
  {
    ...scoped('project:own'),
    method: 'POST',
    path: `${one}/transfer`,
    // An owner here, who may make projects there.
    handle: async (request: Scoped) => {
      const { project, principal } = request
      const { organization_id: to } = sentJson(transfer, request.body)
      const [here, there] = await Promise.all([
        organizationRoleOf(principal, project.organizationId),
        organizationRoleOf(principal, to),
      ])
      if (here !== 'owner' || (there !== 'owner' && there !== 'admin')) {
        throw new Forbidden(
          'a project is transferred by an owner of its organization who may make projects in the other',
        )
      }
      const results = await projects.transfer(project, to, whoOf(request))
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  },
]

const keyRoutes = ({ projects, organizationRoleOf }: ProjectRouteDeps): readonly Route[] => [
  {
    ...scoped('access-keys:read'),
    method: 'GET',
    path: `${one}/access-keys`,
    handle: async ({ project }: Scoped) =>
      jsonReply(200, { status: 'ok', results: { token: await projects.tokenOf(project) } }, noStore),
  },
  {
    ...scoped('project:own'),
    method: 'POST',
    path: `${one}/access-keys/secret`,
    handle: async (request: Scoped) => {
      const secret = await projects.renewKey(request.project, 'secret', whoOf(request))
      return jsonReply(201, { status: 'ok', results: { secret } }, noStore)
    },
  },
  {
    ...scoped('project:own'),
    method: 'POST',
    path: `${one}/access-keys/token`,
    // Every client of the project falls silent: for owners of the organization (auth §2).
    handle: async (request: Scoped) => {
      const { project, principal } = request
      if ((await organizationRoleOf(principal, project.organizationId)) !== 'owner') throw new NoSuchProject(project.id)
      const token = await projects.renewKey(project, 'token', whoOf(request))
      return jsonReply(201, { status: 'ok', results: { token } }, noStore)
    },
  },
]

const namesRegion = (body: Buffer): boolean => 'region' in sentJson(z.record(z.string(), z.unknown()), body)
