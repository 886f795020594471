import { InvalidRequest } from '../../../../kernel/errors.ts'
import { dayMs } from '../../../../kernel/time.ts'
import { type DayRange, dayOfNumber, mondayOf, monthAfter, monthStartOf } from './days.ts'
import { firstInstantOf, wallMs } from './zones.ts'

export type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month'
export const units: readonly Unit[] = ['minute', 'hour', 'day', 'week', 'month']

/**
 * A range of time cut into buckets by the wall clock of the project's zone. An hour that comes twice is one bucket, an
 * hour that is left out is none; a day has 23, 24 or 25 hours. Weeks begin on Monday; the first and the last bucket may
 * lie outside of the range in part, and count what is inside.
 */
export interface Buckets {
  readonly unit: Unit
  readonly zone: string
  /** Days per bucket, counted from the first day; 1 for every other unit. */
  readonly dayCount: number
  readonly firstDay: number
  /** Half-open, milliseconds since 1970. */
  readonly range: { readonly fromMs: number; readonly toMs: number }
  /** Ascending: `YYYY-MM-DD`, or `YYYY-MM-DD HH:MM:SS` for hours and minutes. */
  readonly keys: readonly string[]
}

// A month of minutes. What draws a line has no use for more, and each is a key in the answer.
const keyCountMax = 50_000

const bounded = (countOf: number): void => {
  if (countOf > keyCountMax) {
    throw new InvalidRequest(`the range has more than ${keyCountMax} buckets of this unit; choose a larger unit`)
  }
}

/** Instants of whole days of a zone, half-open. */
export const rangeOfDays = (zone: string, { fromDay, toDay }: DayRange): Buckets['range'] => ({
  fromMs: firstInstantOf(zone, fromDay * dayMs),
  toMs: firstInstantOf(zone, (toDay + 1) * dayMs),
})

/** Whole days of the zone, both inclusive; `dayCount` days per bucket where the unit is `day`. */
export const bucketsOfDays = (zone: string, days: DayRange, unit: Unit, dayCount = 1): Buckets => {
  const range = rangeOfDays(zone, days)
  const { fromDay: firstDay } = days
  return { unit, zone, dayCount, firstDay, range, keys: keysOf(unit, zone, range, days, dayCount) }
}

/** The unit that `nowMs` is in, and the `count - 1` before it. */
export const bucketsBack = (zone: string, count: number, unit: Unit, nowMs: number): Buckets => {
  bounded(count)
  const today = Math.floor(wallMs(zone, nowMs) / dayMs)
  if (unit === 'day') return bucketsOfDays(zone, { fromDay: today - count + 1, toDay: today }, unit)
  if (unit === 'week') return bucketsOfDays(zone, { fromDay: mondayOf(today) - 7 * (count - 1), toDay: today }, unit)
  if (unit === 'month') return bucketsOfDays(zone, { fromDay: monthAfter(today, 1 - count), toDay: today }, unit)
  const unitMs = clockUnitMs[unit]
  const sinceBeginMs = ((wallMs(zone, nowMs) % unitMs) + unitMs) % unitMs
  const toMs = nowMs - sinceBeginMs + unitMs
  const range = { fromMs: toMs - count * unitMs, toMs }
  const days = { fromDay: Math.floor(wallMs(zone, range.fromMs) / dayMs), toDay: today }
  return { unit, zone, dayCount: 1, firstDay: days.fromDay, range, keys: keysOf(unit, zone, range, days, 1) }
}

const clockUnitMs = { minute: 60_000, hour: 3_600_000 } as const

/**
 * The key of a bucket by its number, which `bucketSql` computes: minutes or hours that the wall clock shows since 1970,
 * the first day of a week or month as a day number, or bucket of days since the first day.
 */
export const keyOfBucket = ({ unit, dayCount, firstDay }: Buckets, number: number): string => {
  if (unit === 'minute' || unit === 'hour') return clockKey(number * clockUnitMs[unit])
  return dayOfNumber(unit === 'day' ? firstDay + number * dayCount : number)
}

const clockKey = (wall: number): string => new Date(wall).toISOString().slice(0, 19).replace('T', ' ')

const keysOf = (
  unit: Unit,
  zone: string,
  range: Buckets['range'],
  { fromDay, toDay }: DayRange,
  dayCount: number,
): readonly string[] => {
  if (unit === 'minute' || unit === 'hour') return clockKeys(zone, range, clockUnitMs[unit])
  const first = unit === 'week' ? mondayOf(fromDay) : unit === 'month' ? monthStartOf(fromDay) : fromDay
  bounded((toDay - first) / dayCount)
  const keys: string[] = []
  for (let day = first; day <= toDay; ) {
    keys.push(dayOfNumber(day))
    day = unit === 'month' ? monthAfter(day, 1) : day + (unit === 'week' ? 7 : dayCount)
  }
  return keys
}

// Clocks are put forward and back at quarters of an hour.
const stepMs = 900_000

const clockKeys = (zone: string, { fromMs, toMs }: Buckets['range'], unitMs: number): readonly string[] => {
  bounded((toMs - fromMs) / unitMs)
  const walls = new Set<number>()
  for (let ms = fromMs; ms < toMs; ms += stepMs) {
    const wall = wallMs(zone, ms)
    const endMs = Math.min(stepMs, toMs - ms)
    for (let at = 0; at < endMs; at += unitMs) walls.add(Math.floor((wall + at) / unitMs) * unitMs)
  }
  return [...walls].sort((a, b) => a - b).map(clockKey)
}
