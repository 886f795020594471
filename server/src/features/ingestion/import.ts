import type { Reply, Scoped } from '../../http/route.ts'
import { InvalidRequest } from '../../kernel/errors.ts'
import { isJsonObject } from '../../kernel/json.ts'
import { truncateUtf8 } from '../../kernel/text.ts'
import { lenientImportSteps, strictImportSteps } from './domain/accept-event.ts'
import { type DecodedBody, decodeRecords, recordCountMax, type SentRecord } from './domain/decode-records.ts'
import { createEventIntake, type EventIntake } from './event-intake.ts'
import { countSent } from './ingest-rate.ts'
import { createTally } from './ports.ts'
import { type FailedRecord, failedRecordsReply, importedReply, ingestReply } from './replies.ts'
import type { TrackDeps } from './track.ts'

export type ImportDeps = Omit<TrackDeps, 'locate' | 'redirectOrigins'>

/**
 * ING-08…10: events of any age for the project of the credentials; a token inside a record is not looked at. Good
 * records are stored also when others fail, before anything is answered.
 */
export const createImport =
  (deps: ImportDeps) =>
  async (request: Scoped): Promise<Reply> => {
    deps.rate.check(request.project.id)
    // Two steps, so that the decoded batch is not held in memory while the engine works.
    const { intake, reply } = await takeBody(deps, request)
    await intake?.store()
    return reply
  }

/** What is to be stored, and the reply that may be given when it is. */
interface Taken {
  readonly intake: EventIntake | null
  readonly reply: Reply
}

const takeBody = async (deps: ImportDeps, request: Scoped): Promise<Taken> => {
  const { body, query, headers } = request
  const decoded = decodeRecords({ contentType: headers['content-type'], body, query }, deps.gunzip)
  const { params, records, form } = decoded
  // Also what will be refused (ingestion §11).
  const recordCount = Math.max(1, records?.length ?? 0)
  countSent(deps.rate, request, new Map([[request.project.id, recordCount]]), recordCount)
  if (records === null) {
    if (form === 'form') return { intake: null, reply: ingestReply(params, { isValid: false, error: null }) }
    throw new InvalidRequest('the body must be a JSON array of events, or one event per line')
  }
  if (records.length > recordCountMax) throw new InvalidRequest(`at most ${recordCountMax} events per request`)
  const isStrict = isStrictImport(decoded)
  const { intake, failed, importedCount } = await takeEvents(deps, request, records, {
    isStrict,
    ipParam: params.get('ip'),
  })
  if (isStrict && failed.length > 0) return { intake, reply: failedRecordsReply(failed, importedCount) }
  // Old libraries send a form and read the answer of /track (CLIENTS: python, ruby, node).
  const isValid = importedCount > 0
  const error = failed[0]?.message ?? null
  return { intake, reply: form === 'form' ? ingestReply(params, { isValid, error }) : importedReply(importedCount) }
}

/** Strict unless told otherwise; forms come from libraries that are older than the rule (ingestion §6). */
const isStrictImport = ({ params, form }: DecodedBody): boolean => {
  const strict = params.get('strict') ?? ''
  return strict === '' ? form !== 'form' : strict !== '0' && strict !== 'false'
}

const takeEvents = async (
  deps: ImportDeps,
  request: Scoped,
  records: readonly SentRecord[],
  { isStrict, ipParam }: { readonly isStrict: boolean; readonly ipParam: string | undefined },
): Promise<{
  readonly intake: EventIntake
  readonly failed: readonly FailedRecord[]
  readonly importedCount: number
}> => {
  const tally = createTally('import', deps.onOutcome)
  const { scope, project } = request
  const intake = createEventIntake(deps, {
    scope,
    project,
    request,
    isImport: true,
    ipParam,
    hasAnonymousIds: !isStrict,
    door: await deps.dataRules.doorOf(project),
    tally,
  })
  const steps = isStrict ? strictImportSteps : lenientImportSteps
  const failed: FailedRecord[] = []
  for (const [index, record] of records.entries()) {
    const taken = intake.take(steps, record)
    const outcome = taken instanceof Promise ? await taken : taken
    if (outcome.kind !== 'reject') continue
    const { field, message } = outcome
    failed.push({ index, insertId: insertIdOf(record), field, message })
  }
  tally.report()
  return { intake, failed, importedCount: records.length - failed.length }
}

/** Senders find their record by it; `` when there is none. */
const insertIdOf = (record: SentRecord): string => {
  const properties = isJsonObject(record) ? record['properties'] : null
  const id = isJsonObject(properties) ? properties['$insert_id'] : null
  return typeof id === 'string' ? truncateUtf8(id.toWellFormed(), 255) : ''
}
