import type { Received, Reply } from '../../http/route.ts'
import type { Locate } from '../../http/steps/locate.ts'
import { AppError, type WrongRegion } from '../../kernel/errors.ts'
import { isJsonObject } from '../../kernel/json.ts'
import { faultWithoutProject, trackSteps } from './domain/accept-event.ts'
import { decodeRecords, type Gunzip, recordCountMax, type SentRecord } from './domain/decode-records.ts'
import { createEventIntake, type EventIntake, type EventIntakeDeps } from './event-intake.ts'
import { countSent, type IngestRate } from './ingest-rate.ts'
import { createTally, type DataRules, type OnOutcome } from './ports.ts'
import { type IngestResult, ingestReply, redirectReply } from './replies.ts'
import { createTokenLookup } from './token-lookup.ts'

export interface TrackDeps extends EventIntakeDeps {
  readonly locate: Locate
  readonly dataRules: DataRules
  readonly rate: IngestRate
  /** ING-04: origins that `redirect` may lead to. */
  readonly redirectOrigins: ReadonlySet<string>
  readonly gunzip: Gunzip
  readonly onOutcome: OnOutcome
}

/** A batch is refused with 413, as too many bytes are: browsers then halve it and send both halves (ingestion §4). */
export const refuseTooManyRecords = (records: readonly unknown[]): void => {
  if (records.length <= recordCountMax) return
  throw new AppError('BODY_TOO_LARGE', `request exceeds max limit of ${recordCountMax} records`, { status: 413 })
}

/**
 * ING-01…05: events that carry the token of their project. Those of this region are stored before anything is
 * answered; then a token of another region, if there was one, makes the answer 403 (residency §4).
 */
export const createTrack =
  (deps: TrackDeps) =>
  async (request: Received): Promise<Reply> => {
    const { body, query, headers } = request
    const { params, records } = decodeRecords({ contentType: headers['content-type'], body, query }, deps.gunzip)
    const replyOf = (result: IngestResult): Reply =>
      redirectReply(params, deps.redirectOrigins) ?? ingestReply(params, result)
    if (records === null) return replyOf({ isValid: false, error: null })
    refuseTooManyRecords(records)
    const { elsewhere, ...result } = await storeEvents(deps, request, records, params.get('ip'))
    if (elsewhere !== null) throw elsewhere
    return replyOf(result)
  }

const storeEvents = async (
  deps: TrackDeps,
  request: Received,
  records: readonly SentRecord[],
  ipParam: string | undefined,
): Promise<IngestResult & { readonly elsewhere: WrongRegion | null }> => {
  const tally = createTally('track', deps.onOutcome)
  const hasAnonymousIds = ipParam === '1'
  const placeOf = createTokenLookup(deps.locate.byToken, request)
  const intakes = new Map<number, EventIntake>()
  const recordCounts = new Map<number, number>()
  let isValid = false
  let error: string | null = null
  let elsewhere: WrongRegion | null = null

  for (const record of records) {
    const token = tokenOf(record)
    const found = token === null ? null : placeOf(token)
    const place = found instanceof Promise ? await found : found
    if (place === null || place.kind === 'surplus') {
      const fault = faultWithoutProject(record, place !== null)
      tally.add('reject', fault.reason)
      error ??= fault.message
    } else if (place.kind === 'unknown') {
      // Said to be good, as the public API does, and kept nowhere.
      tally.add('drop', 'unknown-token')
      isValid = true
    } else if (place.kind === 'elsewhere') {
      tally.add('wrong-region')
      elsewhere = place.error
    } else {
      const { scope, project } = place
      let intake = intakes.get(project.id)
      if (intake === undefined) {
        deps.rate.check(project.id)
        const door = await deps.dataRules.doorOf(project)
        const options = { scope, project, request, isImport: false, ipParam, hasAnonymousIds, door, tally }
        intake = createEventIntake(deps, options)
        intakes.set(project.id, intake)
      }
      recordCounts.set(project.id, (recordCounts.get(project.id) ?? 0) + 1)
      const taken = intake.take(trackSteps, record)
      const outcome = taken instanceof Promise ? await taken : taken
      if (outcome.kind === 'reject') error ??= outcome.message
      else isValid = true
    }
  }
  tally.report()
  countSent(deps.rate, request, recordCounts, records.length)
  await Promise.all([...intakes.values()].map((intake) => intake.store()))
  return { isValid, error, elsewhere }
}

const tokenOf = (record: SentRecord): string | null => {
  const properties = isJsonObject(record) ? record['properties'] : null
  const token = isJsonObject(properties) ? properties['token'] : null
  return typeof token === 'string' && token !== '' ? token : null
}
