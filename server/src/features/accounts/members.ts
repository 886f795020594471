import type { AuditEntry } from '../../kernel/audit.ts'
import { NotFound } from '../../kernel/errors.ts'
import type { OrganizationRole } from '../../kernel/principal.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { Member } from './domain/member.ts'
import type { ProjectGrant } from './domain/service-account.ts'
import { Exists, NoSuchProject, RoleTooHigh } from './errors.ts'
import { isSameGrant, refuseGrantBeyond, shownGrant } from './grants.ts'
import type { Caller } from './service-accounts.ts'
import {
  listMembers,
  listProjectMembers,
  lockOrganization,
  ownerCount,
  putMember,
  putProjectMember,
  removeMember,
  removeProjectMember,
} from './store/postgres-member-store.ts'
import { liveProjectIds } from './store/postgres-service-account-store.ts'

export interface MembersDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly nowMs: () => number
}

/** AUTH-14, AUTH-15: who is in an organization and its projects. Rights of people are read anew for every request. */
export const createMembers = ({ control, appendAudit, nowMs }: MembersDeps) => {
  const audit = (
    tx: ControlTx,
    { authority, who }: Caller,
    type: AuditEntry['type'],
    member: Member,
    projectId: number | null,
    changes?: AuditEntry['changes'],
  ) =>
    appendAudit(tx, {
      type,
      ...who,
      organizationId: authority.organizationId,
      projectId,
      target: { type: 'user', id: String(member.id), name: member.email },
      ...(changes === undefined ? {} : { changes }),
    })

  /** One change of roles at a time in an organization; afterwards it still has an owner. */
  const changing = <Result>(caller: Caller, id: number, change: (tx: ControlTx, member: Member) => Promise<Result>) =>
    control.tx(async (tx) => {
      const { organizationId } = caller.authority
      await lockOrganization(tx, organizationId)
      const [member] = await listMembers(tx, organizationId, id)
      if (member === undefined) throw new NotFound('the organization has no such member')
      const result = await change(tx, member)
      if ((await ownerCount(tx, organizationId)) === 0) throw new Exists('an organization has at least one owner')
      return result
    })

  /** Up to one's own role, and of nobody above (auth §6.4). */
  const setRole = (caller: Caller, id: number, role: OrganizationRole): Promise<void> =>
    changing(caller, id, async (tx, member) => {
      const { authority } = caller
      if (!authority.mayGiveOrganizationRole(member.role) || !authority.mayGiveOrganizationRole(role)) {
        throw new RoleTooHigh()
      }
      if (member.role === role) return
      await putMember(tx, authority.organizationId, id, role)
      await audit(tx, caller, 'user.role_changed', member, null, { role: { before: member.role, after: role } })
    })

  /** What they made stays. */
  const remove = (caller: Caller, id: number): Promise<void> =>
    changing(caller, id, async (tx, member) => {
      if (!caller.authority.mayGiveOrganizationRole(member.role)) throw new RoleTooHigh()
      await removeMember(tx, caller.authority.organizationId, id, nowMs())
      await audit(tx, caller, 'organization.user_removed', member, null)
    })

  const refuseBeyond = async (
    tx: ControlTx,
    { authority }: Caller,
    projectId: number,
    grants: readonly ProjectGrant[],
  ) => {
    const live = await liveProjectIds(tx, authority.organizationId, [projectId])
    if (!live.has(projectId)) throw new NoSuchProject(projectId)
    for (const grant of grants) await refuseGrantBeyond(tx, authority, grant)
  }

  const setProjectRole = (caller: Caller, id: number, grant: ProjectGrant): Promise<void> =>
    changing(caller, id, async (tx, member) => {
      const before = member.projects.find((one) => one.id === grant.id)
      await refuseBeyond(tx, caller, grant.id, before === undefined ? [grant] : [grant, before])
      if (isSameGrant(before, grant)) return
      await putProjectMember(tx, id, grant)
      const type = before === undefined ? 'project.user_added' : 'user.role_changed'
      await audit(tx, caller, type, member, grant.id, {
        role: { before: shownGrant(before), after: shownGrant(grant) },
      })
    })

  const removeFromProject = (caller: Caller, projectId: number, id: number): Promise<void> =>
    changing(caller, id, async (tx, member) => {
      const before = member.projects.find((grant) => grant.id === projectId)
      if (before === undefined) throw new NotFound('the project has no such member')
      await refuseBeyond(tx, caller, projectId, [before])
      await removeProjectMember(tx, id, projectId)
      await audit(tx, caller, 'project.user_removed', member, projectId)
    })

  return {
    setRole,
    remove,
    setProjectRole,
    removeFromProject,
    list: (organizationId: number) => listMembers(control, organizationId),
    listOfProject: (projectId: number) => listProjectMembers(control, projectId),
  }
}

export type Members = ReturnType<typeof createMembers>
