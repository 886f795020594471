import type { OrganizationPermission, OrganizationRole, Permission, Principal, Role } from '../../kernel/principal.ts'
import {
  isAtMost,
  organizationRolesOf,
  permissionTable,
  projectRoleOfOrganizationRole,
  strongerRole,
} from '../access/index.ts'

/** What somebody may do in one organization, now. */
export interface Authority {
  readonly organizationId: number
  readonly organizationRole: OrganizationRole
  may(permission: OrganizationPermission): boolean
  /** Role on a project of this organization; undefined: none. Whether the project is of this organization is asked elsewhere. */
  roleOn(projectId: number): Role | undefined
  /** True when they may give or take `role` on the project (auth §6.4: up to their own, by owners and admins). */
  mayGive(role: Role, projectId: number): boolean
  /**
   * As mayGive, for what a custom role holds. Classified access is given by owners and admins who do not have it: nobody
   * else could (PRIV-36).
   */
  mayGivePermissions(permissions: readonly Permission[], projectId: number): boolean
  /** As mayGive, for roles in the organization. */
  mayGiveOrganizationRole(role: OrganizationRole): boolean
}

export const authorityOf = (
  principal: Principal,
  organizationId: number,
  organizationRole: OrganizationRole,
): Authority => {
  const implied = projectRoleOfOrganizationRole[organizationRole]
  const roleOn = (projectId: number): Role | undefined => {
    const own = 'projectRoles' in principal ? principal.projectRoles.get(projectId) : undefined
    return implied === null ? own : strongerRole(own, implied)
  }
  const may = (permission: OrganizationPermission) => organizationRolesOf[permission].includes(organizationRole)
  return {
    organizationId,
    organizationRole,
    may,
    roleOn,
    mayGive: (role, projectId) => {
      const own = roleOn(projectId)
      return isAtMost('admin', own) && isAtMost(role, own)
    },
    mayGivePermissions: (permissions, projectId) => {
      const own = roleOn(projectId)
      if (own === undefined || !isAtMost('admin', own)) return false
      return permissions.every((name) => name === 'classified:access' || permissionTable[name]?.roles.includes(own))
    },
    mayGiveOrganizationRole: (role) => may('members:manage') && (role !== 'owner' || organizationRole === 'owner'),
  }
}
