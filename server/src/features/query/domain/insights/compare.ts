import { InvalidRequest } from '../../../../kernel/errors.ts'
import { dayMs } from '../../../../kernel/time.ts'
import { type Buckets, bucketsOfDays, type Unit } from '../time/buckets.ts'
import { dayNumberOf, dayOfNumber, monthAfter, monthStartOf } from '../time/days.ts'
import { firstInstantOf, wallMs } from '../time/zones.ts'

/** How far back: a unit of the calendar, or days. */
export type Past = { readonly unit: 'day' | 'week' | 'month' | 'quarter' | 'year' } | { readonly days: number }

const monthsOf = { month: 1, quarter: 3, year: 12 } as const
/** By weeks, what is compared begins on a Monday as well. */
const weeksOf = { month: 4, quarter: 13, year: 52 } as const

/** The same day so many months before, or the last one of that month. */
const monthsBefore = (day: number, count: number): number => {
  const first = monthAfter(monthStartOf(day), -count)
  return first + Math.min(day - monthStartOf(day), monthAfter(first, 1) - first - 1)
}

/** How a day is put back where points have the unit; null: the day that an answer of no time begins or ends with. */
const shiftOf = (past: Past, unit: Unit | null): ((day: number) => number) => {
  const refuse = (wanted: string): never => {
    throw new InvalidRequest(`a report by the ${unit} is compared to ${wanted} before`)
  }
  if ('days' in past) {
    if (unit === 'month') return refuse('months, quarters or years')
    if (unit === 'week' && past.days % 7 !== 0) return refuse('whole weeks')
    return (day) => day - past.days
  }
  if (past.unit === 'day' || past.unit === 'week') {
    if (unit === 'month') return refuse('months, quarters or years')
    if (unit === 'week' && past.unit === 'day') return refuse('whole weeks')
    return (day) => day - (past.unit === 'day' ? 1 : 7)
  }
  const of = past.unit
  return unit === 'week' ? (day) => day - 7 * weeksOf[of] : (day) => monthsBefore(day, monthsOf[of])
}

/** Saturdays and Sundays are 2 and 3 days after a Thursday; 1970-01-01 was one. */
const pastWeekend = (day: number): number => {
  const sinceThursday = ((day % 7) + 7) % 7
  if (sinceThursday === 2) return day + 2
  return sinceThursday === 3 ? day + 1 : day
}

export interface PastBuckets {
  readonly buckets: Buckets
  /** For each bucket of the report the place of the one that it is compared to; -1: there is none. */
  readonly places: readonly number[]
}

/**
 * The buckets that a report is compared to. By the day, a point of the year before that lies on a weekend is that of the
 * Monday after it (reports §1). Throws InvalidRequest for what does not go by the report's unit.
 */
export const pastBuckets = (of: Buckets, past: Past, isWhole: boolean): PastBuckets => {
  const { zone, unit } = of
  const shift = shiftOf(past, isWhole ? null : unit)
  const isOfWorkdays = !isWhole && unit === 'day' && 'unit' in past && past.unit === 'year'
  const pointOf = (day: number): number => (isOfWorkdays ? pastWeekend(shift(day)) : shift(day))
  const keys = of.keys.map((key) => `${dayOfNumber(pointOf(dayNumberOf(key.slice(0, 10))))}${key.slice(10)}`)
  const instant = (ms: number): number => {
    const wall = wallMs(zone, ms)
    const day = Math.floor(wall / dayMs)
    return firstInstantOf(zone, shift(day) * dayMs + (wall - day * dayMs))
  }
  const fromMs = instant(of.range.fromMs)
  const lastDay = Math.floor(wallMs(zone, of.range.toMs - 1) / dayMs)
  const isToMidnight = wallMs(zone, of.range.toMs) % dayMs === 0
  const ending = isToMidnight ? firstInstantOf(zone, (pointOf(lastDay) + 1) * dayMs) : instant(of.range.toMs)
  const range = { fromMs, toMs: Math.max(ending, fromMs) }
  const days = {
    fromDay: Math.floor(wallMs(zone, fromMs) / dayMs),
    toDay: Math.floor(wallMs(zone, range.toMs - 1) / dayMs),
  }
  const buckets = { ...bucketsOfDays(zone, days, unit), range }
  const places = new Map(buckets.keys.map((key, at) => [key, at]))
  return { buckets, places: keys.map((key) => places.get(key) ?? -1) }
}
