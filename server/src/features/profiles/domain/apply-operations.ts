import { isNumberLike, type JsonValue, parseJson } from '../../../kernel/json.ts'
import { type ProfileOperations, rejectUpdate } from './profile-update.ts'

/** Raw JSON text by property name, as stored. */
export type ProfileProperties = ReadonlyMap<string, string>

export type ApplyOutcome =
  /** Null: there is no profile afterwards. */
  { readonly kind: 'accept'; readonly value: ProfileProperties | null } | ReturnType<typeof rejectUpdate>

const propertyCountMax = 2_000
const listBytesMax = 256 * 1_024
// Not documented: 2,000 values of 256 KB each would be half a gigabyte to read and write for every later update.
const profileBytesMax = 1_024 * 1_024
const lastSeen = '$last_seen'

/** ING-17…22: applies one record to a profile (null: there is none). All or nothing: a bad operation changes nothing. */
export const applyOperations = (before: ProfileProperties | null, update: ProfileOperations): ApplyOutcome => {
  const start = update.delete ? null : before
  if (start === null && !update.createsProfile) return { kind: 'accept', value: null }
  const working = new Map(start)
  for (const name of update.unset) working.delete(name)
  for (const [name, value] of update.set) put(working, name, JSON.stringify(value))
  for (const [name, value] of update.setOnce) if (!working.has(name)) put(working, name, JSON.stringify(value))
  for (const [name, value] of update.add) {
    const sum = sumText(working.get(name) ?? '0', value)
    if (sum === null) return rejectUpdate('not-a-number', `$add.${name}`, 'must be added to a number')
    put(working, name, sum)
  }
  for (const [name, value] of update.union) put(working, name, unionText(listOf(working.get(name)), value))
  for (const [name, value] of update.append) {
    put(working, name, listText([...listOf(working.get(name)), JSON.stringify(value)]))
  }
  for (const [name, value] of update.remove) removeFrom(working, name, JSON.stringify(value))
  if (update.lastSeen !== null && !update.set.has(lastSeen)) working.set(lastSeen, JSON.stringify(update.lastSeen))
  return tooLarge(working, update) ?? { kind: 'accept', value: working }
}

/** Names over the maximum are ignored; names that are there can still change. */
const put = (working: Map<string, string>, name: string, text: string): void => {
  if (working.has(name) || name === lastSeen || working.size < propertyCountMax) working.set(name, text)
}

const wholeNumber = /^-?\d+$/

/** Null when `text` is no number. Whole numbers stay exact beyond 2^53. */
const sumText = (text: string, operand: JsonValue): string | null => {
  const added = JSON.stringify(operand)
  const before = text === 'null' ? '0' : text
  if (!isNumberLike(parseJson(before))) return null
  const sum = Number(before) + Number(added)
  if (Number.isSafeInteger(sum) || !wholeNumber.test(before) || !wholeNumber.test(added)) {
    return Number.isFinite(sum) ? String(sum) : null
  }
  return String(BigInt(before) + BigInt(added))
}

/** Elements as JSON text. No value and null are no element, another value that is no list is one. */
const listOf = (text: string | undefined): readonly string[] => {
  if (text === undefined || text === 'null') return []
  const value = parseJson(text)
  return Array.isArray(value) ? value.map((item) => JSON.stringify(item)) : [text]
}

const listText = (items: Iterable<string>): string => `[${[...items].join(',')}]`

/** Adds what is not there yet; the order stays. */
const unionText = (items: readonly string[], added: JsonValue): string => {
  const known = new Set(items)
  const wanted: readonly JsonValue[] = Array.isArray(added) ? added : [added]
  const missing = new Set(wanted.map((item) => JSON.stringify(item)).filter((item) => !known.has(item)))
  return listText([...items, ...missing])
}

/** Every equal element goes; what is no list, or not there, stays as it is. */
const removeFrom = (working: Map<string, string>, name: string, text: string): void => {
  const current = working.get(name)
  if (current === undefined || !current.startsWith('[')) return
  const items = listOf(current)
  const kept = items.filter((item) => item !== text)
  if (kept.length < items.length) working.set(name, listText(kept))
}

const tooLarge = (working: ReadonlyMap<string, string>, update: ProfileOperations): ApplyOutcome | null => {
  for (const values of [update.set, update.setOnce, update.union, update.append]) {
    for (const name of values.keys()) {
      if (Buffer.byteLength(working.get(name) ?? '') > listBytesMax) {
        return rejectUpdate('value-too-large', name, `must be at most ${listBytesMax} bytes as JSON`)
      }
    }
  }
  return textLengthOf(working) > profileBytesMax
    ? rejectUpdate('profile-too-large', 'record', `would make a profile of more than ${profileBytesMax} bytes`)
    : null
}

const textLengthOf = (properties: ProfileProperties): number => {
  let textLength = 0
  for (const [name, text] of properties) textLength += name.length + text.length
  return textLength
}

/** Whether a profile is as large as updates can make one, or smaller. */
export const isWithinBounds = (properties: ProfileProperties): boolean =>
  properties.size <= propertyCountMax && textLengthOf(properties) <= profileBytesMax
