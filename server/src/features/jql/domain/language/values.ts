// The language of JQL (jql §2) is written in these modules. They run inside the isolate, where there is nothing but
// the ECMAScript language: no Node, no imports from outside this folder. Tests run them in Node as well.

/** Anything that a script or the store can hand over. */
export type Item = unknown

/** An error of the script, told to whoever sent it. */
export const fail = (message: string): never => {
  throw new TypeError(message)
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** What is left of a value after JSON: collections are passed on as such (jql §2). No function or Date survives. */
export const throughJson = (value: unknown): unknown => {
  if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  const text = JSON.stringify(value) as string | undefined
  return text === undefined ? null : JSON.parse(text)
}

export type Scalar = string | number | boolean | null

export const isScalar = (value: unknown): value is Scalar =>
  value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'

const rankOf = (value: Scalar): number =>
  value === null ? 0 : typeof value === 'boolean' ? 1 : typeof value === 'number' ? 2 : 3

/** One order for everything that can be a sort key: null, booleans, numbers, strings. */
export const compareScalars = (a: Scalar, b: Scalar): number => {
  const byRank = rankOf(a) - rankOf(b)
  if (byRank !== 0 || a === null || b === null || a === b) return byRank
  return a < b ? -1 : 1
}
