import type { SavedReports } from '../reports/index.ts'
import { type EngageDeps, engageEndpoint } from './engage/engage-endpoint.ts'
import { engagePropertiesEndpoint } from './engage/properties-endpoint.ts'
import { engageStatsEndpoint } from './engage/stats-endpoint.ts'
import type { Endpoint } from './http/query-route.ts'
import { cohortsListEndpoint, funnelsListEndpoint, type SavedListDeps } from './saved-lists/list-endpoints.ts'
import { streamEndpoint } from './stream/stream-endpoint.ts'

export interface PeopleEndpointDeps extends EngageDeps {
  readonly saved: EngageDeps['saved'] &
    SavedListDeps['saved'] &
    Pick<SavedReports, 'funnel' | 'bookmark' | 'dataViewOfProfiles'>
}

/** Endpoints that name people or what was saved about them: QRY-03, QRY-09…13. */
export const peopleEndpoints = (deps: PeopleEndpointDeps): readonly Endpoint[] => [
  funnelsListEndpoint(deps),
  cohortsListEndpoint(deps),
  engageEndpoint(deps),
  engageStatsEndpoint(deps),
  engagePropertiesEndpoint(deps),
  streamEndpoint(deps),
]
