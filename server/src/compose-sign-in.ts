import type { Config } from './config/config.ts'
import type { Access } from './features/access/index.ts'
import { appendAudit } from './features/audit/index.ts'
import { createSignIn } from './features/sign-in/index.ts'
import { requiredSignInOf } from './features/sso/index.ts'
import { hmacSha256Hex } from './kernel/hash.ts'
import type { Clock } from './kernel/time.ts'
import { errorFields, type Log } from './platform/log.ts'
import { createConsoleMailer } from './platform/mail/console-mailer.ts'
import type { Mailer } from './platform/mail/mailer.ts'
import type { ControlDb } from './platform/postgres/control-db.ts'

export interface ComposeSignInDeps {
  readonly config: Config
  readonly control: ControlDb
  readonly clock: Clock
  /** The installation's key. */
  readonly secret: Buffer
  readonly log: Log
  readonly access: Access
  readonly mailer: Mailer
  readonly ownOrigins: ReadonlySet<string>
}

export const openMailer = async ({ mail }: Config): Promise<Mailer> => {
  if (mail === null) return createConsoleMailer((line) => console.log(line))
  // Loaded for whoever sends mail: 25 MB of memory.
  return (await import('./platform/mail/smtp-mailer.ts')).createSmtpMailer(mail)
}

/** Ways in, with the sessions of `access` that they end in. */
export const composeSignIn = ({ config, control, clock, secret, log, access, mailer, ownOrigins }: ComposeSignInDeps) =>
  createSignIn({
    control,
    clock,
    appendAudit,
    sessions: access.sessions,
    sessionCookie: access.sessionCookie,
    organizationRoleOf: access.organizationRoleOf,
    requiredSignInOf,
    mailer,
    // A key of its own, so that nothing else of the installation can open these seals.
    key: Buffer.from(hmacSha256Hex(secret, 'sign-in'), 'hex'),
    regions: config.regions,
    servedRegionIds: config.servedRegionIds,
    allowHttp: config.allowHttp,
    ownOrigins,
    onProblem: (error) => log.warn('work after an answer failed; a mail may be missing', errorFields(error)),
  })
