import { isJsonObject, isNumberLike, type JsonValue } from '../../../kernel/json.ts'
import { truncateUtf8 } from '../../../kernel/text.ts'

type Values = ReadonlyMap<string, JsonValue>

/** What a record says to do with one profile. Several operations are done in this order (ingestion §12). */
export interface ProfileOperations {
  readonly delete: boolean
  /** `$unset` and `$remove` alone do not make a profile. */
  readonly createsProfile: boolean
  readonly unset: readonly string[]
  readonly set: Values
  readonly setOnce: Values
  readonly add: Values
  readonly union: Values
  readonly append: Values
  readonly remove: Values
  /** ISO seconds, UTC; null with `$ignore_time`. */
  readonly lastSeen: string | null
  /** `$ignore_alias`: for the profile of the very id that was sent, whoever that is (identity §5). */
  readonly ignoresAlias: boolean
  /** Bytes of the operations as JSON, for the bounds of the queue. */
  readonly sizeBytes: number
}

/** One checked record. The id of a person's profile is its distinct_id; a group's has two parts (group-update.ts). */
export interface ProfileUpdate<Id = string> extends ProfileOperations {
  readonly id: Id
}

export type UpdateFault =
  | 'not-an-object'
  | 'distinct-id-missing'
  | 'group-key-missing'
  | 'group-key-of-people'
  | 'group-id-missing'
  | 'operation-missing'
  | 'operation-malformed'
  | 'record-too-large'
  | 'not-a-number'
  | 'value-too-large'
  | 'profile-too-large'

export type Checked<Value> =
  | { readonly kind: 'accept'; readonly value: Value }
  | { readonly kind: 'reject'; readonly reason: UpdateFault; readonly field: string; readonly message: string }

export type CheckedUpdate<Id = string> = Checked<ProfileUpdate<Id>>

export const rejectUpdate = (reason: UpdateFault, field: string, why: string) =>
  ({ kind: 'reject', reason, field, message: `'${field}' is invalid: ${why}` }) as const

const textBytesMax = 255
const recordBytesMax = 1_000_000
// Far more than any documented value needs; far less than the stack holds.
const nestingMax = 32

/** ING-17…22: checks one record of `/engage` as sent; see `checkRecord`. */
export const checkUpdate = (record: JsonValue | undefined, receivedAtMs: number): CheckedUpdate =>
  checkRecord(record, receivedAtMs, (sent) => {
    const value = idText(sent['$distinct_id'])
    return value === ''
      ? rejectUpdate('distinct-id-missing', '$distinct_id', 'must be a non-empty string')
      : { kind: 'accept', value }
  })

/**
 * Checks a record that changes a profile of any kind; `idOf` finds which one. Modifiers (`$ip`, `$latitude`, `$time`,
 * `$device_id`, …) are taken and not stored. `receivedAtMs` becomes `$last_seen`: updates count in the order they arrive.
 */
export const checkRecord = <Id>(
  record: JsonValue | undefined,
  receivedAtMs: number,
  idOf: (record: SentObject) => Checked<Id>,
): CheckedUpdate<Id> => {
  if (!isJsonObject(record)) return rejectUpdate('not-an-object', 'record', 'must be a JSON object')
  const id = idOf(record)
  if (id.kind === 'reject') return id
  const operations = operationNames.filter((name) => record[name] !== undefined)
  if (operations.length === 0) return rejectUpdate('operation-missing', 'record', 'must have an operation such as $set')
  for (const name of operations) {
    const value = record[name] as JsonValue
    if (!isWellFormedOperation(name, value)) return rejectUpdate('operation-malformed', name, shapes[name])
    if (isDeeper(value, nestingMax)) return rejectUpdate('operation-malformed', name, 'must not be nested that deep')
  }
  const sizeBytes = Buffer.byteLength(JSON.stringify(operations.map((name) => record[name])))
  if (sizeBytes > recordBytesMax) {
    return rejectUpdate('record-too-large', 'record', `must be at most ${recordBytesMax} bytes`)
  }
  return { kind: 'accept', value: { id: id.value, ...operationsOf(record, receivedAtMs, sizeBytes) } }
}

type SentObject = { readonly [key: string]: JsonValue }

const operationNames = ['$delete', '$unset', '$set', '$set_once', '$add', '$union', '$append', '$remove'] as const
const creating = ['$set', '$set_once', '$add', '$union', '$append'] as const
type OperationName = (typeof operationNames)[number]

const shapes: Record<OperationName, string> = {
  $delete: 'takes any value',
  $unset: 'must be a list of names',
  $set: 'must be an object',
  $set_once: 'must be an object',
  $add: 'must be an object of numbers',
  $union: 'must be an object of lists',
  $append: 'must be an object',
  $remove: 'must be an object',
}

const isWellFormedOperation = (name: OperationName, value: JsonValue): boolean => {
  if (name === '$delete') return true
  if (name === '$unset') return Array.isArray(value) && value.every((item) => typeof item === 'string')
  if (!isJsonObject(value)) return false
  return name !== '$add' || Object.values(value).every(isNumberLike)
}

const isDeeper = (value: JsonValue, levels: number): boolean => {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner as JsonValue, levels - 1))
}

const operationsOf = (record: SentObject, receivedAtMs: number, sizeBytes: number): ProfileOperations => {
  return {
    delete: record['$delete'] !== undefined,
    createsProfile: creating.some((name) => record[name] !== undefined),
    unset: ((record['$unset'] ?? []) as readonly string[]).map(boundedText),
    set: valuesOf(record['$set']),
    setOnce: valuesOf(record['$set_once']),
    add: valuesOf(record['$add']),
    union: valuesOf(record['$union']),
    append: valuesOf(record['$append']),
    remove: valuesOf(record['$remove']),
    lastSeen: isTrue(record['$ignore_time']) ? null : new Date(receivedAtMs).toISOString().slice(0, 19),
    ignoresAlias: isTrue(record['$ignore_alias']),
    sizeBytes,
  }
}

const isTrue = (modifier: JsonValue | undefined): boolean => modifier === true || modifier === 'true'

const valuesOf = (operation: JsonValue | undefined): Values => {
  if (!isJsonObject(operation)) return new Map()
  const values = new Map<string, JsonValue>()
  for (const [name, value] of Object.entries(operation)) {
    // An address is never stored (ingestion §9).
    if (name !== '$ip') values.set(boundedText(name), boundedStrings(value))
  }
  return values
}

/** Ids are texts; numbers and booleans become theirs. Empty: there is none. */
export const idText = (value: JsonValue | undefined): string => {
  if (typeof value === 'string') return boundedText(value)
  return isNumberLike(value) || typeof value === 'boolean' ? JSON.stringify(value) : ''
}

const boundedText = (text: string): string => truncateUtf8(text.toWellFormed(), textBytesMax)

/** Strings end after 255 bytes and are well formed, also inside lists and objects (ingestion §7). */
const boundedStrings = (value: JsonValue): JsonValue => {
  if (typeof value === 'string') return boundedText(value)
  if (Array.isArray(value)) return value.map(boundedStrings)
  if (!isJsonObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [boundedText(key), boundedStrings(inner)]))
}
