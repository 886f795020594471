import type { Authenticator, MayUse, Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import type { OrganizationRole, Principal } from '../../kernel/principal.ts'
import type { ProjectDirectory } from '../../kernel/project.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { type AuthenticateDeps, createAuthenticator } from './authenticate.ts'
import { mayUse } from './domain/permissions.ts'
import { createGdprTokens } from './gdpr-tokens.ts'
import { accessRoutes } from './routes.ts'
import { createSessionCookie, type SessionCookie } from './session-cookie.ts'
import { createSessions, type Sessions, sessionSeconds } from './sessions.ts'
import {
  findAccountRights,
  findOrganizationRole,
  findProjectIdBySecretHash,
} from './store/postgres-credential-store.ts'
import { findMe } from './store/postgres-me-store.ts'
import { createProjectDirectory } from './store/project-directory.ts'

export interface AccessDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly ownOrigins: ReadonlySet<string>
  readonly secureCookies: boolean
  /** How long a session lives without being used. */
  readonly sessionIdleMs: number
  /** See `AuthenticateDeps`. */
  readonly scimOrganizationOf: AuthenticateDeps['scimOrganizationOf']
  readonly mustHaveSecondFactor: AuthenticateDeps['mustHaveSecondFactor']
}

export interface Access {
  readonly projects: ProjectDirectory
  readonly authenticator: Authenticator
  readonly mayUse: MayUse
  /** auth §9: owners and admins of the organization, read fresh. */
  readonly mayReadOrganizationAudit: (principal: Principal, organizationId: number) => Promise<boolean>
  /** What the caller is in an organization, read fresh; null: nothing, or there is none of that id. */
  readonly organizationRoleOf: (principal: Principal, organizationId: number) => Promise<OrganizationRole | null>
  /** The project that a secret opens; null: none. */
  readonly projectIdOfSecret: (secret: string) => Promise<number | null>
  readonly sessions: Sessions
  readonly sessionCookie: SessionCookie
  readonly routes: readonly Route[]
}

export const createAccess = async (deps: AccessDeps): Promise<Access> => {
  const { control, clock } = deps
  const projects = await createProjectDirectory(control, clock)
  const sessions = createSessions(deps)
  const sessionCookie = createSessionCookie(deps, sessionSeconds)
  return {
    projects,
    authenticator: await createAuthenticator({ ...deps, projects }),
    mayUse,
    mayReadOrganizationAudit: async (principal, organizationId) => {
      if (principal.kind !== 'session') return false
      const rights = await findAccountRights(control, principal.userId)
      const role = rights?.organizationRoles.get(organizationId)
      return role === 'owner' || role === 'admin'
    },
    organizationRoleOf: (principal, organizationId) => findOrganizationRole(control, principal, organizationId),
    projectIdOfSecret: (secret) => findProjectIdBySecretHash(control, sha256Hex(secret)),
    sessions,
    sessionCookie,
    routes: accessRoutes({
      sessions,
      sessionCookie,
      gdprTokens: createGdprTokens(deps),
      findMe: (principal) => findMe(control, principal),
    }),
  }
}
