import { isJsonObject, type JsonValue } from '../../../../kernel/json.ts'
import { truncateUtf8 } from '../../../../kernel/text.ts'
import { type RejectReason, reject, type Step, type Verdict } from '../event-draft.ts'
import { jsonLiteral } from '../row-text.ts'
import { invalidUtf8Message } from './record-shape.ts'

const propertyCountMax = 255
const stringBytesMax = 255
const nestedBytesMax = 8 * 1_024
const eventBytesMax = 1_000_000
const keyCountMax = 255
const elementCountMax = 255
const objectDepthMax = 3
// Lists in lists have no documented bound; without one a value could be nested deeper than the stack.
const nestingMax = 6
// `{"event":,"properties":{}}`, and the quotes, colon and comma of a member.
const frameBytes = 26
const memberBytes = 4

/**
 * Not kept: what has a column of its own, what must not be stored (the token; an IP address, ingestion §9), and
 * names that only the server writes (ingestion §10).
 */
const notKept: ReadonlySet<string> = new Set([
  'time',
  'distinct_id',
  '$insert_id',
  'token',
  'ip',
  '$ip',
  '$device_id',
  '$user_id',
  '$mp_api_endpoint',
  '$mp_api_timestamp_ms',
  'mp_processing_time_ms',
  '$import',
  '$mp_event_size',
  '$distinct_id_before_identity',
  '$is_reshuffled',
  '$preshuffle_distinct_id',
  '$failure_reason',
  '$failure_description',
])

/** What to do about broken characters: `/import` reports them, `/track` replaces them by U+FFFD. */
type BrokenText = 'reject' | 'replace'

/**
 * ING-11: bounds every property and writes it as a member of the row's map. One pass, because it sees every byte of
 * every event: a value is made JSON text once, and that text is measured, bounded and stored.
 */
export const putPropertyTexts =
  (broken: BrokenText): Step =>
  (draft) => {
    const { properties } = draft
    let members = ''
    let count = 0
    let sizeBytes = frameBytes + Buffer.byteLength(draft.event)
    const shortNames = new Set<string>()
    for (const name in properties) {
      const value = properties[name] as JsonValue
      const plain = isPlain(name) ? plainLiteral(value) : null
      if (plain !== null) {
        // The escapes of the two quotes are the row's, not the sender's.
        sizeBytes += name.length + plain.length - (typeof value === 'string' ? 2 : 0) + memberBytes
        if (notKept.has(name)) continue
        count += 1
        if (count > propertyCountMax) return tooManyProperties
        members += `,"${name}":"${plain}"`
        continue
      }
      const fault = faultOf(name, value, broken)
      if (fault !== null) return fault
      const text = JSON.stringify(value)
      sizeBytes += Buffer.byteLength(name) + Buffer.byteLength(text) + memberBytes
      if (notKept.has(name)) continue
      count += 1
      if (count > propertyCountMax) return tooManyProperties
      const key = truncateUtf8(name.toWellFormed(), stringBytesMax)
      if (key !== name) {
        // Two names that begin alike must not become the same name twice.
        if (Object.hasOwn(properties, key) || shortNames.has(key)) continue
        shortNames.add(key)
      }
      const stored = storedText(value, text)
      if (typeof value === 'object' && isLongerThan(stored, nestedBytesMax)) {
        return reject('value-too-large', fieldOf(name), `must be at most ${nestedBytesMax} bytes as JSON`)
      }
      members += `,${JSON.stringify(key)}:${jsonLiteral(stored)}`
    }
    draft.propertiesText = members
    draft.sizeBytes = sizeBytes
    return null
  }

const tooManyProperties = reject('too-many-properties', 'properties', 'must be at most 255 properties')

/**
 * Short printable ASCII without quote and backslash, as nearly all names and values are: nothing to escape, to shorten
 * or to report, and a byte for each character. Finding that out costs less than the general way for such a text.
 */
const isPlain = (text: string): boolean => {
  if (text.length > plainLengthMax) return false
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) return false
  }
  return true
}

const plainLengthMax = 85

/** The value's JSON text as it stands inside a JSON string; null: take the general way. */
const plainLiteral = (value: JsonValue): string | null => {
  if (typeof value === 'string') return isPlain(value) ? `\\"${value}\\"` : null
  return typeof value === 'number' ? String(value) : null
}

/** 1 MB of compact JSON (ingestion §7). */
export const rejectTooLarge: Step = ({ sizeBytes }) =>
  sizeBytes >= eventBytesMax ? reject('event-too-large', 'event', `must be less than ${eventBytesMax} bytes`) : null

const isLongerThan = (text: string, bytesMax: number): boolean =>
  text.length * 3 > bytesMax && Buffer.byteLength(text) > bytesMax

const fieldOf = (name: string): string => `properties.${truncateUtf8(name.toWellFormed(), stringBytesMax)}`

/** The JSON text that is stored: strings end after 255 bytes and are well formed, also inside lists and objects. */
const storedText = (value: JsonValue, text: string): string => {
  const needsCare = typeof value === 'string' || (typeof value === 'object' && value !== null)
  if (!needsCare) return text
  // Text without a long string and without the escape of a lone surrogate (`\ud…`) is stored as it is.
  const isPlain = text.length * 3 <= stringBytesMax && !text.includes('\\ud')
  return isPlain ? text : JSON.stringify(boundedStrings(value))
}

const boundedStrings = (value: JsonValue): JsonValue => {
  if (typeof value === 'string') return truncateUtf8(value.toWellFormed(), stringBytesMax)
  if (Array.isArray(value)) return value.map(boundedStrings)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [boundedName(key), boundedStrings(inner)]))
}

const boundedName = (name: string): string => truncateUtf8(name.toWellFormed(), stringBytesMax)

const faultOf = (name: string, value: JsonValue, broken: BrokenText): Verdict | null => {
  if (broken === 'reject' && !name.isWellFormed()) return invalidUtf8(name)
  if (typeof value === 'string') return broken === 'reject' && !value.isWellFormed() ? invalidUtf8(name) : null
  if (typeof value !== 'object' || value === null) return null
  const reason = nestedFault(value, broken, 0, 0)
  if (reason === null) return null
  return reason === 'invalid-utf8' ? invalidUtf8(name) : reject(reason, fieldOf(name), nestedMessages[reason])
}

const invalidUtf8 = (name: string): Verdict => {
  const field = fieldOf(name)
  return { kind: 'reject', reason: 'invalid-utf8', field, message: invalidUtf8Message(field) }
}

type NestedReason = Extract<RejectReason, 'object-too-wide' | 'object-too-deep' | 'array-too-long'>

const nestedMessages: Record<NestedReason, string> = {
  'object-too-wide': `must have at most ${keyCountMax} keys per object`,
  'object-too-deep': `must be nested at most ${objectDepthMax} levels deep`,
  'array-too-long': `must have at most ${elementCountMax} elements per list`,
}

const nestedFault = (
  value: JsonValue,
  broken: BrokenText,
  objectDepth: number,
  nesting: number,
): NestedReason | 'invalid-utf8' | null => {
  if (typeof value === 'string') return broken === 'reject' && !value.isWellFormed() ? 'invalid-utf8' : null
  if (Array.isArray(value)) {
    if (value.length > elementCountMax) return 'array-too-long'
    if (nesting >= nestingMax) return 'object-too-deep'
    return firstFault(value, (inner) => nestedFault(inner, broken, objectDepth, nesting + 1))
  }
  if (!isJsonObject(value)) return null
  const keys = Object.keys(value)
  if (keys.length > keyCountMax) return 'object-too-wide'
  if (objectDepth >= objectDepthMax || nesting >= nestingMax) return 'object-too-deep'
  if (broken === 'reject' && !keys.every((key) => key.isWellFormed())) return 'invalid-utf8'
  return firstFault(keys, (key) => nestedFault(value[key] as JsonValue, broken, objectDepth + 1, nesting + 1))
}

const firstFault = <Item, Fault>(items: readonly Item[], faultOfItem: (item: Item) => Fault | null): Fault | null => {
  for (const item of items) {
    const fault = faultOfItem(item)
    if (fault !== null) return fault
  }
  return null
}
