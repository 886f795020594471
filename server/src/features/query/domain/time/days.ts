import { InvalidRequest } from '../../../../kernel/errors.ts'
import { dayMs } from '../../../../kernel/time.ts'

// Calendar days as numbers since 1970-01-01, of no zone.

export const dayNumberOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / dayMs

export const dayOfNumber = (number: number): string => new Date(number * dayMs).toISOString().slice(0, 10)

/** Monday of the week (query §6); 1970-01-01 was a Thursday. */
export const mondayOf = (number: number): number => number - ((((number + 3) % 7) + 7) % 7)

export const monthStartOf = (number: number): number => dayNumberOf(`${dayOfNumber(number).slice(0, 7)}-01`)

/** The first day of the month `count` months after the one of `number`. */
export const monthAfter = (number: number, count: number): number => {
  const [year = 0, month = 1] = dayOfNumber(number).split('-').map(Number)
  return Date.UTC(year, month - 1 + count, 1) / dayMs
}

/** `YYYY-MM-DD` that exists. Throws InvalidRequest. */
export const parseDay = (name: string, text: string): number => {
  const number = /^(19[7-9]|2[01]\d)\d-\d{2}-\d{2}$/.test(text) ? dayNumberOf(text) : Number.NaN
  // A date such as 2024-02-30 would roll over to March: it must come out as it went in.
  if (Number.isNaN(number) || dayOfNumber(number) !== text) {
    throw new InvalidRequest(`${name} must be a date of the form YYYY-MM-DD`)
  }
  return number
}

export interface DayRange {
  /** Day numbers, both inclusive. */
  readonly fromDay: number
  readonly toDay: number
}

/** `from_date` to `to_date`. Throws InvalidRequest. */
export const rangeDays = (fromDate: string, toDate: string): DayRange => {
  const [fromDay, toDay] = [parseDay('from_date', fromDate), parseDay('to_date', toDate)]
  if (fromDay > toDay) throw new InvalidRequest('from_date must not be later than to_date')
  return { fromDay, toDay }
}
