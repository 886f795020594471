import type { MayUse, Route } from '../../http/route.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { createConcurrencyLimit } from '../../platform/limits/concurrency-limit.ts'
import { createRollingLimit } from '../../platform/limits/rolling-limit.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { createProjectFacts, type KnownDuplicates } from '../identity/index.ts'
import { addiction } from './addiction/addiction.ts'
import { createEngageSessions } from './engage/sessions.ts'
import { NoSuchDataView } from './errors.ts'
import { events } from './events/events.ts'
import { eventNames, topEvents } from './events/top-events.ts'
import { funnels } from './funnels/funnels.ts'
import { type Endpoint, type QueryRouteDeps, queryRoutes } from './http/query-route.ts'
import type { Guardrails } from './insights/guardrails.ts'
import { insights } from './insights/insights.ts'
import { type PeopleEndpointDeps, peopleEndpoints } from './people-endpoints.ts'
import type { Definitions } from './ports.ts'
import { eventProperties, propertyValues, topProperties } from './properties/properties.ts'
import type { CustomFacts, ReadViewFacts } from './read-view.ts'
import { retention } from './retention/retention.ts'
import { segmentationAverage, segmentationNumeric, segmentationSum } from './segmentation/numbers.ts'
import { segmentation } from './segmentation/segmentation.ts'
import { projectSessions } from './session-rules.ts'

// How to add an endpoint (segmentation/ is the example):
// 1. a folder with `request.ts` (reads `call.params` by http/parameters.ts), and functions plan → SQL → shape;
// 2. SQL: `createBinder(view)`, `createEventContext(view, binder)`; compile every expression against that context first,
//    then `eventSource(view, binder, context, { range, events, where })` gives `FROM … WHERE …`. Rows of people are
//    reached in no other way: scope, hidden set, identity, deduplication, data view and classification are in it.
//    `createProfileContext` and `profileSource` are the same for profiles;
// 3. `call.run.rows(view, binder, sql)` runs it: canceled when the client goes away, bounded in time and memory;
// 4. an `Endpoint` { name, handle } in the list below: both path families, GET and POST, limits, view and explain come
//    with it. Answer `{ json }`, or a Reply such as `csvReply(rows)`;
// 5. a case in server/test/contract/residency-cases.ts.

export interface QueryDeps {
  readonly regionDb: (regionId: string) => RegionDb
  readonly clock: Clock
  readonly mayUse: MayUse
  /** Catches up with what was stored before the call (features/duplicates). */
  readonly duplicates: (scope: ProjectScope, signal: AbortSignal) => Promise<KnownDuplicates | null>
  readonly definitions: Definitions
  /** Names of properties that a caller may not see (features/classification). */
  readonly classifiedFor: ReadViewFacts['classified']
  /** What the lexicon does to names (features/lexicon). */
  readonly namesFor: ReadViewFacts['names']
  readonly control: ControlDb
  readonly saved: PeopleEndpointDeps['saved']
  readonly groupKey: PeopleEndpointDeps['groupKey']
  readonly settings: QuerySettings
  /** Bytes that the engine read for questions. */
  readonly onRead?: (readBytes: number) => void
}

export interface QuerySettings {
  readonly countPerHourMax: number
  readonly concurrentMax: number
  readonly timeoutMs: number
  readonly memoryBytesMax: number
  readonly guardrails: Guardrails
}

const hourMs = 3_600_000
const refusal = 'Query rate limit exceeded'

export interface Query {
  readonly routes: readonly Route[]
  /** For endpoints of other slices: they count against the same limits. */
  readonly routeDeps: QueryRouteDeps
}

/** QRY-01…17, 20…22. */
export const createQuery = (deps: QueryDeps): Query => {
  const { clock, settings } = deps
  const { countPerHourMax: countMax, concurrentMax } = settings
  const rate = createRollingLimit({ windowMs: hourMs, countMax, nowMs: () => clock.nowMs(), message: refusal })
  const concurrency = createConcurrencyLimit(concurrentMax, { message: refusal })
  const routeDeps = { ...deps, facts: readViewFacts(deps), limits: { ...settings, rate, concurrency } }
  const sessions = createEngageSessions(deps.control)
  return { routes: queryApiRoutes({ ...routeDeps, sessions }), routeDeps }
}

export const readViewFacts = ({
  regionDb,
  duplicates,
  definitions,
  classifiedFor,
  namesFor,
}: Pick<QueryDeps, 'regionDb' | 'duplicates' | 'definitions' | 'classifiedFor' | 'namesFor'>): ReadViewFacts => ({
  classified: classifiedFor,
  ...createProjectFacts(regionDb),
  duplicates,
  custom: (scope) => customFacts(definitions, scope),
  names: namesFor,
  dataView: async (scope, workspaceId) => {
    const id = /^[1-9]\d{0,14}$/.test(workspaceId) ? Number(workspaceId) : null
    const expression = id === null ? undefined : await definitions.dataView(scope, id)
    if (expression === undefined) throw new NoSuchDataView()
    return expression
  },
})

/** What a project has defined, for a view of its rows. */
export const customFacts = async (
  definitions: Pick<Definitions, 'customProperties' | 'sessionSettings'>,
  scope: ProjectScope,
): Promise<CustomFacts> => {
  const [properties, settings] = await Promise.all([
    definitions.customProperties(scope),
    definitions.sessionSettings(scope),
  ])
  return { properties, sessions: projectSessions(settings) }
}

export type QueryApiDeps = QueryRouteDeps &
  PeopleEndpointDeps & { readonly definitions: Definitions; readonly limits: { readonly guardrails: Guardrails } }

const endpoints = (deps: QueryApiDeps): readonly Endpoint[] => [
  segmentation(deps),
  segmentationNumeric(deps),
  segmentationSum(deps),
  segmentationAverage(deps),
  events(deps),
  topEvents,
  eventNames,
  eventProperties(deps),
  topProperties(deps),
  propertyValues(deps),
  insights(deps),
  funnels(deps),
  retention(deps),
  addiction(deps),
  ...peopleEndpoints(deps),
]

/** Every route of the Query API. Nothing of `deps` is looked at before a request comes. */
export const queryApiRoutes = (deps: QueryApiDeps): readonly Route[] =>
  endpoints(deps).flatMap((endpoint) => queryRoutes(deps, endpoint))
