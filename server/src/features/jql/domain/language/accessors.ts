import { fail, type Item, isRecord } from './values.ts'

/** Gives the part of an item that a script named by a dotted path or a function. */
export type Read = (item: Item) => unknown

/**
 * What a dotted path leads to. A name that itself holds dots is found too: at every level the whole rest of the path
 * is tried as one name before it is split. The names are cut once, not for each item.
 */
const pathReader = (path: string): Read => {
  const parts = path.split('.')
  const count = parts.length
  const names = parts.map((_, from) => parts.map((__, to) => parts.slice(from, to + 1).join('.')))
  const walk = (value: unknown, from: number): unknown => {
    if (typeof value !== 'object' || value === null) return undefined
    const record = value as Record<string, unknown>
    const ofLevel = names[from] as readonly string[]
    const whole = ofLevel[count - 1] as string
    if (Object.hasOwn(record, whole)) return record[whole]
    for (let to = from; to < count - 1; to += 1) {
      const name = ofLevel[to] as string
      if (Object.hasOwn(record, name)) return walk(record[name], to + 1)
    }
    return undefined
  }
  return (item) => walk(item, 0)
}

export const readOf = (accessor: unknown, where: string): Read => {
  if (typeof accessor === 'function') return accessor as Read
  if (typeof accessor === 'string') return pathReader(accessor)
  return fail(`${where}: expected a property path or a function`)
}

/** Numbers of a numeric reducer. Without an accessor the item is the number. What is no number is left out. */
export const readNumberOf = (accessor: unknown, where: string): ((item: Item) => number | undefined) => {
  const read: Read = accessor === undefined ? (item) => item : readOf(accessor, where)
  return (item) => {
    const value = read(item)
    return typeof value === 'number' && Number.isFinite(value) ? value : undefined
  }
}

const isoDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/

const numberOf = (value: unknown): number | undefined => {
  if (typeof value === 'number') return Number.isFinite(value) ? value : undefined
  if (typeof value === 'boolean') return value ? 1 : 0
  if (value instanceof Date) return value.getTime() / 1_000
  if (typeof value !== 'string' || value.trim() === '') return undefined
  const number = Number(value)
  if (Number.isFinite(number)) return number
  if (!isoDate.test(value)) return undefined
  const ms = Date.parse(
    /[T ]/.test(value) && !/(?:Z|[+-]\d\d:?\d\d)$/.test(value) ? `${value.replace(' ', 'T')}Z` : value,
  )
  return Number.isNaN(ms) ? undefined : ms / 1_000
}

/** mixpanel.to_number: decimal text, and dates as seconds since 1970; anything else is undefined. */
export const toNumber = (accessor: unknown): Read => {
  const read = readOf(accessor, 'mixpanel.to_number')
  return (item) => numberOf(read(item))
}

/** mixpanel.slice("key", start, limit): the components of a list from `start` until before `limit`. */
export const slice = (accessor: unknown, start: unknown, limit: unknown): Read => {
  const read = readOf(accessor, 'mixpanel.slice')
  if (typeof start !== 'number') return fail('mixpanel.slice: expected a number to start at')
  const end = typeof limit === 'number' ? limit : undefined
  return (item) => {
    const list = read(item)
    return Array.isArray(list) ? list.slice(start, end) : list
  }
}

/** An element of an item, as text for the messages of errors. */
export const kindOf = (value: unknown): string =>
  Array.isArray(value) ? 'a list' : isRecord(value) ? 'an object' : `a ${typeof value}`
