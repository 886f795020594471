export { type Access, createAccess } from './create-access.ts'
export { agentFamily } from './domain/agent-family.ts'
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
export { refuseForeignLogin } from './own-origin.ts'
export type { SessionCookie } from './session-cookie.ts'
export type { KnownAccount, OwnSession, Sessions, SignedIn } from './sessions.ts'
