import { jsonReply, type Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { NotFound } from '../../kernel/errors.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { Exists } from './errors.ts'
import { noStore, type OrganizationRoleOf, organizationRoute, type Who } from './organization-route.ts'
import {
  emptyOrganization,
  endProjects,
  lockDueOrganization,
  markOrganizationDeleted,
  restoreOrganization,
} from './store/postgres-organization-end-store.ts'
import { tellProjectChanged } from './store/postgres-project-store.ts'

export interface OrganizationEndDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly organizationRoleOf: OrganizationRoleOf
  readonly nowMs: () => number
  /** For so long a deleted organization still works, and can be restored. */
  readonly organizationGraceMs: number
  /** See `ProjectsDeps`. */
  readonly lastWriteMs: number
}

type Event = 'deleted' | 'restored' | 'closed'

const noteOf = (event: Event, organization: { readonly id: number; readonly name: string }, who: Partial<Who>) =>
  ({
    type: `organization.${event}`,
    actor: { type: 'system', id: null, name: null },
    ...who,
    organizationId: organization.id,
    projectId: null,
    target: { type: 'organization', id: String(organization.id), name: organization.name },
  }) as const satisfies AuditEntry

/** AUTH-19 (auth §6.5): the end of an organization, by its owners. */
export const organizationEndRoutes = (deps: OrganizationEndDeps): readonly Route[] => [
  organizationRoute(deps.organizationRoleOf, {
    method: 'DELETE',
    path: '',
    permission: 'organization:change',
    handle: async ({ authority, who }) => {
      const { organizationId: id } = authority
      const closesAtMs = deps.nowMs() + deps.organizationGraceMs
      await deps.control.tx(async (tx) => {
        const deleted = await markOrganizationDeleted(tx, id, deps.nowMs(), closesAtMs)
        if (deleted === null) throw new Exists('this organization is deleted already')
        await deps.appendAudit(tx, noteOf('deleted', { id, ...deleted }, who))
      })
      return jsonReply(200, { status: 'ok', results: { closes: new Date(closesAtMs) } }, noStore)
    },
  }),
  organizationRoute(deps.organizationRoleOf, {
    method: 'POST',
    path: '/restore',
    permission: 'organization:change',
    handle: async ({ authority, who }) => {
      const { organizationId: id } = authority
      await deps.control.tx(async (tx) => {
        const restored = await restoreOrganization(tx, id)
        if (restored === null) throw new NotFound('this organization is not deleted')
        await deps.appendAudit(tx, noteOf('restored', { id, ...restored }, who))
      })
      return jsonReply(200, { status: 'ok' }, noStore)
    },
  }),
]

/** Closes one organization whose time is over; the purge of projects does the rest. False: there was none. */
export const closeOne = (deps: OrganizationEndDeps): Promise<boolean> =>
  deps.control.tx(async (tx) => {
    const nowMs = deps.nowMs()
    const due = await lockDueOrganization(tx, nowMs)
    if (due === null) return false
    for (const project of await endProjects(tx, due.id, nowMs, nowMs + deps.lastWriteMs)) {
      await tellProjectChanged(tx, project.id)
      await deps.appendAudit(tx, {
        ...noteOf('closed', due, {}),
        type: 'project.deleted',
        projectId: project.id,
        target: { type: 'project', id: String(project.id), name: project.name },
      })
    }
    await emptyOrganization(tx, due.id, nowMs)
    await deps.appendAudit(tx, noteOf('closed', due, {}))
    return true
  })
