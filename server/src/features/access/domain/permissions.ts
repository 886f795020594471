import type {
  OrganizationPermission,
  OrganizationRole,
  Permission,
  Principal,
  Role,
} from '../../../kernel/principal.ts'

/** Who may do what (auth §6.2, §6.3): the one table. Project routes ask it through `mayUse`. */
export const rolesOf: Readonly<Record<Permission, readonly Role[]>> = {
  'events:import': ['owner', 'admin'],
  // "Download reports": everybody but consumers.
  'events:export': ['owner', 'admin', 'analyst'],
  // Counts, not rows: what names people asks for events:export.
  'query:read': ['owner', 'admin', 'analyst', 'consumer'],
  'lookup-tables:upload': ['owner', 'admin', 'analyst', 'consumer'],
  'privacy:request': ['owner', 'admin'],
  'audit:read': ['owner', 'admin'],
  'project:read': ['owner', 'admin', 'analyst', 'consumer'],
  // Saved definitions and annotations (auth §6.3, reports §9).
  'reports:write': ['owner', 'admin', 'analyst'],
  'project:admin': ['owner', 'admin'],
  // Delete, reset, hand over (auth §6.2).
  'project:own': ['owner'],
}

/** Who may do what to an organization (auth §6.1). */
export const organizationRolesOf: Readonly<Record<OrganizationPermission, readonly OrganizationRole[]>> = {
  'organization:read': ['owner', 'admin', 'billing_admin', 'member'],
  'organization:change': ['owner'],
  'projects:create': ['owner', 'admin'],
  'projects:own': ['owner'],
  'members:manage': ['owner', 'admin'],
  'teams:manage': ['owner', 'admin'],
  'service-accounts:manage': ['owner', 'admin'],
}

/** What a key of the project itself opens: the secret reads and writes events and notes (old scripts have nothing else), the token (no secret) only writes. */
const permissionsOfSecret: readonly Permission[] = [
  'events:import',
  'events:export',
  'query:read',
  'reports:write',
  'lookup-tables:upload',
]
const permissionsOfToken: readonly Permission[] = ['events:import']

/** auth §6.1: an organization's owner may act as owner of its projects, its admin as admin. */
export const projectRoleOfOrganizationRole: Readonly<Record<OrganizationRole, Role | null>> = {
  owner: 'owner',
  admin: 'admin',
  billing_admin: null,
  member: null,
}

// Roles are additive, and each holds all that the next one holds: the strongest is the union.
const strength: readonly Role[] = ['consumer', 'analyst', 'admin', 'owner']

export const strongerRole = (a: Role | undefined, b: Role): Role =>
  a !== undefined && strength.indexOf(a) >= strength.indexOf(b) ? a : b

/** Roles are given and taken up to one's own (auth §6.4). */
export const isAtMost = (role: Role, own: Role | undefined): boolean =>
  own !== undefined && strength.indexOf(role) <= strength.indexOf(own)

/** True when `principal` holds `permission` on the project, as far as the principal's own rights go. */
export const mayUse = (principal: Principal, permission: Permission, project: { readonly id: number }): boolean => {
  switch (principal.kind) {
    case 'scim-token':
      return false
    case 'project-secret':
      return principal.projectId === project.id && permissionsOfSecret.includes(permission)
    case 'project-token':
      return principal.projectId === project.id && permissionsOfToken.includes(permission)
    case 'service-account':
    case 'gdpr-token':
    case 'session': {
      const role = principal.projectRoles.get(project.id)
      return role !== undefined && rolesOf[permission].includes(role)
    }
  }
}
