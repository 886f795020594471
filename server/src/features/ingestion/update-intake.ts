import type { Received, Reply } from '../../http/route.ts'
import type { Locate } from '../../http/steps/locate.ts'
import type { WrongRegion } from '../../kernel/errors.ts'
import type { FindPlace } from '../../kernel/geo-place.ts'
import { isJsonObject } from '../../kernel/json.ts'
import type { Project } from '../../kernel/project.ts'
import type { ProjectScope } from '../../kernel/scope.ts'
import { type CheckedUpdate, type ProfileStore, type ProfileUpdate, putPlace } from '../profiles/index.ts'
import { decodeRecords, type Gunzip, type SentRecord } from './domain/decode-records.ts'
import { createPlaceOf, type GeoEndpoint, hasCoordinates, type PlaceOf } from './domain/where-from.ts'
import { countSent, type IngestRate } from './ingest-rate.ts'
import {
  createTally,
  type DataDoor,
  type DataRules,
  type IngestSurface,
  type OnOutcome,
  type PrivacySignals,
  type Tally,
} from './ports.ts'
import { signalsOf } from './privacy-signals.ts'
import { type FailedRecord, failedRecordsReply, ingestReply } from './replies.ts'
import { createTokenLookup, type TokenPlace } from './token-lookup.ts'
import { refuseTooManyRecords } from './track.ts'

export interface UpdateIntakeDeps {
  readonly locate: Locate
  readonly dataRules: DataRules
  readonly rate: IngestRate
  readonly gunzip: Gunzip
  readonly onOutcome: OnOutcome
  /** Null: there is no geo database. */
  readonly findPlace: FindPlace | null
}

/** What `/engage` and `/groups` differ in. `Id` says which profile of a project. */
export interface UpdateKind<Id> {
  readonly surface: IngestSurface & GeoEndpoint
  readonly check: (record: SentRecord, receivedAtMs: number) => CheckedUpdate<Id>
  readonly isSuppressed: (project: Project, id: Id) => boolean | Promise<boolean>
  readonly storeOf: (regionId: string) => ProfileStore<Id>
}

/** The checked updates of one project, with their positions in the batch. */
interface ProjectUpdates<Id> {
  readonly scope: ProjectScope
  readonly identityMode: Project['identityMode']
  readonly updates: ProfileUpdate<Id>[]
  readonly indexes: number[]
}

/** A record that can be applied, once it is known where. */
interface Placeable<Id> {
  readonly index: number
  readonly record: SentRecord
  readonly update: ProfileUpdate<Id>
  readonly receivedAtMs: number
}

interface Intake<Id> {
  readonly tally: Tally
  readonly failed: FailedRecord[]
  readonly byProject: Map<number, ProjectUpdates<Id>>
  readonly placeOf: PlaceOf | null
  elsewhere: WrongRegion | null
  /** Records by project, for its rate. */
  readonly recordCounts: Map<number, number>
  readonly signals: PrivacySignals
}

/** ING-17…23: profile updates that carry the token of their project; answers like `/track`, or with strict=1 like `/import`. */
export const createUpdateIntake =
  <Id>(deps: UpdateIntakeDeps, kind: UpdateKind<Id>) =>
  async (request: Received): Promise<Reply> => {
    const { body, query, headers } = request
    const { params, records } = decodeRecords({ contentType: headers['content-type'], body, query }, deps.gunzip)
    if (records === null) return ingestReply(params, { isValid: false, error: null })
    refuseTooManyRecords(records)
    const placeOf = createPlaceOf(deps.findPlace, kind.surface, params.get('ip'), request.clientIp)
    const intake = await takeUpdates(deps, kind, { request, records, placeOf })
    countSent(deps.rate, request, intake.recordCounts, records.length)
    await applyUpdates(kind, intake)
    intake.tally.report()
    if (intake.elsewhere !== null) throw intake.elsewhere
    const failed = intake.failed.sort((a, b) => a.index - b.index)
    const goodCount = records.length - failed.length
    if (failed.length > 0 && params.get('strict') === '1') return failedRecordsReply(failed, goodCount)
    return ingestReply(params, { isValid: goodCount > 0, error: failed[0]?.message ?? null })
  }

interface Batch {
  readonly request: Received
  readonly records: readonly SentRecord[]
  readonly placeOf: PlaceOf | null
}

const takeUpdates = async <Id>(
  deps: UpdateIntakeDeps,
  kind: UpdateKind<Id>,
  { request, records, placeOf }: Batch,
): Promise<Intake<Id>> => {
  const tally = createTally(kind.surface, deps.onOutcome)
  const intake: Intake<Id> = {
    tally,
    failed: [],
    byProject: new Map(),
    placeOf,
    elsewhere: null,
    recordCounts: new Map(),
    signals: signalsOf(request),
  }
  const { receivedAtMs } = request
  const tokenPlace = createTokenLookup(deps.locate.byToken, request)
  for (const [index, record] of records.entries()) {
    const checked = kind.check(record, receivedAtMs)
    if (checked.kind === 'reject') {
      fail(intake, index, checked)
      continue
    }
    const token = isJsonObject(record) ? record['$token'] : null
    if (typeof token !== 'string' || token === '') {
      fail(intake, index, { reason: 'token-missing', field: '$token', message: noToken })
      continue
    }
    const place = await tokenPlace(token)
    await takeUpdate(deps, kind, intake, place, { index, record, update: checked.value, receivedAtMs })
  }
  return intake
}

const noToken = `'$token' is invalid: must be the token of a project`
const surplusToken = `'$token' is invalid: names one project too many for one request`

const takeUpdate = async <Id>(
  deps: UpdateIntakeDeps,
  kind: UpdateKind<Id>,
  intake: Intake<Id>,
  place: TokenPlace,
  sent: Placeable<Id>,
): Promise<void> => {
  const { index } = sent
  switch (place.kind) {
    case 'surplus':
      return fail(intake, index, { reason: 'too-many-tokens', field: '$token', message: surplusToken })
    case 'unknown':
      return intake.tally.add('drop', 'unknown-token')
    case 'elsewhere':
      intake.tally.add('wrong-region')
      intake.elsewhere = place.error
      return
    case 'here': {
      countRecord(deps.rate, intake, place.project.id)
      if (await kind.isSuppressed(place.project, sent.update.id)) {
        return intake.tally.add('drop', 'suppressed')
      }
      const door = await deps.dataRules.doorOf(place.project)
      return door === null
        ? put(intake, place, index, withPlace(intake, sent.record, sent.update))
        : takeRuled(kind, intake, { place, door }, sent)
    }
  }
}

const countRecord = (
  rate: IngestRate,
  { recordCounts }: Pick<Intake<never>, 'recordCounts'>,
  projectId: number,
): void => {
  const count = recordCounts.get(projectId) ?? 0
  if (count === 0) rate.check(projectId)
  recordCounts.set(projectId, count + 1)
}

/** What the rules of the project leave is checked as if it had been sent so (privacy §6). */
const takeRuled = <Id>(
  { check }: UpdateKind<Id>,
  intake: Intake<Id>,
  { place, door }: { readonly place: Extract<TokenPlace, { kind: 'here' }>; readonly door: DataDoor },
  { index, record, receivedAtMs }: Placeable<Id>,
): void => {
  const ruled = door.update(record, intake.signals)
  if (ruled.kind === 'drop') {
    intake.tally.add('drop', ruled.reason)
    return
  }
  const checked = check(ruled.record, receivedAtMs)
  if (checked.kind === 'reject') {
    fail(intake, index, checked)
    return
  }
  const update = ruled.isAnonymous ? checked.value : withPlace(intake, ruled.record, checked.value)
  put(intake, place, index, update)
}

/** Only of this region's records, and only now: an address is looked up and forgotten (PRIV-32). */
const withPlace = <Id>({ placeOf }: Intake<Id>, record: SentRecord, update: ProfileUpdate<Id>): ProfileUpdate<Id> =>
  placeOf === null || !isJsonObject(record) || hasCoordinates(record)
    ? update
    : putPlace(update, () => placeOf(record['$ip']))

const put = <Id>(
  { byProject }: Intake<Id>,
  { scope, project }: { readonly scope: ProjectScope; readonly project: Project },
  index: number,
  update: ProfileUpdate<Id>,
): void => {
  const { identityMode } = project
  const of = byProject.get(project.id) ?? { scope, identityMode, updates: [], indexes: [] }
  byProject.set(project.id, of)
  of.updates.push(update)
  of.indexes.push(index)
}

const applyUpdates = async <Id>({ storeOf }: UpdateKind<Id>, intake: Intake<Id>): Promise<void> => {
  const applied = [...intake.byProject.values()].map(async ({ scope, identityMode, updates, indexes }) => {
    const resolvesIds = identityMode !== 'simplified' || updates.some(isOfDevice)
    const outcomes = await storeOf(scope.regionId).apply(scope, updates, resolvesIds)
    for (const [at, outcome] of outcomes.entries()) {
      if (outcome.kind === 'accept') intake.tally.add('accept')
      else fail(intake, indexes[at] ?? 0, outcome)
    }
  })
  await Promise.all(applied)
}

/** In simplified mode only a device may belong to somebody else (identity §3.2): nobody else is looked up. */
const isOfDevice = ({ id }: ProfileUpdate<unknown>): boolean => typeof id === 'string' && id.startsWith('$device:')

const fail = (
  { failed, tally }: Pick<Intake<never>, 'failed' | 'tally'>,
  index: number,
  { reason, field, message }: { readonly reason: string; readonly field: string; readonly message: string },
): void => {
  tally.add('reject', reason)
  failed.push({ index, field, message })
}
