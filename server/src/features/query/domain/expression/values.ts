import { isJsonObject, isNumberLike, type JsonValue, parseJson } from '../../../../kernel/json.ts'

// Values while an expression is evaluated, by the rules of query.md §4.1 and §4.2. A number that no double holds keeps its
// own text (kernel/json.ts): it has a text and is equal to itself, and as a number it is the nearest double, or undefined.

/** A datetime is a Date; it is never part of JSON. */
export type Value = JsonValue | undefined | Date

/** What `number("…")` reads, for RE2 and JavaScript alike. */
export const numberPattern = '^[+-]?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)(?:[eE][+-]?[0-9]+)?$'
/** The host of a URL is its first group. */
export const hostPattern = '^(?:[A-Za-z][A-Za-z0-9+.-]*:)?//(?:[^/?#@]*@)?([^/?#:@]+)'
/** The registrable part of a host: two labels, or three below the usual second levels of countries. */
export const domainPattern = '[^.]+\\.(?:(?:co|com|net|org|gov|ac|edu)\\.[a-z][a-z]|[^.0-9]+)$'

/** Undefined for anything but a number. */
export const numberOf = (value: Value): number | undefined => {
  if (!isNumberLike(value)) return undefined
  const number = Number(typeof value === 'number' ? value : JSON.stringify(value))
  return Number.isFinite(number) ? number : undefined
}

export const isList = (value: Value): value is readonly JsonValue[] => Array.isArray(value)

export const isObject = (value: Value): value is { readonly [key: string]: JsonValue } =>
  !(value instanceof Date) && isJsonObject(value)

/** '' for undefined. */
export const jsonText = (value: Exclude<Value, Date>): string => (value === undefined ? '' : JSON.stringify(value))

/** The other way; the engine reads a list with a whole number beyond 64 bits, or one beyond a double, as an empty one. */
export const valueOfJson = (text: string): JsonValue | undefined => (text === '' ? undefined : parseJson(text))
