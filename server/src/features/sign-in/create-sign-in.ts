import type { Received, Route } from '../../http/route.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden } from '../../kernel/errors.ts'
import type { OrganizationRole, Principal } from '../../kernel/principal.ts'
import type { Region } from '../../kernel/region.ts'
import type { Clock } from '../../kernel/time.ts'
import type { Mailer } from '../../platform/mail/mailer.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { SessionCookie, Sessions } from '../access/index.ts'
import { createAfterAnswer } from './after-answer.ts'
import { type Notice, noticeMail } from './domain/mails.ts'
import { createWebOrigins } from './domain/web-origin.ts'
import { createEnter } from './enter.ts'
import { createLinks } from './links.ts'
import { askedHost, type LoginRouteDeps, loginRoutes } from './login-routes.ts'
import { type MeRouteDeps, meRoutes } from './me-routes.ts'
import { createOrganizationFactors } from './organization-factors.ts'
import { type OrganizationRouteDeps, organizationRoutes } from './organization-routes.ts'
import { createPasskeys } from './passkeys.ts'
import { createPasswords } from './passwords.ts'
import { createRecoveryCodes } from './recovery-codes.ts'
import { createSecondFactors } from './second-factor.ts'
import { createSecurity } from './security.ts'

export interface SignInDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly sessions: Sessions
  readonly sessionCookie: SessionCookie
  readonly organizationRoleOf: (principal: Principal, organizationId: number) => Promise<OrganizationRole | null>
  /** See `EnterDeps`. */
  readonly requiredSignInOf: (tx: ControlTx, accountId: number) => Promise<number | null>
  readonly mailer: Mailer
  /** 32 bytes that are not in the control store. */
  readonly key: Buffer
  readonly regions: readonly Region[]
  readonly servedRegionIds: ReadonlySet<string>
  readonly allowHttp: boolean
  readonly ownOrigins: ReadonlySet<string>
  /** Work after an answer failed: a mail that was not taken, say. */
  readonly onProblem: (error: unknown) => void
}

/** Ways in, and what people and organizations ask of them (AUTH-21, AUTH-22; auth §7). */
export const createSignIn = async (deps: SignInDeps) => {
  const afterAnswer = createAfterAnswer(deps.onProblem)
  const notify = (email: string, notice: Notice): void =>
    afterAnswer.run(() => deps.mailer.send({ to: email, ...noticeMail(notice) }))
  const shared = { ...deps, afterAnswer, notify, enter: createEnter(deps) }
  const recoveryCodes = createRecoveryCodes(shared)
  const webOrigins = createWebOrigins(deps)
  const passwords = await createPasswords(shared)
  const parts = {
    ...shared,
    recoveryCodes,
    passwords,
    webOrigins,
    nowMs: () => deps.clock.nowMs(),
  }
  return {
    routes: signInRoutes({
      ...parts,
      links: createLinks(parts),
      secondFactors: createSecondFactors(parts),
      passkeys: createPasskeys(parts),
      security: createSecurity(parts),
      organizationFactors: createOrganizationFactors(parts),
    }),
    confirmPassword: async (principal: Principal, password: string, clientIp: string): Promise<void> => {
      if (principal.kind !== 'session') throw new Forbidden('only a person who is logged in has a password')
      await passwords.confirmPassword(principal.email, password, clientIp)
    },
    linkOrigin: (asked: Received): string => webOrigins.linkOrigin(askedHost(asked)),
    /** Mails that are still to be sent. */
    drain: afterAnswer.drain,
  }
}

/** Every route of the slice; handles nothing before it is asked. */
export const signInRoutes = (deps: LoginRouteDeps & MeRouteDeps & OrganizationRouteDeps): readonly Route[] => [
  ...loginRoutes(deps),
  ...meRoutes(deps),
  ...organizationRoutes(deps),
]
