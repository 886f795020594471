export { type Access, createAccess } from './create-access.ts'
export { oneYearAfter } from './domain/gdpr-token.ts'
export { parseCredentials } from './domain/parse-credentials.ts'
export {
  assignablePermissions,
  basePermissions,
  isAtMost,
  organizationRolesOf,
  permissionTable,
  projectRoleOfOrganizationRole,
  strongerRole,
} from './domain/permissions.ts'
