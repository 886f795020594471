import { lentErasers } from './compose-data-lifecycle.ts'
import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import { type Accounts, createAccounts, invitationDays, type OrganizationRoleOf } from './features/accounts/index.ts'
import { hasPeople } from './features/identity/index.ts'
import { privacyPrefixOf } from './features/privacy/index.ts'
import type { Received } from './http/route.ts'
import type { AuditEntry } from './kernel/audit.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import { errorFields, type Log } from './platform/log.ts'
import type { Mail, Mailer } from './platform/mail/mailer.ts'
import type { ControlTx } from './platform/postgres/control-db.ts'
import { createEventRewriteLock } from './platform/postgres/event-rewrite-lock.ts'

export interface ComposeAccountsDeps {
  readonly config: Config
  readonly stores: Stores
  readonly regionDb: (regionId: string) => RegionDb
  readonly clock: Clock
  readonly log: Log
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  readonly organizationRoleOf: OrganizationRoleOf
  readonly copyRetention: () => Promise<void>
  readonly mailer: Mailer
  /** Origin that mailed links lead to, by the request that asks for one. */
  readonly linkOrigin: (asked: Received) => string
}

const invitationMail = (
  origin: string,
  { email, token, organization }: { readonly email: string; readonly token: string; readonly organization: string },
): Mail => {
  const link = `${origin}/invitation?token=${token}`
  // Anybody may name an organization: no lines of their own in our mail.
  const name = organization.replace(/\s+/g, ' ').slice(0, 100)
  return {
    to: email,
    subject: `You are invited to ${name}`,
    text: `You are invited to work with ${name}. Follow this link to accept:\n\n${link}\n\nIt works once, for ${invitationDays} days. If you do not expect it, do nothing.\n`,
    link,
  }
}

/** Hands the slice the stores of the served regions, to remove the rows of deleted projects. */
export const composeAccounts = (deps: ComposeAccountsDeps): Accounts => {
  const { config, stores, clock, log } = deps
  const nowMs = () => clock.nowMs()
  return createAccounts({
    control: stores.control,
    appendAudit: deps.appendAudit,
    nowMs,
    organizationRoleOf: deps.organizationRoleOf,
    // Without a mail server inviters hand on the links, which they are answered.
    mail: deps.mailer.isReal
      ? ({ asked, ...sent }) => deps.mailer.send(invitationMail(deps.linkOrigin(asked), sent))
      : null,
    mailsPerHourMax: config.invitationMailsPerHourMax,
    regionChoices: config.regions,
    deletionGraceMs: config.projectDeletionGraceSeconds * 1_000,
    organizationGraceMs: config.organizationDeletionGraceSeconds * 1_000,
    // Servers remember a project for 5 s; then its last request has its time to be stored, and some more.
    lastWriteMs: config.ingestTimeoutMs + 10_000,
    hasData: ({ projectId, regionId }) => hasPeople(deps.regionDb(regionId), projectId),
    regions: lentErasers(stores, nowMs),
    whileNoRewrite: createEventRewriteLock(stores.control),
    objectPrefixOf: privacyPrefixOf,
    settingsChanged: deps.copyRetention,
    onProblem: (regionId, error) => {
      log.warn('a deleted project could not be removed yet; it is tried again', { regionId, ...errorFields(error) })
    },
  })
}
