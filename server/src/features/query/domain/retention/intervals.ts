import { dayMs } from '../../../../kernel/time.ts'
import { dayOfNumber, mondayOf } from '../time/days.ts'
import { wallMs } from '../time/zones.ts'

export type RetentionUnit = 'day' | 'week' | 'month'

/**
 * What intervals are counted in. Rolling: so many milliseconds from everybody's own event. Calendar: days, weeks or
 * months of a zone, of which the one with the birth is number 0 and ends when the clock on the wall says so.
 */
export type IntervalClock =
  | { readonly kind: 'rolling'; readonly unitMs: number }
  | { readonly kind: 'calendar'; readonly unit: RetentionUnit; readonly zone: string }

/** Interval k goes from the end of the one before it (0 for the first) to `ends[k]`, in units and half-open. */
export interface Intervals {
  readonly clock: IntervalClock
  /** Ascending. */
  readonly ends: readonly number[]
}

/** Intervals of one unit each, the one that begins with birth among them. */
export const evenEnds = (count: number): readonly number[] => Array.from({ length: count }, (_, at) => at + 1)

/** Intervals of the given lengths, one after the other. */
export const endsOf = (lengths: readonly number[]): readonly number[] => {
  let end = 0
  return lengths.map((length) => {
    end += length
    return end
  })
}

const calendarNumber = (unit: RetentionUnit, zone: string, ms: number): number => {
  const day = Math.floor(wallMs(zone, ms) / dayMs)
  if (unit === 'day') return day
  if (unit === 'week') return mondayOf(day) / 7
  const [year = 0, month = 0] = dayOfNumber(day).split('-').map(Number)
  return year * 12 + month
}

/** Whole units between a birth and a later instant. */
export const unitsBetween = (clock: IntervalClock, bornMs: number, laterMs: number): number =>
  clock.kind === 'rolling'
    ? Math.floor((laterMs - bornMs) / clock.unitMs)
    : calendarNumber(clock.unit, clock.zone, laterMs) - calendarNumber(clock.unit, clock.zone, bornMs)

/** The interval that so many units after birth are in; the number of intervals for what is after all of them. */
export const intervalAt = (ends: readonly number[], units: number): number => ends.filter((end) => end <= units).length

/** How many intervals are over for whoever was born at an instant: those from there on may still be met. */
export const completeIntervals = ({ clock, ends }: Intervals, bornMs: number, nowMs: number): number =>
  intervalAt(ends, unitsBetween(clock, bornMs, nowMs))
