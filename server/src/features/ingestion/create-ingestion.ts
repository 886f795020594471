import type { Route } from '../../http/route.ts'
import type { Locate } from '../../http/steps/locate.ts'
import type { FindPlace } from '../../kernel/geo-place.ts'
import type { Clock } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { createJoinStore, createLinkStore } from '../identity/index.ts'
import { checkGroupUpdate, checkUpdate, type Profiles } from '../profiles/index.ts'
import { createHotIds } from './hot-ids.ts'
import { createImport } from './import.ts'
import { createIngestRate, type IngestRateSettings } from './ingest-rate.ts'
import type { DataRules, OnOutcome, SuppressionList } from './ports.ts'
import { importBytesMax, ingestionRoutes, trackBytesMax } from './routes.ts'
import { createRowDoor, type RowDoor } from './row-door.ts'
import { boundedGunzip } from './store/bounded-gunzip.ts'
import { createGroupCommitter, defaultCommitterSettings, type GroupCommitterSettings } from './store/group-committer.ts'
import { rowBlockOf } from './store/row-block.ts'
import { createTrack } from './track.ts'
import { createUpdateIntake } from './update-intake.ts'

export interface IngestionDeps {
  readonly locate: Locate
  readonly clock: Clock
  /** For the lock under which joins are decided; nothing of them is in it. */
  readonly control: ControlDb
  /** Engines of the regions that this process serves. */
  readonly regionDbs: readonly RegionDb[]
  readonly profiles: Profiles
  readonly suppression: SuppressionList
  readonly dataRules: DataRules
  /** Null: there is no geo database, and so no place (ingestion §9). */
  readonly findPlace: FindPlace | null
  readonly onOutcome: OnOutcome
  /** Secret of the installation: keys the ids that are made from client addresses. */
  readonly anonymousIdKey: Buffer | string
  /** ING-26: the limits of a project, per minute and server. */
  readonly rate: IngestRateSettings
  /** IDM-10: events of an id and day from which on it is hot; 0: none ever is. */
  readonly hotEventCount: number
  readonly redirectOrigins: ReadonlySet<string>
  readonly settings?: Partial<GroupCommitterSettings>
}

export interface Ingestion {
  readonly routes: readonly Route[]
  readonly rowDoor: RowDoor
  /** What is held for a region, waiting and in flight; for metrics. */
  held(regionId: string): { readonly bytes: number; readonly rowCount: number }
  /** Refuses new events; resolves when every request taken before is answered. */
  drain(): Promise<void>
}

/** Wires the ingestion slice: one queue of events and one of links per region. */
export const createIngestion = (deps: IngestionDeps): Ingestion => {
  const settings = { ...defaultCommitterSettings, ...deps.settings }
  const writers = new Map(
    deps.regionDbs.map((db) => {
      const events = createGroupCommitter((rows) => db.insert('event', rows), settings)
      const linkRows = createGroupCommitter((rows) => db.insert('identity_link', rows), settings)
      const links = createLinkStore((rows) => linkRows.commit(rowBlockOf(rows)))
      const prepareProfileMerges = deps.profiles.mergerOf(db.regionId)
      const joins = createJoinStore({ db, control: deps.control, prepareProfileMerges })
      return [db.regionId, { events, linkRows, links, joins }]
    }),
  )
  const writerOf = (regionId: string) => {
    const writer = writers.get(regionId)
    if (writer === undefined) throw new Error(`region ${regionId} is not served here`)
    return writer
  }
  const { locate, clock, profiles, suppression, onOutcome, anonymousIdKey, findPlace, dataRules, redirectOrigins } =
    deps
  const nowMs = () => clock.nowMs()
  const rate = createIngestRate(deps.rate, nowMs)
  const hotIds = deps.hotEventCount === 0 ? null : createHotIds(deps.hotEventCount, nowMs)
  const intake = { clock, suppression, onOutcome, anonymousIdKey, findPlace, dataRules, rate, hotIds, writerOf }
  const updates = { locate, onOutcome, findPlace, dataRules, rate, gunzip: boundedGunzip(trackBytesMax) }
  const handlers = {
    track: createTrack({ ...intake, locate, redirectOrigins, gunzip: boundedGunzip(trackBytesMax) }),
    engage: createUpdateIntake(updates, {
      surface: 'engage',
      check: checkUpdate,
      isSuppressed: suppression.isSuppressed,
      storeOf: profiles.storeOf,
    }),
    // A group is not a person: no id of one is suppressed (privacy §1.9).
    groups: createUpdateIntake(updates, {
      surface: 'groups',
      check: checkGroupUpdate,
      isSuppressed: () => false,
      storeOf: profiles.groupStoreOf,
    }),
    import: createImport({ ...intake, gunzip: boundedGunzip(importBytesMax) }),
  }
  return {
    routes: ingestionRoutes(handlers),
    rowDoor: createRowDoor(handlers, nowMs),
    held: (regionId) => writerOf(regionId).events.held(),
    drain: async () => {
      const all = [...writers.values()]
      // Events wait for their links: theirs must be taken to the end first.
      await Promise.all(all.map(({ events }) => events.drain()))
      await Promise.all(all.map(({ linkRows }) => linkRows.drain()))
    },
  }
}
