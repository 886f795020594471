import { z } from 'zod'
import { jsonReply, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { InvalidRequest, NotFound } from '../../kernel/errors.ts'
import { nameFault } from './domain/service-account.ts'
import { grantOn, projectGrant, projectRole } from './grant-body.ts'
import {
  appBase,
  noStore,
  numberIn,
  type OrganizationRoleOf,
  type Organized,
  organizationRoute,
  people,
} from './organization-route.ts'
import { projectCaller } from './project-caller.ts'
import type { Caller, ServiceAccounts } from './service-accounts.ts'

export interface ServiceAccountRouteDeps {
  readonly organizationRoleOf: OrganizationRoleOf
  readonly accounts: ServiceAccounts
  readonly nowMs: () => number
}

const idNumber = z.number().int().min(1).max(2_147_483_647)
const some = <Item extends z.ZodType>(item: Item) => z.array(item).max(200)

const newAccount = z.object({
  username: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .superRefine((name, context) => {
      const fault = nameFault(name)
      if (fault !== null) context.addIssue({ code: 'custom', message: fault })
    }),
  role: projectRole.optional(),
  expires: z.iso.datetime({ offset: true, error: 'expected an ISO time, such as 2027-01-31T00:00:00Z' }).nullish(),
  projects: some(z.object({ id: idNumber, role: projectRole.optional() })).default([]),
})
const additions = z.object({
  projects: some(z.object({ id: idNumber, role: projectRole })),
  service_account_ids: some(idNumber),
})
const removals = z.object({ projects: some(z.object({ id: idNumber, service_account_ids: some(idNumber) })) })

/** AUTH-10, AUTH-11: the public API of service accounts (auth §4). */
export const serviceAccountRoutes = (deps: ServiceAccountRouteDeps): readonly Route[] => {
  const { accounts, organizationRoleOf } = deps
  const path = '/service-accounts'
  const one = `${path}/:serviceAccountId`
  return [
    organizationRoute(organizationRoleOf, {
      method: 'GET',
      path,
      permission: 'service-accounts:manage',
      handle: async ({ authority }) =>
        jsonReply(200, { status: 'ok', results: await accounts.list(authority.organizationId) }, noStore),
    }),
    organizationRoute(organizationRoleOf, {
      method: 'POST',
      path,
      // Owners and admins of a project make accounts for it: what the caller may give is asked project by project.
      permission: 'organization:read',
      handle: async (request) => {
        const { username, role, expires, projects } = sentJson(newAccount, request.body)
        const results = await accounts.create(callerOf(request), {
          name: username,
          role: role ?? null,
          expires: endOf(expires ?? null, deps.nowMs()),
          projects: projects.map((project) => ({ id: project.id, role: project.role ?? null })),
        })
        return jsonReply(201, { status: 'ok', results }, noStore)
      },
    }),
    organizationRoute(organizationRoleOf, {
      method: 'GET',
      path: one,
      permission: 'service-accounts:manage',
      // The public schema has no envelope here.
      handle: async ({ authority, params }) =>
        jsonReply(200, await accounts.get(authority.organizationId, idIn(params['serviceAccountId'])), noStore),
    }),
    organizationRoute(organizationRoleOf, {
      method: 'DELETE',
      path: one,
      permission: 'service-accounts:manage',
      handle: async (request) => {
        await accounts.remove(callerOf(request), idIn(request.params['serviceAccountId']))
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    }),
    organizationRoute(organizationRoleOf, {
      method: 'POST',
      path: `${path}/add-to-project`,
      permission: 'organization:read',
      handle: async (request) => {
        const sent = sentJson(additions, request.body)
        await accounts.addToProjects(callerOf(request), sent.service_account_ids, sent.projects)
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    }),
    organizationRoute(organizationRoleOf, {
      method: 'POST',
      path: `${path}/remove-from-project`,
      permission: 'organization:read',
      handle: async (request) => {
        const { projects } = sentJson(removals, request.body)
        await accounts.removeFromProjects(
          callerOf(request),
          projects.map((project) => ({ id: project.id, accountIds: project.service_account_ids })),
        )
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    }),
    {
      ...appBase,
      method: 'GET',
      path: '/api/app/projects/:projectId/service-accounts',
      access: { accepts: people, project: 'path', permission: 'project:admin' },
      handle: async ({ project }: Scoped) =>
        jsonReply(200, { status: 'ok', results: await accounts.listOfProject(project.id) }, noStore),
    },
    {
      ...appBase,
      method: 'PUT',
      // Beside the public API, which knows no custom roles.
      path: '/api/app/projects/:projectId/service-accounts/:serviceAccountId',
      access: { accepts: people, project: 'path', permission: 'project:admin' },
      handle: async (request: Scoped) => {
        const grant = grantOn(request.project.id, sentJson(projectGrant, request.body))
        const caller = await projectCaller(organizationRoleOf, request)
        await accounts.addToProjects(caller, [idIn(request.params['serviceAccountId'])], [grant])
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    },
  ]
}

export const callerOf = ({ authority, who }: Organized): Caller => ({
  authority,
  who,
  id: Number(who.actor.id),
})

const idIn = (text: string | undefined): number => {
  const id = numberIn(text)
  if (id === 0) throw new NotFound('the organization has no such service account')
  return id
}

const endOf = (expires: string | null, nowMs: number): Date | null => {
  if (expires === null) return null
  const end = new Date(expires)
  if (end.getTime() <= nowMs) throw new InvalidRequest("'expires' is invalid: it must be in the future")
  return end
}
