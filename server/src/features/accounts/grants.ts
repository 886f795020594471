import { NotFound } from '../../kernel/errors.ts'
import type { ControlTx } from '../../platform/postgres/control-db.ts'
import type { Authority } from './authority.ts'
import type { ProjectGrant } from './domain/service-account.ts'
import { RoleTooHigh } from './errors.ts'
import { listRoles } from './store/postgres-role-store.ts'

/** Throws RoleTooHigh unless the caller may give, or take, this role; NotFound for a custom role of another project. */
export const refuseGrantBeyond = async (tx: ControlTx, authority: Authority, grant: ProjectGrant): Promise<void> => {
  if (!authority.mayGive(grant.role, grant.id)) throw new RoleTooHigh()
  if (grant.custom_role_id === undefined) return
  const [role] = await listRoles(tx, grant.id, grant.custom_role_id)
  if (role === undefined) throw new NotFound('the project has no such role')
  if (!authority.mayGivePermissions(role.permissions, grant.id)) throw new RoleTooHigh()
}

/** In the audit log. */
export const shownGrant = (grant: ProjectGrant | undefined): string | null =>
  grant?.custom_role_id === undefined ? (grant?.role ?? null) : `custom role ${grant.custom_role_id}`

export const isSameGrant = (a: ProjectGrant | undefined, b: ProjectGrant): boolean =>
  a?.role === b.role && a.custom_role_id === b.custom_role_id
