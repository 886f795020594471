// JSON that keeps what came in: a number that a double cannot hold is kept as its own text (JSON.rawJSON, Node >= 22),
// so that export and retrieval give back exactly what was sent (DESIGN §6).

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | { readonly [key: string]: JsonValue }

interface RawJson {
  readonly rawJSON: string
}
interface JsonWithSource {
  parse(text: string, reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown): unknown
  rawJSON(text: string): RawJson
  isRawJSON(value: unknown): value is RawJson
}
const json = JSON as unknown as JsonWithSource

// Only a number of 16 digits, of 18 digits and a point, or with an exponent can be one that a double would change. Numbers
// follow these characters only; asking for one of them spares texts full of UUIDs the slow way (2.7 times the time).
const mayLosePrecision = /(?:^|[:,[\s])-?(?:\d{16}|\d[\d.]{18}|\d[\d.]*[eE])/

const isExact = (value: number, source: string): boolean => {
  if (!Number.isFinite(value)) return false
  if (/^-?\d+$/.test(source)) return Number.isSafeInteger(value) || String(value) === source
  return source.replace(/[^\d]/g, '').replace(/^0+/, '').length <= 17
}

/** Parses JSON. Numbers that a double cannot hold become raw-JSON objects (see `isNumberLike`). Throws SyntaxError. */
export const parseJson = (text: string): JsonValue => {
  if (!mayLosePrecision.test(text)) return JSON.parse(text) as JsonValue
  return json.parse(text, (_key, value, { source }) =>
    typeof value === 'number' && source !== undefined && !isExact(value, source) ? json.rawJSON(source) : value,
  ) as JsonValue
}

/** True for numbers and for numbers kept as text by `parseJson`. */
export const isNumberLike = (value: unknown): boolean => typeof value === 'number' || json.isRawJSON(value)

/** True for plain JSON objects; false for null, arrays and numbers kept as text. */
export const isJsonObject = (value: unknown): value is { readonly [key: string]: JsonValue } =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !json.isRawJSON(value)
