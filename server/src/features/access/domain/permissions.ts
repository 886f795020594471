import type {
  CustomRoles,
  OrganizationPermission,
  OrganizationRole,
  Permission,
  Principal,
  Role,
} from '../../../kernel/principal.ts'

/** What a permission of a custom role is listed under (auth §6.4). Flags and experiments are not there: nothing to permit. */
export type PermissionCategory = 'analysis' | 'data management' | 'data access' | 'sources' | 'settings'

interface PermissionKind {
  readonly roles: readonly Role[]
  /** Null: never part of a custom role. `base`: always part of one. */
  readonly category: PermissionCategory | 'base' | null
  /** What it lets somebody do, for the page where roles are made. */
  readonly title: string
}

const everybody: readonly Role[] = ['owner', 'admin', 'analyst', 'consumer']
const analysts: readonly Role[] = ['owner', 'admin', 'analyst']
const admins: readonly Role[] = ['owner', 'admin']

/** Who may do what in a project (auth §6.2, §6.3, §6.4): the one table. Every route names its own permission. */
export const permissionTable: Readonly<Record<Permission, PermissionKind>> = {
  'project:read': { roles: everybody, category: 'base', title: 'See the project and what is saved in it' },
  // Counts, not rows: what names people asks for events:export or profiles:export.
  'query:read': { roles: everybody, category: 'base', title: 'View reports' },
  // Reports, cohorts, funnels, annotations (auth §6.3, reports §9).
  'reports:write': { roles: analysts, category: 'analysis', title: 'Save reports, cohorts and annotations' },
  'definitions:write': { roles: analysts, category: 'analysis', title: 'Define custom events and data views' },
  'reports:manage': { roles: admins, category: 'analysis', title: "See and change others' private data views" },
  'lookup-tables:upload': { roles: everybody, category: 'data management', title: 'Replace lookup tables' },
  'lookup-tables:manage': { roles: admins, category: 'data management', title: 'Make and remove lookup tables' },
  'classified:mark': { roles: admins, category: 'data management', title: 'Mark properties as classified' },
  'events:delete': { roles: admins, category: 'data management', title: 'Delete events by a rule' },
  'data-rules:write': { roles: admins, category: 'data management', title: 'Set data rules' },
  'data-settings:write': {
    roles: admins,
    category: 'data management',
    title: 'Set retention, group keys and sessions',
  },
  'lexicon:write': { roles: admins, category: 'data management', title: 'Hide, describe and tag in the lexicon' },
  'lexicon:govern': { roles: ['owner'], category: 'data management', title: 'Merge and block in the lexicon' },
  'lexicon:export': { roles: analysts, category: 'data access', title: 'Download the lexicon' },
  // PRIV-36: no role has it by itself.
  'classified:access': { roles: [], category: 'data access', title: 'See classified properties' },
  'events:export': { roles: analysts, category: 'data access', title: 'Export events' },
  // A script reads events and profiles alike.
  'jql:run': { roles: analysts, category: 'data access', title: 'Run scripts (JQL) over events and users' },
  // The Users and Events pages: rows, a page at a time (people §5).
  'people:read': { roles: everybody, category: 'data access', title: 'See people and their events' },
  'profiles:write': { roles: admins, category: 'data management', title: 'Create, edit and delete profiles' },
  'profiles:export': { roles: analysts, category: 'data access', title: 'List and export users' },
  'events:import': { roles: admins, category: 'sources', title: 'Import events' },
  // Connections to warehouses and buckets, and imports from them (CONN-01…10).
  'warehouses:manage': { roles: admins, category: 'sources', title: 'Import from warehouses and buckets' },
  // Events go to a bucket, unasked for (PIPE-01…06).
  'pipelines:manage': { roles: admins, category: 'sources', title: 'Send events to buckets' },
  'settings:write': { roles: admins, category: 'settings', title: 'Edit project settings' },
  'access-keys:read': { roles: admins, category: 'settings', title: 'See the project token' },
  'audit:read': { roles: admins, category: 'settings', title: 'Read the audit log' },
  'privacy:request': { roles: admins, category: null, title: 'Retrieve and erase people' },
  // Who is in it, in which role: a custom role never makes others.
  'project:admin': { roles: admins, category: null, title: 'Manage members, service accounts and roles' },
  // Delete, reset, hand over (auth §6.2).
  'project:own': { roles: ['owner'], category: null, title: 'Delete, reset and transfer the project' },
}

export const allPermissions = Object.keys(permissionTable) as readonly Permission[]
export const isPermission = (name: string): name is Permission => name in permissionTable
/** Always part of a custom role. */
export const basePermissions = allPermissions.filter((name) => permissionTable[name].category === 'base')
/** What a custom role may have beside the base. */
export const assignablePermissions = allPermissions.filter(
  (name) => permissionTable[name].category !== null && permissionTable[name].category !== 'base',
)

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
  'jql:run',
  'profiles:export',
  'query:read',
  'reports:write',
  'lookup-tables:upload',
  'pipelines:manage',
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
      return mayByRoles(principal, permission, project.id)
    }
  }
}

interface ProjectRights {
  readonly projectRoles: ReadonlyMap<number, Role>
  readonly customRoles: ReadonlyMap<number, CustomRoles>
}

const mayByRoles = (rights: ProjectRights, permission: Permission, projectId: number): boolean => {
  const role = rights.projectRoles.get(projectId)
  if (role !== undefined && permissionTable[permission].roles.includes(role)) return true
  return rights.customRoles.get(projectId)?.permissions.has(permission) === true
}

/** All that somebody may do in a project. */
export const permissionsOn = (rights: ProjectRights, projectId: number): readonly Permission[] =>
  allPermissions.filter((permission) => mayByRoles(rights, permission, projectId))
