import type { Authenticator, Received } from '../../http/route.ts'
import { AppError, Forbidden } from '../../kernel/errors.ts'
import { equalSecret, sha256Hex } from '../../kernel/hash.ts'
import type { CredentialKind, Principal } from '../../kernel/principal.ts'
import type { ProjectDirectory } from '../../kernel/project.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { type Credentials, parseCredentials } from './domain/parse-credentials.ts'
import { createTimedCache } from './domain/timed-cache.ts'
import { refuseForeignOrigin } from './own-origin.ts'
import {
  type AccountRights,
  type BearerRow,
  findAccountRights,
  findGdprToken,
  findProjectIdBySecretHash,
  findServiceAccount,
  findSession,
  type TouchedTable,
  touchLastUsed,
} from './store/postgres-credential-store.ts'

export interface AuthenticateDeps {
  readonly control: ControlDb
  readonly projects: ProjectDirectory
  readonly clock: Clock
  /** The organization whose SCIM token this is; null: nobody's. Read for every call. */
  readonly scimOrganizationOf: (tx: ControlTx, token: string) => Promise<number | null>
  /** Origins of the served regions' web hosts, such as `https://eu.example.org`. */
  readonly ownOrigins: ReadonlySet<string>
  /** Everybody comes over HTTPS: no other session cookie counts. */
  readonly secureCookies: boolean
  /** How long a session lives without being used. */
  readonly sessionIdleMs: number
  /** AUTH-22: an organization of theirs wants a second factor of everybody who signs in here. Read for every call. */
  readonly mustHaveSecondFactor: (tx: ControlTx, accountId: number) => Promise<boolean>
}

/** Behind by this much at most when a notification is lost. */
const ttlMs = 5_000
const capacity = 10_000

const basicKinds: readonly CredentialKind[] = ['service-account', 'project-secret', 'project-token']

/**
 * Finds who is asking (AUTH-01…03, 05, 08). One answer for a wrong, an expired and an unknown credential.
 * Service accounts and secrets are cached for seconds and voided by `access_changed` / `project_changed`, so that
 * /import asks no store; GDPR tokens and sessions are read for every call.
 */
export const createAuthenticator = async (deps: AuthenticateDeps): Promise<Authenticator> => {
  const { control, clock } = deps
  const accounts = createTimedCache({ clock, ttlMs, capacity, load: (name) => findServiceAccount(control, name) })
  const secrets = createTimedCache({ clock, ttlMs, capacity, load: (hash) => findProjectIdBySecretHash(control, hash) })
  await control.listen('access_changed', accounts.clear)
  await control.listen('project_changed', () => {
    secrets.clear()
    accounts.clear()
  })
  const touch = createTouch(control, clock)

  const serviceAccount = async (username: string, secret: string): Promise<Principal | null> => {
    // Longer ones do not exist, and must not fill the cache.
    const found = username.length > 255 ? null : await accounts.get(username)
    // The comparison runs for unknown names as well: both take the same time.
    const isRight = equalSecret(sha256Hex(secret), found?.secretHash ?? '')
    if (found === null || !isRight) return null
    if (found.expiresAtMs !== null && found.expiresAtMs <= clock.nowMs()) return null
    await touch('service_account', found.id)
    const { id, organizationId, projectRoles, customRoles } = found
    return { kind: 'service-account', id, username, organizationId, projectRoles, customRoles }
  }

  /** User name without password: a project's secret, or its token (which is no secret). */
  const projectKey = async (key: string, accepts: readonly CredentialKind[]): Promise<Principal | null> => {
    if (accepts.includes('project-secret')) {
      const projectId = await secrets.get(sha256Hex(key))
      if (projectId !== null) return { kind: 'project-secret', projectId }
    }
    if (!accepts.includes('project-token')) return null
    const project = await deps.projects.byToken(key)
    return project === null ? null : { kind: 'project-token', projectId: project.id }
  }

  const person = async (kind: 'gdpr-token' | 'session', row: BearerRow | null): Promise<Principal | null> => {
    if (row === null || row.isRevoked || row.expiresAtMs <= clock.nowMs()) return null
    const rights = await findAccountRights(control, row.userId)
    if (rights === null) return null
    if (kind === 'gdpr-token') await touch('gdpr_token', row.credentialId)
    return { kind, credentialId: row.credentialId, ...principalRights(rights) }
  }

  const session = async (token: string, accepts: readonly CredentialKind[]): Promise<Principal | null> => {
    const row = await findSession(control, token)
    if (row === null || row.lastSeenAtMs + deps.sessionIdleMs <= clock.nowMs()) return null
    const principal = await person('session', row)
    if (principal === null) return null
    // Single sign-on is the identity provider's business, its second factor as well (auth §7).
    const isLimited =
      row.method !== 'sso' &&
      (row.mustSetUpSecondFactor || (!row.hasSecondFactor && (await deps.mustHaveSecondFactor(control, row.userId))))
    if (isLimited && !accepts.includes('limited-session')) throw new SecondFactorMissing()
    await touch('session', row.credentialId)
    return principal
  }

  const scim = async (token: string): Promise<Principal | null> => {
    const organizationId = await deps.scimOrganizationOf(control, token)
    return organizationId === null ? null : { kind: 'scim-token', organizationId }
  }

  const find = async (
    request: Received,
    credentials: Credentials,
    accepts: readonly CredentialKind[],
  ): Promise<Principal | null> => {
    switch (credentials.kind) {
      case 'basic':
        if (credentials.password === '') return projectKey(credentials.username, accepts)
        return accepts.includes('service-account') ? serviceAccount(credentials.username, credentials.password) : null
      case 'bearer':
        if (accepts.includes('scim-token')) return scim(credentials.token)
        // AUTH-05: opens the privacy API and nothing else.
        return accepts.includes('gdpr-token')
          ? person('gdpr-token', await findGdprToken(control, credentials.token))
          : null
      case 'cookie': {
        if (!accepts.includes('session')) return null
        const principal = await session(credentials.token, accepts)
        if (principal !== null) refuseForeignOrigin(request, deps.ownOrigins)
        return principal
      }
      case 'none':
      case 'unreadable':
        return null
    }
  }

  return {
    authenticate: async (request, accepts) => {
      const credentials = parseCredentials(request.headers.authorization, request.headers.cookie, {
        hostCookieOnly: deps.secureCookies,
      })
      const principal = await find(request, credentials, accepts)
      if (principal === null) throw unauthenticated(credentials, accepts)
      return principal
    },
  }
}

const principalRights = (rights: AccountRights) => {
  // The first organization stands for the person in the audit log; what they may do is in projectRoles.
  const [organizationId = 0, organizationRole = 'member'] = [...rights.organizationRoles][0] ?? []
  const { userId, email, projectRoles, customRoles } = rights
  return { userId, email, organizationId, organizationRole, projectRoles, customRoles } as const
}

// 401 is told with the scheme that would do, but not to browsers' pages: they would open a dialog of their own.
const unauthenticated = (credentials: Credentials, accepts: readonly CredentialKind[]): AppError => {
  const takesBasic = accepts.some((kind) => basicKinds.includes(kind))
  const scheme =
    accepts.includes('gdpr-token') || accepts.includes('scim-token') ? 'Bearer' : takesBasic ? 'Basic' : null
  const headers =
    scheme === null || accepts.includes('session') ? {} : { 'WWW-Authenticate': `${scheme} realm="lethe"` }
  const message = credentials.kind === 'none' ? missingText(accepts) : 'Invalid credentials'
  return new AppError('UNAUTHENTICATED', message, { status: 401, headers })
}

const missingText = (accepts: readonly CredentialKind[]): string => {
  if (accepts.includes('gdpr-token')) return 'an Authorization: Bearer header with a GDPR token is required'
  if (accepts.every((kind) => kind === 'session' || kind === 'limited-session')) return 'log in first'
  return 'Invalid credentials'
}

/** Such a session may set one up, look at itself and end: routes that accept `limited-session`. */
class SecondFactorMissing extends Forbidden {
  constructor() {
    super('a second factor is required: set one up at /me/security first')
  }
}

/** Remembers when each credential was last written down, so that the store is told at most once a minute. */
const createTouch = (control: ControlDb, clock: Clock) => {
  const writtenAtMs = new Map<string, number>()
  return async (table: TouchedTable, id: number | string): Promise<void> => {
    const key = `${table} ${id}`
    const nowMs = clock.nowMs()
    if (nowMs - (writtenAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < 60_000) return
    writtenAtMs.set(key, nowMs)
    if (writtenAtMs.size > capacity) writtenAtMs.delete(writtenAtMs.keys().next().value as string)
    await touchLastUsed(control, table, id, nowMs)
  }
}
