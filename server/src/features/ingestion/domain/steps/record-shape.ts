import { isJsonObject } from '../../../../kernel/json.ts'
import { truncateUtf8 } from '../../../../kernel/text.ts'
import { reject, type ShapeStep, type Step } from '../event-draft.ts'

const nameBytesMax = 255

export const rejectUnreadable: ShapeStep = ({ record }) =>
  record === undefined ? reject('not-json', 'record', 'must be a JSON object') : null

export const rejectWithoutEventName: ShapeStep = (draft) => {
  const { record } = draft
  if (!isJsonObject(record)) return reject('not-an-object', 'record', 'must be a JSON object')
  const name = record['event']
  if (typeof name !== 'string' || name === '') return reject('event-missing', 'event', 'must be a non-empty string')
  draft.event = name
  return null
}

export const rejectWithoutProperties: ShapeStep = (draft) => {
  const properties = isJsonObject(draft.record) ? draft.record['properties'] : undefined
  if (!isJsonObject(properties)) return reject('properties-missing', 'properties', 'must be an object')
  draft.properties = properties
  return null
}

/** `/track`: the last step of records that name no project. */
export const rejectWithoutToken: ShapeStep = () =>
  reject('token-missing', 'properties.token', 'must be the token of a project')

/** `/track`: the last step of records whose token is one too many for one request. */
export const rejectSurplusToken: ShapeStep = () =>
  reject('too-many-tokens', 'properties.token', 'names one project too many for one request')

/** `/import`: a name that is no valid UTF-8 is reported. */
export const rejectBrokenEventName: Step = ({ event }) =>
  event.isWellFormed()
    ? null
    : { kind: 'reject', reason: 'invalid-utf8', field: 'event', message: invalidUtf8Message('event') }

/** `/track`: broken characters become U+FFFD. Both: names end after 255 bytes. */
export const putEventName: Step = (draft) => {
  draft.event = truncateUtf8(draft.event.toWellFormed(), nameBytesMax)
  return null
}

/** ING-13: `true` or a non-empty string. */
export const dropIgnored: Step = ({ properties }) => {
  const mark = properties['$ignore']
  const isMarked = mark === true || (typeof mark === 'string' && mark !== '')
  return isMarked ? { kind: 'drop', reason: 'ignored' } : null
}

const identityEvents: ReadonlySet<string> = new Set(['$identify', '$create_alias', '$merge'])

/** SDKs send these to /import without time, $insert_id and even distinct_id: the strict rules spare them (identity §4). */
export const isIdentityEvent = (event: string): boolean => identityEvents.has(event)

/** The one documented message without quotes round the field (ingestion §7). */
export const invalidUtf8Message = (field: string): string => `${field} is invalid: string should be valid utf8`
