import type { ComposedIngestion } from './compose-ingestion.ts'
import type { ComposedQuery } from './compose-query.ts'
import type { Stores } from './compose-stores.ts'
import { findGroupKey } from './features/groups/index.ts'
import { createPeople, type PeopleDeps } from './features/people/index.ts'
import type { SavedReports } from './features/reports/index.ts'
import type { Route } from './http/route.ts'
import type { AuditLog } from './kernel/audit.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'

export interface ComposePeopleDeps {
  readonly stores: Stores
  readonly regionDb: (regionId: string) => RegionDb
  readonly clock: Clock
  readonly audit: AuditLog
  readonly query: ComposedQuery
  readonly saved: SavedReports
  readonly ingestion: Pick<ComposedIngestion, 'profiles' | 'suppression'>
  readonly rules: PeopleDeps['rules']
}

export const composePeople = ({ stores, regionDb, clock, audit, query, saved, ingestion, rules }: ComposePeopleDeps) =>
  createPeople({
    regionDb,
    clock,
    audit,
    saved,
    rules,
    query: query.routeDeps,
    groupKey: (scope, dataGroup) => findGroupKey(stores.control, scope, dataGroup),
    storeOf: ingestion.profiles.storeOf,
    suppressed: ingestion.suppression,
  }) satisfies { readonly routes: readonly Route[] }
