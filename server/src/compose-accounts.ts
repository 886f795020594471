import { lentErasers } from './compose-data-lifecycle.ts'
import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import { type Accounts, createAccounts, type OrganizationRoleOf } from './features/accounts/index.ts'
import { hasPeople } from './features/identity/index.ts'
import { privacyPrefixOf } from './features/privacy/index.ts'
import type { AuditEntry } from './kernel/audit.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import { errorFields, type Log } from './platform/log.ts'
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
    // No mail is sent yet: inviters hand on the links.
    mail: null,
    regionChoices: config.regions,
    deletionGraceMs: config.projectDeletionGraceSeconds * 1_000,
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
