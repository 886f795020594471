import { type Read, readNumberOf } from './accessors.ts'
import { fail, isRecord } from './values.ts'

type LowerBound = (value: number) => number | null

const calendarBuckets = new WeakMap<object, LowerBound>()

const calendar = (lowerBound: (ms: number) => number): object => {
  const spec = Object.freeze({})
  calendarBuckets.set(spec, lowerBound)
  return spec
}

const dayMs = 86_400_000
const startOfMonths = (monthsEach: number) => (ms: number) => {
  const date = new Date(ms)
  return Date.UTC(date.getUTCFullYear(), Math.floor(date.getUTCMonth() / monthsEach) * monthsEach)
}

/** Calendar periods of milliseconds that count the wall clock of the project. Weeks start on Monday. */
export const timeBuckets = {
  daily_time_buckets: calendar((ms) => Math.floor(ms / dayMs) * dayMs),
  weekly_time_buckets: calendar((ms) => {
    const day = Math.floor(ms / dayMs)
    // 1970-01-01 was a Thursday, day 3 of a week.
    return (day - ((((day + 3) % 7) + 7) % 7)) * dayMs
  }),
  monthly_time_buckets: calendar(startOfMonths(1)),
  quarterly_time_buckets: calendar(startOfMonths(3)),
  annual_time_buckets: calendar(startOfMonths(12)),
}

/** The last bound at or below the value, found by halving; null below the first. */
const listed = (bounds: readonly number[]): LowerBound => {
  const sorted = bounds.toSorted((a, b) => a - b)
  return (value) => {
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] as number) <= value) low = middle + 1
      else high = middle
    }
    return low === 0 ? null : (sorted[low - 1] as number)
  }
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)

const lowerBoundOf = (spec: unknown): LowerBound => {
  const ofCalendar = typeof spec === 'object' && spec !== null ? calendarBuckets.get(spec) : undefined
  if (ofCalendar !== undefined) return ofCalendar
  if (Array.isArray(spec) && spec.length > 0 && spec.every(isNumber)) return listed(spec)
  if (isRecord(spec) && isNumber(spec['bucket_size']) && spec['bucket_size'] > 0) {
    const size = spec['bucket_size']
    const offset = isNumber(spec['offset']) ? spec['offset'] : 0
    return (value) => Math.floor((value - offset) / size) * size + offset
  }
  return fail('mixpanel.numeric_bucket: expected a list of bounds or {bucket_size, offset}')
}

/** mixpanel.numeric_bucket: the lower bound of the bucket that a number falls into; null for what is no number. */
export const numericBucket = (accessor: unknown, spec: unknown): Read => {
  const read = readNumberOf(accessor, 'mixpanel.numeric_bucket')
  const lowerBound = lowerBoundOf(spec)
  return (item) => {
    const value = read(item)
    return value === undefined ? null : lowerBound(value)
  }
}
