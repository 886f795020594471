import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import type { Access } from './features/access/index.ts'
import { downloadsOf } from './features/audit/index.ts'
import { createLedgerHolder } from './features/duplicates/index.ts'
import { createPeopleReader } from './features/export/index.ts'
import { createClusterStore, createHiddenSet, createPeopleTableHolder, lockLinks } from './features/identity/index.ts'
import { createPrivacy, type Privacy } from './features/privacy/index.ts'
import { lockAllProfileSlots } from './features/profiles/index.ts'
import type { AuditLog } from './kernel/audit.ts'
import type { PersonalDataHolder } from './kernel/subject.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import { retireParts } from './platform/clickhouse/retired-parts.ts'
import { errorFields, type Log } from './platform/log.ts'
import { createEventRewriteLock } from './platform/postgres/event-rewrite-lock.ts'

export interface ComposePrivacyDeps {
  readonly config: Config
  readonly stores: Stores
  readonly regionDb: (regionId: string) => RegionDb
  readonly audit: AuditLog
  readonly mayUse: Access['mayUse']
  readonly clock: Clock
  readonly secret: Buffer
  readonly log: Log
}

/** Every table of the region engine with rows of people (invariant 6). Links go last: they say who belongs together. */
export const tableHolders = (regionDb: (regionId: string) => RegionDb): readonly PersonalDataHolder[] => [
  createPeopleTableHolder(
    {
      name: 'events',
      table: 'event',
      idColumns: ['distinct_id'],
      arrivedColumn: 'ingested_at',
      timeColumn: 'time',
      eraseAfter: [],
    },
    regionDb,
  ),
  createPeopleTableHolder(
    { name: 'profiles', table: 'profile', idColumns: ['distinct_id'], arrivedColumn: 'updated_at', eraseAfter: [] },
    regionDb,
  ),
  createLedgerHolder(regionDb),
  createPeopleTableHolder(
    {
      name: 'cohort members',
      table: 'cohort_member',
      idColumns: ['distinct_id'],
      arrivedColumn: 'ingested_at',
      eraseAfter: [],
    },
    regionDb,
  ),
  createPeopleTableHolder(
    {
      name: 'pages of profiles',
      table: 'engage_page_row',
      idColumns: ['distinct_id'],
      arrivedColumn: 'ingested_at',
      eraseAfter: [],
    },
    regionDb,
  ),
  createPeopleTableHolder(
    {
      name: 'identity links',
      table: 'identity_link',
      idColumns: ['distinct_id', 'canonical_id'],
      arrivedColumn: 'linked_at',
      eraseAfter: ['events', 'profiles', 'ledger of duplicates', 'cohort members', 'pages of profiles'],
    },
    regionDb,
  ),
]

/** Hands privacy what the others hold: it imports no slice. */
export const composePrivacy = ({
  config,
  stores,
  regionDb,
  audit,
  mayUse,
  clock,
  secret,
  log,
}: ComposePrivacyDeps): Privacy => {
  const { scanDays, ...settings } = config.gdpr
  return createPrivacy({
    control: stores.control,
    regions: stores.regions.map(({ region, db, objects }) => ({
      region,
      db,
      objects,
      clusters: createClusterStore(db),
      hidden: createHiddenSet(db),
      people: createPeopleReader(db),
      // Privacy asks again by itself.
      retireParts: (table: string) => retireParts(db, table, { limitMs: 2_000 }),
    })),
    tableHolders: tableHolders(regionDb),
    lockPeople: async (tx, regionId) => {
      await lockLinks(tx, regionId)
      await lockAllProfileSlots(tx, regionId)
    },
    whileNoRewrite: createEventRewriteLock(stores.control),
    audit,
    downloadsOf: (projectId, trackingId) => downloadsOf(stores.control, projectId, trackingId),
    mayUse: (principal, permission, projectId) => mayUse(principal, permission, { id: projectId }),
    clock,
    secret,
    settings: { ...settings, scanDaysMax: scanDays },
    onProblem: (regionId, trackingIds, error) => {
      for (const taskId of trackingIds.length === 0 ? [''] : trackingIds) {
        log.warn('privacy work had trouble and is tried again', { regionId, taskId, ...errorFields(error) })
      }
    },
  })
}
