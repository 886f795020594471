import { z } from 'zod'
import { type Authenticated, jsonReply, type Route } from '../../http/route.ts'
import { sentJson } from '../../http/sent-json.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { assert } from '../../kernel/errors.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { appBase, noStore, type OrganizationRoleOf, organizationRoute, people } from './organization-route.ts'
import { findOrganization, listOrganizationsOf, renameOrganization } from './store/postgres-organization-store.ts'

export interface OrganizationRouteDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly organizationRoleOf: OrganizationRoleOf
}

const changes = z.strictObject({ name: z.string().trim().min(1).max(255) })

/** AUTH-14, AUTH-19: organizations as their members see them. */
export const organizationRoutes = ({
  control,
  appendAudit,
  organizationRoleOf,
}: OrganizationRouteDeps): readonly Route[] => [
  {
    ...appBase,
    method: 'GET',
    path: '/api/app/organizations',
    access: { accepts: people },
    handle: async ({ principal }: Authenticated) => {
      if (principal.kind === 'session') {
        return jsonReply(200, { status: 'ok', results: await listOrganizationsOf(control, principal.userId) }, noStore)
      }
      assert(principal.kind === 'service-account', 'this is asked by people and service accounts')
      const { organizationId } = principal
      const found = await findOrganization(control, organizationId)
      const role = await organizationRoleOf(principal, organizationId)
      return jsonReply(200, { status: 'ok', results: found === null ? [] : [{ ...found, role }] }, noStore)
    },
  },
  organizationRoute(organizationRoleOf, {
    method: 'GET',
    path: '',
    permission: 'organization:read',
    handle: async ({ authority }) => {
      const found = await findOrganization(control, authority.organizationId)
      const results = { ...found, role: authority.organizationRole }
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  }),
  organizationRoute(organizationRoleOf, {
    method: 'PATCH',
    path: '',
    permission: 'organization:change',
    handle: async ({ authority, who, body }) => {
      const { name } = sentJson(changes, body)
      const { organizationId } = authority
      const results = await control.tx(async (tx) => {
        const before = await findOrganization(tx, organizationId)
        await renameOrganization(tx, organizationId, name)
        await appendAudit(tx, {
          type: 'organization_setting.updated',
          ...who,
          organizationId,
          projectId: null,
          target: { type: 'organization', id: String(organizationId), name },
          changes: { name: { before: before?.name, after: name } },
        })
        return { ...before, name, role: authority.organizationRole }
      })
      return jsonReply(200, { status: 'ok', results }, noStore)
    },
  }),
]
