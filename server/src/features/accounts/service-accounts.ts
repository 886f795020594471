import type { AuditEntry } from '../../kernel/audit.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Role } from '../../kernel/principal.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { isAtMost, projectRoleOfOrganizationRole } from '../access/index.ts'
import type { Authority } from './authority.ts'
import { type ProjectGrant, type ServiceAccount, secretLength, usernameOf } from './domain/service-account.ts'
import { NoSuchProject, NoSuchServiceAccount, RoleMissing, RoleTooHigh } from './errors.ts'
import { isSameGrant, refuseGrantBeyond, shownGrant } from './grants.ts'
import type { Who } from './organization-route.ts'
import {
  deleteServiceAccount,
  findServiceAccountOf,
  insertServiceAccount,
  listProjectServiceAccounts,
  listServiceAccounts,
  liveProjectIds,
  lockServiceAccounts,
  putGrant,
  removeGrant,
  type StoredServiceAccount,
  tellAccessChanged,
} from './store/postgres-service-account-store.ts'

export interface ServiceAccountsDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

export interface WantedServiceAccount {
  readonly name: string
  readonly role: Role | null
  readonly expires: Date | null
  readonly projects: readonly { readonly id: number; readonly role: Role | null }[]
}

export interface Caller {
  readonly authority: Authority
  readonly who: Who
  /** Of the person or service account that asks. */
  readonly id: number
}

/** AUTH-10…12: service accounts of an organization, and of its projects. Every change is audited in its transaction. */
export const createServiceAccounts = ({ control, appendAudit }: ServiceAccountsDeps) => {
  const audit = (
    tx: ControlTx,
    { authority, who }: Caller,
    type: AuditEntry['type'],
    account: { readonly id: number; readonly username: string },
    projectId: number | null = null,
    changes?: AuditEntry['changes'],
  ) =>
    appendAudit(tx, {
      type,
      ...who,
      organizationId: authority.organizationId,
      projectId,
      target: { type: 'service_account', id: String(account.id), name: account.username },
      ...(changes === undefined ? {} : { changes }),
    })

  /** Throws NoSuchProject unless the caller may give these roles on projects of the organization. */
  const refuseBeyond = async (tx: ControlTx, { authority }: Caller, grants: readonly ProjectGrant[]) => {
    const ids = grants.map(({ id }) => id)
    const live = await liveProjectIds(tx, authority.organizationId, ids)
    for (const grant of grants) {
      const { id } = grant
      if (!live.has(id) || !authority.mayGive('consumer', id)) throw new NoSuchProject(id)
      await refuseGrantBeyond(tx, authority, grant)
    }
  }

  const put = async (tx: ControlTx, caller: Caller, account: StoredServiceAccount, grant: ProjectGrant) => {
    const before = account.grants.find(({ id }) => id === grant.id)
    if (isSameGrant(before, grant)) return
    // Whoever is above the caller stays there.
    if (before !== undefined) await refuseGrantBeyond(tx, caller.authority, before)
    await putGrant(tx, account.id, grant)
    const type = before === undefined ? 'service_account.added_to_project' : 'service_account.role_changed'
    await audit(tx, caller, type, account, grant.id, {
      role: { before: shownGrant(before), after: shownGrant(grant) },
    })
  }

  /** Throws NoSuchServiceAccount unless all of them are of the organization. */
  const locked = async (tx: ControlTx, caller: Caller, ids: readonly number[]) => {
    const wanted = [...new Set(ids)]
    const found = await lockServiceAccounts(tx, caller.authority.organizationId, wanted)
    if (found.length < wanted.length) throw new NoSuchServiceAccount()
    return found
  }

  /** Owners and admins of the organization make them as they like; those of a project, for their projects (auth §6.2). */
  const create = (caller: Caller, wanted: WantedServiceAccount) =>
    control.tx(async (tx): Promise<ServiceAccount & { readonly token: string }> => {
      const { authority } = caller
      const isOfOrganization = authority.may('service-accounts:manage')
      if (!isOfOrganization && wanted.projects.length === 0) throw new RoleTooHigh()
      const own = projectRoleOfOrganizationRole[authority.organizationRole] ?? undefined
      if (isOfOrganization && wanted.role !== null && !isAtMost(wanted.role, own)) throw new RoleTooHigh()
      const grants = wanted.projects.map(({ id, role }) => ({ id, role: role ?? wanted.role ?? missing(id) }))
      await refuseBeyond(tx, caller, grants)
      const secret = randomAlphanumeric(secretLength)
      const username = usernameOf(wanted.name, randomAlphanumeric(6))
      const id = await insertServiceAccount(tx, {
        organizationId: authority.organizationId,
        username,
        secretHash: sha256Hex(secret),
        // Made from the settings of a project it is a member of the organization, whatever it is in the project.
        role: isOfOrganization ? wanted.role : null,
        expires: wanted.expires,
        creatorId: caller.id,
      })
      await audit(tx, caller, 'service_account.created', { id, username })
      const account = { id, username, role: null, grants: [] }
      for (const grant of new Map(grants.map((one) => [one.id, one])).values()) await put(tx, caller, account, grant)
      await tellAccessChanged(tx)
      const made = await findServiceAccountOf(tx, authority.organizationId, id)
      return { ...(made as ServiceAccount), token: secret }
    })

  const get = async (organizationId: number, id: number): Promise<ServiceAccount> => {
    const found = await findServiceAccountOf(control, organizationId, id)
    if (found === null) throw new NoSuchServiceAccount()
    return found
  }

  /** It opens nothing from the moment this is answered. Throws RoleTooHigh for one that is above the caller. */
  const remove = (caller: Caller, id: number): Promise<void> =>
    control.tx(async (tx) => {
      const [account] = await locked(tx, caller, [id])
      if (account === undefined) throw new NoSuchServiceAccount()
      const own = projectRoleOfOrganizationRole[caller.authority.organizationRole] ?? undefined
      const held = [account.role, ...account.grants.map(({ role }) => role)].filter((role) => role !== null)
      if (!held.every((role) => isAtMost(role, own))) throw new RoleTooHigh()
      await deleteServiceAccount(tx, account.id)
      await audit(tx, caller, 'service_account.deleted', account)
      await tellAccessChanged(tx)
    })

  const addToProjects = (caller: Caller, ids: readonly number[], grants: readonly ProjectGrant[]): Promise<void> =>
    control.tx(async (tx) => {
      await refuseBeyond(tx, caller, grants)
      for (const account of await locked(tx, caller, ids)) {
        for (const grant of new Map(grants.map((one) => [one.id, one])).values()) await put(tx, caller, account, grant)
      }
      await tellAccessChanged(tx)
    })

  const removeFromProjects = (
    caller: Caller,
    projects: readonly { readonly id: number; readonly accountIds: readonly number[] }[],
  ): Promise<void> =>
    control.tx(async (tx) => {
      const { authority } = caller
      await refuseBeyond(
        tx,
        caller,
        projects.map(({ id }) => ({ id, role: 'consumer' })),
      )
      const accounts = await locked(
        tx,
        caller,
        projects.flatMap(({ accountIds }) => accountIds),
      )
      for (const { id: projectId, accountIds } of projects) {
        for (const account of accounts.filter(({ id }) => accountIds.includes(id))) {
          const before = account.grants.find(({ id }) => id === projectId)
          if (before === undefined) continue
          await refuseGrantBeyond(tx, authority, before)
          await removeGrant(tx, account.id, projectId)
          await audit(tx, caller, 'service_account.removed_from_project', account, projectId)
        }
      }
      await tellAccessChanged(tx)
    })

  return {
    create,
    get,
    remove,
    addToProjects,
    removeFromProjects,
    list: (organizationId: number) => listServiceAccounts(control, organizationId),
    listOfProject: (projectId: number) => listProjectServiceAccounts(control, projectId),
  }
}

export type ServiceAccounts = ReturnType<typeof createServiceAccounts>

const missing = (projectId: number): never => {
  throw new RoleMissing(projectId)
}
