import type { Draft, StepContext } from './event-draft.ts'

/**
 * `text`, itself JSON, as a JSON string. Most values are short texts without escapes: for those the quotes at both ends
 * are all there is to escape, and the second pass over the text is spared.
 */
export const jsonLiteral = (text: string): string => {
  const last = text.length - 1
  if (text.charCodeAt(0) !== quote) return isBare(text) ? `"${text}"` : JSON.stringify(text)
  const isPlain = text.indexOf('\\') === -1 && text.indexOf('"', 1) === last
  return isPlain ? `"\\"${text.slice(1, last)}\\""` : JSON.stringify(text)
}

const quote = 0x22
const bracket = 0x5b
const brace = 0x7b

/** Numbers, booleans and null hold nothing that needs an escape. */
const isBare = (text: string): boolean => {
  const first = text.charCodeAt(0)
  return first !== bracket && first !== brace
}

// From 2001-09-09 on, seconds have ten digits; the engine reads shorter numbers as something else.
const tenDigitsFromMs = 1e12

/** Text that the engine reads as DateTime64(3); a bare whole number would be taken for seconds. */
const timeText = (timeMs: number): string =>
  timeMs < tenDigitsFromMs
    ? new Date(timeMs).toISOString().slice(0, -1).replace('T', ' ')
    : `${Math.floor(timeMs / 1_000)}.${String(timeMs % 1_000).padStart(3, '0')}`

/** Why a join was refused. */
export interface JoinFault {
  readonly reason: string
  readonly description: string
}

/** Members of the row's map that say so (identity §4). */
export const joinFaultText = ({ reason, description }: JoinFault): string =>
  `,"$failure_reason":${jsonLiteral(JSON.stringify(reason))},"$failure_description":${jsonLiteral(JSON.stringify(description))}`

/** One line of JSONEachRow for the table `event`; `ingested_at` is left to the engine's clock. */
export const eventRowText = (draft: Draft, { projectId, serverPropertiesText }: StepContext): string => {
  const { ids, timeMs } = draft
  const device = ids.deviceId === null ? '' : `,"$device_id":${jsonLiteral(JSON.stringify(ids.deviceId))}`
  const user = ids.userId === null ? '' : `,"$user_id":${jsonLiteral(JSON.stringify(ids.userId))}`
  return (
    `{"project_id":${projectId},"event":${JSON.stringify(draft.event)},"time":"${timeText(timeMs)}",` +
    `"distinct_id":${JSON.stringify(draft.distinctId)},"insert_id":${JSON.stringify(draft.insertId)},` +
    `"properties":{"$mp_event_size":"${draft.sizeBytes}",${serverPropertiesText}${device}${user}${draft.placeText}${draft.propertiesText}}}`
  )
}
