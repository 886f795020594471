import { z } from 'zod'
import { type Authenticated, jsonReply, type Received, type Route, type Scoped } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import { assert } from '../../kernel/errors.ts'
import { readInvitationList } from './domain/invitation-list.ts'
import { emailPattern } from './domain/member.ts'
import { grantOn, invitedGrant, projectGrant } from './grant-body.ts'
import type { Invitations } from './invitations.ts'
import type { Members } from './members.ts'
import { appBase, noStore, numberIn, type OrganizationRoleOf, organizationRoute, people } from './organization-route.ts'
import { projectCaller } from './project-caller.ts'
import { callerOf } from './service-account-routes.ts'

export interface MemberRouteDeps {
  readonly organizationRoleOf: OrganizationRoleOf
  readonly members: Members
  readonly invitations: Invitations
}

const organizationRole = z.enum(['owner', 'admin', 'billing_admin', 'member'])
const email = z.string().trim().max(254).regex(emailPattern, 'expected an e-mail address')
export const password = z.string().min(8, 'at least 8 characters').max(256)
const invited = z.strictObject({
  emails: z.array(email).min(1).max(100),
  role: organizationRole.default('member'),
  projects: z.array(invitedGrant).max(200).default([]),
  // False: the inviter hands on the links.
  mail: z.boolean().default(true),
})
const token = z.string().min(1).max(100)

/** AUTH-14, AUTH-15, AUTH-18: members of organizations and projects, and how they come in. */
export const memberRoutes = (deps: MemberRouteDeps): readonly Route[] => [
  ...organizationMemberRoutes(deps),
  ...projectMemberRoutes(deps),
  ...invitationRoutes(deps),
  ...acceptRoutes(deps),
]

const organizationMemberRoutes = ({ organizationRoleOf, members }: MemberRouteDeps): readonly Route[] => [
  organizationRoute(organizationRoleOf, {
    method: 'GET',
    path: '/members',
    permission: 'members:manage',
    handle: async ({ authority }) =>
      jsonReply(200, { status: 'ok', results: await members.list(authority.organizationId) }, noStore),
  }),
  organizationRoute(organizationRoleOf, {
    method: 'PATCH',
    path: '/members/:userId',
    permission: 'members:manage',
    handle: async (request) => {
      const { role } = sentJson(z.strictObject({ role: organizationRole }), request.body)
      await members.setRole(callerOf(request), numberIn(request.params['userId']), role)
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  }),
  organizationRoute(organizationRoleOf, {
    method: 'DELETE',
    path: '/members/:userId',
    permission: 'members:manage',
    handle: async (request) => {
      await members.remove(callerOf(request), numberIn(request.params['userId']))
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  }),
]

const projectMemberRoutes = ({ organizationRoleOf, members }: MemberRouteDeps): readonly Route[] => {
  const base = { ...appBase, access: { accepts: people, project: 'path', permission: 'project:admin' } } as const
  const path = '/api/app/projects/:projectId/members'
  return [
    {
      ...base,
      method: 'GET',
      path,
      handle: async ({ project }: Scoped) =>
        jsonReply(200, { status: 'ok', results: await members.listOfProject(project.id) }, noStore),
    },
    {
      ...base,
      method: 'PUT',
      path: `${path}/:userId`,
      handle: async (request: Scoped) => {
        const grant = grantOn(request.project.id, sentJson(projectGrant, request.body))
        const id = numberIn(request.params['userId'])
        await members.setProjectRole(await projectCaller(organizationRoleOf, request), id, grant)
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    },
    {
      ...base,
      method: 'DELETE',
      path: `${path}/:userId`,
      handle: async (request: Scoped) => {
        const id = numberIn(request.params['userId'])
        await members.removeFromProject(await projectCaller(organizationRoleOf, request), request.project.id, id)
        return jsonReply(200, { status: 'ok' }, noStore)
      },
    },
  ]
}

const invitationRoutes = ({ organizationRoleOf, invitations }: MemberRouteDeps): readonly Route[] => [
  organizationRoute(organizationRoleOf, {
    method: 'GET',
    path: '/invitations',
    permission: 'members:manage',
    handle: async ({ authority }) =>
      jsonReply(200, { status: 'ok', results: await invitations.list(authority.organizationId) }, noStore),
  }),
  organizationRoute(organizationRoleOf, {
    method: 'POST',
    path: '/invitations',
    // Owners and admins of a project invite into it.
    permission: 'organization:read',
    handle: async (request) => {
      const isList = /^text\/csv\b/i.test(request.headers['content-type'] ?? '')
      const { mail, wanted } = isList
        ? { mail: request.query['mail'] !== 'false', wanted: readInvitationList(request.body) }
        : wantedOf(sentJson(invited, request.body))
      const results = await invitations.send(callerOf(request), wanted, mail ? request : null)
      return jsonReply(201, { status: 'ok', results }, noStore)
    },
  }),
  organizationRoute(organizationRoleOf, {
    method: 'POST',
    path: '/invitations/:invitationId/renew',
    permission: 'members:manage',
    handle: async (request) => {
      const { mail } = sentJson(z.strictObject({ mail: z.boolean().default(true) }), request.body)
      const id = request.params['invitationId'] ?? ''
      const results = await invitations.renew(callerOf(request), id, mail ? request : null)
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  }),
  organizationRoute(organizationRoleOf, {
    method: 'DELETE',
    path: '/invitations/:invitationId',
    permission: 'members:manage',
    handle: async (request) => {
      await invitations.revoke(callerOf(request), request.params['invitationId'] ?? '')
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  }),
]

const wantedOf = ({ emails, role, projects, mail }: z.infer<typeof invited>) => ({
  mail,
  wanted: emails.map((one) => ({ email: one, role, projects })),
})

const acceptRoutes = ({ invitations }: MemberRouteDeps): readonly Route[] => [
  {
    ...appBase,
    method: 'POST',
    path: '/api/app/invitations/accept',
    // The token in the body is the credential.
    access: { accepts: 'none' },
    handle: async ({ body, requestId }: Received) => {
      const sent = sentJson(z.strictObject({ token, password: password.optional() }), body)
      const organizationId = await invitations.acceptAsNew(sent.token, sent.password ?? null, requestId)
      return jsonReply(201, { status: 'ok', results: { organization_id: organizationId } }, noStore)
    },
  },
  {
    ...appBase,
    method: 'POST',
    path: '/api/app/me/invitations/accept',
    access: { accepts: ['session'] },
    handle: async ({ body, principal, requestId }: Authenticated) => {
      assert(principal.kind === 'session', 'people accept invitations')
      const sent = sentJson(z.strictObject({ token }), body)
      const organizationId = await invitations.acceptAs(principal, sent.token, requestId)
      return jsonReply(200, { status: 'ok', results: { organization_id: organizationId } }, noStore)
    },
  },
]
