import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import type { ClassifiedFor } from './features/classification/index.ts'
import { findGroupKey } from './features/groups/index.ts'
import type { KnownDuplicates } from './features/identity/index.ts'
import { createJql } from './features/jql/index.ts'
import type { Lexicon } from './features/lexicon/index.ts'
import { createQuery, type QueryRouteDeps } from './features/query/index.ts'
import type { SavedReports } from './features/reports/index.ts'
import type { MayUse, Route } from './http/route.ts'
import type { ProjectScope } from './kernel/scope.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import type { Metrics } from './platform/metrics.ts'

export interface ComposeQueryDeps {
  readonly config: Config
  readonly regionDb: (regionId: string) => RegionDb
  readonly clock: Clock
  readonly mayUse: MayUse
  readonly classifiedFor: ClassifiedFor
  readonly namesFor: Lexicon['namesFor']
  readonly duplicates: {
    catchUp(scope: ProjectScope, signal: AbortSignal): Promise<KnownDuplicates | null>
  }
  readonly stores: Stores
  readonly saved: SavedReports
  readonly metrics: Metrics
}

export interface ComposedQuery {
  readonly routes: readonly Route[]
  readonly routeDeps: QueryRouteDeps
}

export const composeQuery = ({
  config,
  regionDb,
  clock,
  mayUse,
  classifiedFor,
  namesFor,
  duplicates,
  stores: { control },
  saved,
  metrics,
}: ComposeQueryDeps): ComposedQuery => {
  const readBytes = metrics.addCounter('lethe_query_read_bytes_total', 'Bytes that the engines read for queries', [])
  const query = createQuery({
    regionDb,
    clock,
    mayUse,
    classifiedFor,
    namesFor,
    duplicates: (scope, signal) => duplicates.catchUp(scope, signal),
    definitions: saved,
    saved,
    control,
    groupKey: (scope, dataGroup) => findGroupKey(control, scope, dataGroup),
    settings: config.query,
    onRead: (bytes) => readBytes.inc(bytes),
  })
  const jql = createJql({
    regionDb,
    clock,
    customEvent: (scope, id) => saved.customEvent(scope, id),
    query: query.routeDeps,
    settings: { ...config.jql, engineMemoryBytesMax: config.query.memoryBytesMax },
  })
  return { routes: [...query.routes, ...jql.routes], routeDeps: query.routeDeps }
}
