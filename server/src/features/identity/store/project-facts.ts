import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { createVersionedCache } from '../../../platform/clickhouse/table-versions.ts'
import { findIdentityRows, type IdentityRows } from './identity-facts.ts'
import { type EventRules, findEventRules, type LiveEvents, liveEventsOf } from './live-events.ts'

/**
 * What reads have to look up of a project, as it is at a moment after the call. It is read again only when the tables that
 * it is read from have changed (ADR 0020): a link, an erasure that has started or a rule holds from the next question on.
 */
export interface ProjectFacts {
  identity(scope: ProjectScope, signal?: AbortSignal): Promise<IdentityRows>
  live(scope: ProjectScope, signal?: AbortSignal): Promise<LiveEvents>
}

export const createProjectFacts = (regionDb: (regionId: string) => RegionDb): ProjectFacts => {
  const identities = createVersionedCache<IdentityRows>()
  const rules = createVersionedCache<EventRules>()
  return {
    identity: async (scope, signal) => {
      const db = regionDb(scope.regionId)
      const versions = await db.versions(signal)
      const version = `${versions.of('identity_link')} ${versions.of('hidden_id')}`
      return identities.get(scope.projectId, version, () => findIdentityRows(db, scope, signal))
    },
    live: async (scope, signal) => {
      const db = regionDb(scope.regionId)
      const versions = await db.versions(signal)
      const version = `${versions.of('event_retention')} ${versions.of('hidden_event')}`
      const known = await rules.get(scope.projectId, version, () => findEventRules(db, scope, signal))
      return liveEventsOf(known, versions.today)
    },
  }
}
