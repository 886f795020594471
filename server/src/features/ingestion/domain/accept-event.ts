import { AppError } from '../../../kernel/errors.ts'
import type { Outcome } from '../../../kernel/outcome.ts'
import type { SentRecord } from './decode-records.ts'
import type {
  Draft,
  DropReason,
  Join,
  Link,
  RejectReason,
  ShapeStep,
  Step,
  StepContext,
  Verdict,
} from './event-draft.ts'
import { eventRowText, type JoinFault, joinFaultText } from './row-text.ts'
import {
  dropMerge,
  putAnonymousId,
  putIds,
  putInsertId,
  putJoin,
  rejectBrokenIds,
  rejectDistinctIdOfWrongType,
  rejectNotAPerson,
  rejectWithoutDistinctId,
  rejectWithoutInsertId,
} from './steps/event-ids.ts'
import { putPlace } from './steps/event-place.ts'
import {
  dropOlderThanFiveDays,
  putNowForNearFuture,
  putTime,
  rejectTimeBefore1971,
  rejectTimeInFuture,
  rejectWithoutTime,
} from './steps/event-time.ts'
import { hotRecordRow, putHotShard } from './steps/hot-shard.ts'
import { putPropertyTexts, rejectTooLarge } from './steps/property-texts.ts'
import {
  dropIgnored,
  putEventName,
  rejectBrokenEventName,
  rejectSurplusToken,
  rejectUnreadable,
  rejectWithoutEventName,
  rejectWithoutProperties,
  rejectWithoutToken,
} from './steps/record-shape.ts'

const recordShape: readonly ShapeStep[] = [rejectUnreadable, rejectWithoutEventName, rejectWithoutProperties]
const time: readonly Step[] = [putTime, rejectTimeBefore1971, rejectTimeInFuture, putNowForNearFuture]

/** `/track` (ingestion §5, §7). */
export const trackSteps: readonly Step[] = [
  ...recordShape,
  putEventName,
  dropIgnored,
  ...time,
  dropOlderThanFiveDays,
  dropMerge,
  putIds,
  putJoin,
  putAnonymousId,
  putInsertId,
  putPlace,
  putPropertyTexts('replace'),
  rejectTooLarge,
  putHotShard,
]

/** `/import` with strict=1 (ingestion §6, §7). */
export const strictImportSteps: readonly Step[] = [
  ...recordShape,
  rejectBrokenEventName,
  putEventName,
  dropIgnored,
  rejectWithoutTime,
  ...time,
  rejectBrokenIds,
  rejectDistinctIdOfWrongType,
  putIds,
  putJoin,
  rejectWithoutDistinctId,
  rejectNotAPerson,
  rejectWithoutInsertId,
  putInsertId,
  putPlace,
  putPropertyTexts('reject'),
  rejectTooLarge,
  putHotShard,
]

/** `/import` with strict=0: old libraries send no `$insert_id`, and events without an id get one. */
export const lenientImportSteps: readonly Step[] = [
  ...recordShape,
  rejectBrokenEventName,
  putEventName,
  dropIgnored,
  rejectWithoutTime,
  ...time,
  rejectBrokenIds,
  putIds,
  putJoin,
  putAnonymousId,
  putInsertId,
  putPlace,
  putPropertyTexts('reject'),
  rejectTooLarge,
  putHotShard,
]

/** An event that may be stored: its row, whom it names, and the link that it makes. */
export interface AcceptedEvent {
  readonly row: string
  readonly distinctId: string
  readonly deviceId: string | null
  readonly link: Link | null
  /** Null: it asks for none. `failedRow` is stored in place of `row` when the join is refused. */
  readonly join: (Join & { readonly failedRow: (fault: JoinFault) => string }) | null
  /** Another row, stored with it: its id is hot from now on; null: nothing to say. */
  readonly hotRecordRow: string | null
}

export type EventOutcome = Outcome<AcceptedEvent, DropReason, RejectReason>

const nobody = { deviceId: null, userId: null, distinctId: null }

const newDraft = (record: SentRecord): Draft => ({
  record,
  event: '',
  properties: {},
  timeMs: 0,
  ids: nobody,
  link: null,
  join: null,
  distinctId: '',
  insertId: '',
  propertiesText: '',
  placeText: '',
  sizeBytes: 0,
  becomesHot: false,
})

/** Runs the steps on one record, in order, until one of them ends its way. */
export const acceptEvent = (steps: readonly Step[], record: SentRecord, context: StepContext): EventOutcome => {
  const draft = newDraft(record)
  for (const step of steps) {
    const verdict = step(draft, context)
    if (verdict !== null) return verdict
  }
  const { distinctId, link, join } = draft
  return {
    kind: 'accept',
    value: {
      row: eventRowText(draft, context),
      distinctId,
      deviceId: draft.ids.deviceId,
      link,
      join: join === null ? null : { ...join, failedRow: (fault) => failedRow(draft, context, fault) },
      hotRecordRow: hotRecordRow(draft, context),
    },
  }
}

const failedRow = (draft: Draft, context: StepContext, fault: JoinFault): string =>
  eventRowText({ ...draft, propertiesText: draft.propertiesText + joinFaultText(fault) }, context)

/** What is wrong with a record of `/track` that no project can be found for: its shape first, then its token. */
export const faultWithoutProject = (record: SentRecord, isSurplus: boolean): Extract<Verdict, { kind: 'reject' }> => {
  const draft = newDraft(record)
  for (const step of [...recordShape, isSurplus ? rejectSurplusToken : rejectWithoutToken]) {
    const verdict = step(draft)
    if (verdict?.kind === 'reject') return verdict
  }
  throw new AppError('INTERNAL', 'the last step rejects every record', { status: 500, expose: false })
}

/** Properties that the server adds to every event of a request (ING-16), as members of the row's map. */
export const serverPropertiesText = (host: string, receivedAtMs: number, nowMs: number, isImport: boolean): string =>
  `"$mp_api_endpoint":${JSON.stringify(JSON.stringify(host))},"$mp_api_timestamp_ms":"${receivedAtMs}",` +
  `"mp_processing_time_ms":"${nowMs}"${isImport ? ',"$import":"true"' : ''}`
