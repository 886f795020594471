import type { Authenticator, MayUse, Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import type { OrganizationRole, Principal } from '../../kernel/principal.ts'
import type { ProjectDirectory } from '../../kernel/project.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { type AuthenticateDeps, createAuthenticator } from './authenticate.ts'
import { mayUse } from './domain/permissions.ts'
import { createGdprTokens } from './gdpr-tokens.ts'
import { createLogin, type Login, type LoginDeps, sessionSeconds } from './login.ts'
import { accessRoutes, sessionCookie } from './routes.ts'
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
  /** See `LoginDeps`. */
  readonly requiredSignInOf: LoginDeps['requiredSignInOf']
  /** See `AuthenticateDeps`. */
  readonly scimOrganizationOf: AuthenticateDeps['scimOrganizationOf']
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
  /** For other ways in than a password. */
  readonly openSession: Login['openSession']
  /** Set-Cookie of a session that was opened. */
  readonly sessionCookie: (token: string) => string
  readonly confirmPassword: (principal: Principal, password: string, clientIp: string) => Promise<void>
  readonly routes: readonly Route[]
}

export const createAccess = async (deps: AccessDeps): Promise<Access> => {
  const { control, clock } = deps
  const projects = await createProjectDirectory(control, clock)
  const login = await createLogin(deps)
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
    openSession: login.openSession,
    sessionCookie: (token) => sessionCookie(token, sessionSeconds, deps.secureCookies),
    confirmPassword: async (principal, password, clientIp) => {
      if (principal.kind !== 'session') throw new Forbidden('only a person who is logged in has a password')
      await login.confirmPassword(principal.email, password, clientIp)
    },
    routes: accessRoutes({
      ...deps,
      login,
      gdprTokens: createGdprTokens(deps),
      findMe: (principal) => findMe(control, principal),
    }),
  }
}
