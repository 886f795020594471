import type { AuditEntry } from '../../kernel/audit.ts'
import { assert, NotFound } from '../../kernel/errors.ts'
import type { Permission } from '../../kernel/principal.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { type CustomRole, customRoleCountMax, type WantedRole } from './domain/custom-role.ts'
import { Exists, RoleTooHigh } from './errors.ts'
import type { Caller } from './service-accounts.ts'
import { deleteRole, insertRole, listRoles, lockRoles, updateRole } from './store/postgres-role-store.ts'
import { tellAccessChanged } from './store/postgres-service-account-store.ts'

export interface RolesDeps {
  readonly control: ControlDb
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
}

/** AUTH-16: up to five roles of a project's own, of what their maker may do. Every change holds at once, everywhere. */
export const createRoles = ({ control, appendAudit }: RolesDeps) => {
  const audit = (
    tx: ControlTx,
    { authority, who }: Caller,
    event: 'created' | 'updated' | 'deleted',
    projectId: number,
    role: Pick<CustomRole, 'id' | 'name'>,
    changes?: AuditEntry['changes'],
  ) =>
    appendAudit(tx, {
      type: `custom_role.${event}`,
      ...who,
      organizationId: authority.organizationId,
      projectId,
      target: { type: 'custom_role', id: String(role.id), name: role.name },
      ...(changes === undefined ? {} : { changes }),
    })

  const refuseBeyond = ({ authority }: Caller, projectId: number, permissions: readonly Permission[]): void => {
    if (!authority.mayGivePermissions(permissions, projectId)) throw new RoleTooHigh()
  }

  const found = async (tx: ControlTx, projectId: number, id: number): Promise<CustomRole> => {
    const [role] = await listRoles(tx, projectId, id)
    if (role === undefined) throw new NotFound('the project has no such role')
    return role
  }

  /** Throws Exists for a sixth one. */
  const createIn = async (
    tx: ControlTx,
    caller: Caller,
    projectId: number,
    wanted: WantedRole,
  ): Promise<CustomRole> => {
    refuseBeyond(caller, projectId, wanted.permissions)
    await lockRoles(tx, projectId)
    if ((await listRoles(tx, projectId)).length >= customRoleCountMax) {
      throw new Exists(`a project has at most ${customRoleCountMax} roles of its own`)
    }
    const id = await insertRole(tx, projectId, wanted)
    await audit(tx, caller, 'created', projectId, { id, name: wanted.name }, permissionChange([], wanted.permissions))
    return found(tx, projectId, id)
  }

  const create = (caller: Caller, projectId: number, wanted: WantedRole): Promise<CustomRole> =>
    control.tx((tx) => createIn(tx, caller, projectId, wanted))

  /** Also of those above the caller is nothing changed. */
  const change = (caller: Caller, projectId: number, id: number, changes: Partial<WantedRole>): Promise<CustomRole> =>
    control.tx(async (tx) => {
      await lockRoles(tx, projectId)
      const before = await found(tx, projectId, id)
      const after = { ...before, ...changes }
      refuseBeyond(caller, projectId, [...before.permissions, ...after.permissions])
      await updateRole(tx, id, after)
      await audit(tx, caller, 'updated', projectId, after, {
        ...(before.name === after.name ? {} : { name: { before: before.name, after: after.name } }),
        ...permissionChange(before.permissions, after.permissions),
      })
      await tellAccessChanged(tx)
      return found(tx, projectId, id)
    })

  const remove = (caller: Caller, projectId: number, id: number): Promise<void> =>
    control.tx(async (tx) => {
      await lockRoles(tx, projectId)
      const before = await found(tx, projectId, id)
      refuseBeyond(caller, projectId, before.permissions)
      await deleteRole(tx, id)
      await audit(tx, caller, 'deleted', projectId, before, permissionChange(before.permissions, []))
      await tellAccessChanged(tx)
    })

  /** The other project gets a role of its own: later changes of the one do not reach the other. */
  const copy = (
    from: { readonly projectId: number; readonly id: number },
    to: { readonly caller: Caller; readonly projectId: number; readonly name: string | null },
  ): Promise<CustomRole> =>
    control.tx(async (tx) => {
      const { name, description, permissions } = await found(tx, from.projectId, from.id)
      assert(Array.isArray(permissions), 'a stored role has permissions')
      return createIn(tx, to.caller, to.projectId, { name: to.name ?? name, description, permissions })
    })

  return { create, change, remove, copy, list: (projectId: number) => listRoles(control, projectId) }
}

export type Roles = ReturnType<typeof createRoles>

const permissionChange = (before: readonly Permission[], after: readonly Permission[]): AuditEntry['changes'] =>
  before.toSorted().join() === after.toSorted().join() ? {} : { permissions: { before, after } }
