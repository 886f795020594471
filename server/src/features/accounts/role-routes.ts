import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { Forbidden } from '../../kernel/errors.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { assignablePermissions, basePermissions, permissionTable } from '../access/index.ts'
import { authorityOf } from './authority.ts'
import { customRoleCountMax } from './domain/custom-role.ts'
import { appBase, noStore, numberIn, type OrganizationRoleOf, people } from './organization-route.ts'
import { projectCaller } from './project-caller.ts'
import type { Roles } from './roles.ts'
import { organizationOfProject } from './store/postgres-role-store.ts'

export interface RoleRouteDeps {
  readonly control: ControlDb
  readonly organizationRoleOf: OrganizationRoleOf
  readonly roles: Roles
}

const name = z.string().trim().min(1).max(255)
const description = z.string().max(1_024)
const permission = z.enum(assignablePermissions, `expected one of ${assignablePermissions.join(', ')}`)
const permissions = z.array(permission).max(assignablePermissions.length)
const made = z.strictObject({ name, description: description.default(''), permissions })
const changes = z.strictObject({
  name: name.exactOptional(),
  description: description.exactOptional(),
  permissions: permissions.exactOptional(),
})
const copied = z.strictObject({ project_id: z.number().int().min(1).max(2_147_483_647), name: name.optional() })

/** What a role may be made of: for the page where it is. */
const offered = assignablePermissions.map((id) => ({
  id,
  category: permissionTable[id].category,
  title: permissionTable[id].title,
}))
const always = basePermissions.map((id) => ({ id, title: permissionTable[id].title }))

/** AUTH-16 (auth §6.4): roles of a project's own, for its owners and admins. */
export const roleRoutes = (deps: RoleRouteDeps): readonly Route[] => {
  const { roles, organizationRoleOf } = deps
  const base = { ...appBase, access: { accepts: people, project: 'path', permission: 'project:admin' } } as const
  const path = '/api/app/projects/:projectId/roles'
  const one = `${path}/:roleId`
  const roleIn = ({ params }: Scoped): number => numberIn(params['roleId'])
  return [
    {
      ...base,
      method: 'GET',
      path,
      handle: async ({ project }: Scoped) => {
        const results = await roles.list(project.id)
        return jsonReply(
          200,
          { status: 'ok', results, limit: customRoleCountMax, always, permissions: offered },
          noStore,
        )
      },
    },
    {
      ...base,
      method: 'POST',
      path,
      handle: async (request: Scoped) => {
        const wanted = sentJson(made, request.body)
        const caller = await projectCaller(organizationRoleOf, request)
        const unique = { ...wanted, permissions: [...new Set(wanted.permissions)] }
        return jsonReply(
          201,
          { status: 'ok', results: await roles.create(caller, request.project.id, unique) },
          noStore,
        )
      },
    },
    {
      ...base,
      method: 'PATCH',
      path: one,
      handle: async (request: Scoped) => {
        const wanted = sentJson(changes, request.body)
        const caller = await projectCaller(organizationRoleOf, request)
        const results = await roles.change(caller, request.project.id, roleIn(request), wanted)
        return jsonReply(200, { status: 'ok', results }, noStore)
      },
    },
    {
      ...base,
      method: 'DELETE',
      path: one,
      handle: async (request: Scoped) => {
        await roles.remove(await projectCaller(organizationRoleOf, request), request.project.id, roleIn(request))
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    },
    {
      ...base,
      method: 'POST',
      path: `${one}/copy`,
      handle: async (request: Scoped) => {
        const { project_id: to, name: newName } = sentJson(copied, request.body)
        const from = { projectId: request.project.id, id: roleIn(request) }
        const target = { caller: await callerThere(deps, request, to), projectId: to, name: newName ?? null }
        return jsonReply(201, { status: 'ok', results: await roles.copy(from, target) }, noStore)
      },
    },
  ]
}

/** A project that is not, and one of somebody else, look the same. Roles are in the control store: any region will do. */
const callerThere = async ({ control, organizationRoleOf }: RoleRouteDeps, request: Scoped, projectId: number) => {
  const organizationId = await organizationOfProject(control, projectId)
  const role = organizationId === null ? null : await organizationRoleOf(request.principal, organizationId)
  const authority =
    organizationId === null || role === null ? null : authorityOf(request.principal, organizationId, role)
  if (authority === null || !authority.mayGive('consumer', projectId)) {
    throw new Forbidden('these credentials may not make roles in that project')
  }
  const here = await projectCaller(organizationRoleOf, request)
  return { ...here, authority }
}
