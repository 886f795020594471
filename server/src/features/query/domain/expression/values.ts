import { isJsonObject, isNumberLike, type JsonValue, parseJson } from '../../../../kernel/json.ts'

// Values while an expression is evaluated, by the rules of expressions §3 and §4. A number that no double holds keeps its
// own text (kernel/json.ts): it is equal to itself, compared as the nearest double or as infinite, and not calculated with
// when it is infinite.

/** A datetime is a Date; it is never part of JSON. */
export type Value = JsonValue | undefined | Date

/** What `number("…")` reads, for RE2 and JavaScript alike. */
export const numberPattern = '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
/** The host of a URL is its first group. */
export const hostPattern = '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:@]+)'
/** The registrable part of a host: two labels, or three below the usual second levels of countries. */
export const domainPattern = '[^.]+\\.(?:(?:co|com|net|org|gov|ac|edu)\\.[a-z][a-z]|[^.0-9]+)$'

/** Undefined for anything but a number; infinite for a stored one beyond a double. */
export const numberOf = (value: Value): number | undefined => {
  if (!isNumberLike(value)) return undefined
  return Number(typeof value === 'number' ? value : JSON.stringify(value))
}

/** Calculations that leave the numbers of a double end in undefined. */
export const finite = (number: number): number | undefined => (Number.isFinite(number) ? number : undefined)

export const isList = (value: Value): value is readonly JsonValue[] => Array.isArray(value)

export const isObject = (value: Value): value is { readonly [key: string]: JsonValue } =>
  !(value instanceof Date) && isJsonObject(value)

/** '' for undefined. */
export const jsonText = (value: Exclude<Value, Date>): string => (value === undefined ? '' : JSON.stringify(value))

export const valueOfJson = (text: string): JsonValue | undefined => (text === '' ? undefined : parseJson(text))

const wholeMax = 2n ** 64n - 1n
const wholeMin = -(2n ** 63n)

/** A part of a list or object as the engine takes it out; undefined when it cannot read one of the numbers in it. */
const partAsRead = (value: JsonValue): JsonValue | undefined => {
  if (isNumberLike(value)) {
    const text = JSON.stringify(value)
    if (/^-?\d+$/.test(text)) return BigInt(text) <= wholeMax && BigInt(text) >= wholeMin ? value : undefined
    return finite(Number(text))
  }
  if (isList(value)) {
    const items = value.map(partAsRead)
    return items.some((item) => item === undefined) ? undefined : (items as readonly JsonValue[])
  }
  if (!isJsonObject(value)) return value
  const entries = Object.entries(value).map(([key, item]) => [key, partAsRead(item)] as const)
  return entries.some(([, item]) => item === undefined) ? undefined : (Object.fromEntries(entries) as JsonValue)
}

const computed = new WeakSet<object>()

/** Marks a list that an expression made: its elements are at hand, no JSON is read for them. */
export const asComputed = (list: readonly JsonValue[]): readonly JsonValue[] => {
  computed.add(list)
  return list
}

/** A part of a list or object: it is JSON again. */
export const asPart = (value: JsonValue | undefined): JsonValue | undefined =>
  value !== undefined && isList(value) ? [...value] : value

/**
 * The elements of a list. The engine reads a list as empty that holds, at any depth, a whole number beyond 64 bits or a
 * number beyond a double; the same holds for the members of an object.
 */
export const asRead = (list: readonly JsonValue[]): readonly JsonValue[] =>
  computed.has(list) ? list : ((partAsRead(list) as typeof list | undefined) ?? [])
