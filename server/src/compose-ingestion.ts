import type { Stores } from './compose-stores.ts'
import type { Config } from './config/config.ts'
import { createIngestion, type IngestionDeps, type RowDoor } from './features/ingestion/index.ts'
import { createIdHash, createSuppressionList, type SuppressionList } from './features/privacy/index.ts'
import { createProfiles, type Profiles } from './features/profiles/index.ts'
import type { Route } from './http/route.ts'
import type { Locate } from './http/steps/locate.ts'
import type { FindPlace } from './kernel/geo-place.ts'
import { hmacSha256Hex } from './kernel/hash.ts'
import type { Clock } from './kernel/time.ts'
import type { RegionDb } from './platform/clickhouse/region-db.ts'
import type { Metrics } from './platform/metrics.ts'

export interface ComposeIngestionDeps {
  readonly config: Config
  readonly stores: Stores
  readonly locate: Locate
  readonly clock: Clock
  readonly secret: Buffer
  readonly metrics: Metrics
  readonly dataRules: IngestionDeps['dataRules']
  /** Null: no geo database was given. */
  readonly findPlace: FindPlace | null
}

export interface ComposedIngestion {
  readonly routes: readonly Route[]
  /** For those who write profiles beside the clients. */
  readonly profiles: Profiles
  readonly suppression: SuppressionList
  /** How rows of warehouses come in. */
  readonly rowDoor: RowDoor
  /** Resolves when every record that was taken is answered. */
  drain(): Promise<void>
}

export const composeIngestion = (deps: ComposeIngestionDeps): ComposedIngestion => {
  const { config, stores, locate, clock, secret, metrics, findPlace, dataRules } = deps
  const { control } = stores
  const regionDbs = stores.regions.map(({ db }) => withTimeLimit(db, config.ingestTimeoutMs))
  const profiles = createProfiles({ control, regionDbs })
  const suppression = createSuppressionList(control, createIdHash(secret))
  const ingestion = createIngestion({
    locate,
    clock,
    control,
    regionDbs,
    profiles,
    suppression,
    findPlace,
    dataRules,
    rate: config.ingestRate,
    hotEventCount: config.hotEventCount,
    redirectOrigins: config.redirectOrigins,
    onOutcome: (surface, outcome, reason, recordCount) => {
      metrics.recordCount.inc({ surface, outcome, reason }, recordCount)
    },
    // A key of its own: ids made from addresses must not be comparable with hashes of the control store.
    anonymousIdKey: hmacSha256Hex(secret, 'anonymous ids'),
    settings: { queueBytesMax: config.ingestQueueBytes },
  })
  for (const { regionId } of regionDbs) {
    const name = regionId.toLowerCase()
    metrics.addGauge(`lethe_ingest_queue_bytes_${name}`, `Bytes of rows held for region ${regionId}`, () => {
      return ingestion.held(regionId).bytes
    })
  }
  return {
    routes: ingestion.routes,
    profiles,
    suppression,
    rowDoor: ingestion.rowDoor,
    drain: async () => {
      await Promise.all([ingestion.drain(), profiles.drain()])
    },
  }
}

/** Senders wait for what is stored: an engine that stands still must not hold them for as long as a query may run. */
const withTimeLimit = (db: RegionDb, timeoutMs: number): RegionDb => ({
  ...db,
  rows: (sql, options) => db.rows(sql, { timeoutMs, ...options }),
  insert: (table, jsonLines, options) => db.insert(table, jsonLines, { timeoutMs, ...options }),
})
