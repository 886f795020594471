import { sha256Hex } from '../../../../kernel/hash.ts'
import { isNumberLike, type JsonValue } from '../../../../kernel/json.ts'
import { isNotAPerson } from '../../../../kernel/not-a-person.ts'
import { truncateUtf8 } from '../../../../kernel/text.ts'
import { reject, type Step } from '../event-draft.ts'
import { invalidUtf8Message, isIdentityEvent } from './record-shape.ts'

const idBytesMax = 255
const insertIdBytesMax = 36
const insertIdPattern = /^[A-Za-z0-9-]+$/

/** Text of a scalar; null for what says nothing: missing, null, a list, an object. */
const idText = (value: JsonValue | undefined): string | null => {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return null
  return isNumberLike(value) || typeof value === 'boolean' ? JSON.stringify(value) : null
}

const idNames = ['distinct_id', '$device_id', '$user_id', '$insert_id'] as const

/** `/import`: an id that is no valid UTF-8 is reported. */
export const rejectBrokenIds: Step = ({ properties }) => {
  for (const name of idNames) {
    const value = properties[name]
    if (typeof value !== 'string' || value.isWellFormed()) continue
    const field = `properties.${name}`
    return { kind: 'reject', reason: 'invalid-utf8', field, message: invalidUtf8Message(field) }
  }
  return null
}

/** ING-09, strict: an id that is a list or an object is reported; the lenient surfaces treat it as missing. */
export const rejectDistinctIdOfWrongType: Step = ({ properties }) => {
  const value = properties['distinct_id']
  return value !== undefined && value !== null && idText(value) === null
    ? reject('distinct-id-not-a-string', 'properties.distinct_id', 'must be a string')
    : null
}

const storedId = (value: JsonValue | undefined): string | null => {
  const text = idText(value)
  return text === null ? null : truncateUtf8(text.toWellFormed(), idBytesMax)
}

/** Identity §3.1 (or the project's other mode): who the event belongs to, and the link that it makes. */
export const putIds: Step = (draft, { resolveIds }) => {
  const { properties } = draft
  const ids = resolveIds({
    distinctId: storedId(properties['distinct_id']),
    deviceId: storedId(properties['$device_id']) || null,
    userId: storedId(properties['$user_id']) || null,
  })
  draft.ids = ids
  // A link to `undefined` would make one person of everybody whose program has the same fault, for ever.
  const isSafe = ids.link !== null && !isNotAPerson(ids.link.to) && !isNotAPerson(ids.deviceId ?? '')
  draft.link = isSafe ? ids.link : null
  draft.distinctId = ids.distinctId ?? ''
  return null
}

/** Identity §4: `$merge` comes by `/import` only, where the sender has shown who they are. */
export const dropMerge: Step = ({ event }, { joiningEvents }) =>
  event === '$merge' && joiningEvents.has(event) ? { kind: 'drop', reason: 'merge-on-track' } : null

/** Identity §4, §5: the join that an identity event asks for. It belongs to one of those it names, and goes with them. */
export const putJoin: Step = (draft, { joiningEvents }) => {
  const readJoin = joiningEvents.get(draft.event)
  if (readJoin === undefined) return null
  const { ids, properties } = draft
  const identifiedId = storedId(properties['$identified_id']) || null
  const mergedIds = pairOf(properties['$distinct_ids'])
  draft.join = readJoin({
    distinctId: ids.distinctId || null,
    identifiedId,
    anonymousId: storedId(properties['$anon_id']) || storedId(properties['$anon_distinct_id']) || null,
    alias: storedId(properties['alias']) || null,
    mergedIds,
  })
  if (ids.distinctId !== null) return null
  const distinctId = identifiedId ?? mergedIds?.[0] ?? null
  draft.ids = { ...ids, distinctId }
  draft.distinctId = distinctId ?? ''
  return null
}

const pairOf = (value: JsonValue | undefined): readonly [string, string] | null => {
  if (!Array.isArray(value) || value.length !== 2) return null
  const [first, second] = value.map(storedId)
  return first && second ? [first, second] : null
}

/** ING-09: strict import names who; `` is a statement, nothing is not. */
export const rejectWithoutDistinctId: Step = ({ event, ids }) =>
  ids.distinctId === null && !isIdentityEvent(event)
    ? reject('distinct-id-missing', 'properties.distinct_id', 'must be specified')
    : null

export const rejectNotAPerson: Step = ({ distinctId }) =>
  isNotAPerson(distinctId)
    ? reject('distinct-id-not-a-person', 'properties.distinct_id', 'must be an id of one user, not a placeholder')
    : null

/** Identity §8: without any id, one made from the client's address, or none. */
export const putAnonymousId: Step = (draft, { anonymousId }) => {
  if (draft.ids.distinctId === null && anonymousId !== null) draft.distinctId = anonymousId()
  return null
}

const insertIdField = 'properties.$insert_id'

/** ING-09, strict. */
export const rejectWithoutInsertId: Step = ({ event, properties }) => {
  if (isIdentityEvent(event)) return null
  const id = idText(properties['$insert_id'])
  if (id === null || id === '') return reject('insert-id-missing', insertIdField, 'must be specified')
  if (id.length > insertIdBytesMax || !insertIdPattern.test(id)) {
    return reject('insert-id-malformed', insertIdField, 'must be at most 36 characters, letters, digits and - only')
  }
  return isNotAPerson(id) ? reject('insert-id-malformed', insertIdField, 'must be unique, not a placeholder') : null
}

/**
 * Missing or placeholder: a new one, so the event takes no part in deduplication. Malformed, where that is not
 * reported: one made from it, so that a retry of the same event is still known as the same.
 */
export const putInsertId: Step = (draft, { newInsertId }) => {
  const id = idText(draft.properties['$insert_id'])
  if (id === null || id === '' || isNotAPerson(id)) draft.insertId = newInsertId()
  else if (id.length <= insertIdBytesMax && insertIdPattern.test(id)) draft.insertId = id
  else draft.insertId = sha256Hex(id.toWellFormed()).slice(0, insertIdBytesMax)
  return null
}
