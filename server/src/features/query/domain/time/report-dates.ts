import { InvalidRequest } from '../../../../kernel/errors.ts'
import { dayMs } from '../../../../kernel/time.ts'
import { type Buckets, bucketsBack, bucketsOfDays, type Unit } from './buckets.ts'
import { type DayRange, dayNumberOf, rangeDays } from './days.ts'
import { firstInstantOf, wallMs } from './zones.ts'

/** Dates of a saved report: fixed, or counted back from now with the unit that is running. */
export type ReportDates =
  | { readonly from_date: string; readonly to_date: string }
  | { readonly since: string }
  | { readonly last: number; readonly unit: Exclude<Unit, 'minute'> }

/** Throws InvalidRequest when nothing lies between the dates. */
export const bucketsOfReport = (zone: string, dates: ReportDates, unit: Unit, nowMs: number): Buckets => {
  const today = Math.floor(wallMs(zone, nowMs) / dayMs)
  if ('from_date' in dates) return bucketsOfDays(zone, rangeDays(dates.from_date, dates.to_date), unit)
  if ('since' in dates) {
    const fromDay = dayNumberOf(dates.since)
    if (fromDay > today) throw new InvalidRequest('the report begins in the future')
    return bucketsOfDays(zone, { fromDay, toDay: today }, unit)
  }
  const back = bucketsBack(zone, dates.last, dates.unit, nowMs)
  return back.unit === unit ? back : bucketsOfDays(zone, { fromDay: back.firstDay, toDay: today }, unit)
}

/** Wall-clock milliseconds of the key of a bucket: `YYYY-MM-DD`, with or without ` HH:MM:SS`. */
const wallOfKey = (key: string): number =>
  Date.parse(key.length === 10 ? `${key}T00:00:00Z` : `${key.replace(' ', 'T')}Z`)

/** When a bucket begins, as an instant. */
export const startOfKey = (zone: string, key: string): number => firstInstantOf(zone, wallOfKey(key))

/** An instant as the wall clock of a zone shows it: `2020-08-31T00:00:00-07:00`; with `.999000` when it has parts of seconds. */
export const zonedText = (zone: string, ms: number): string => {
  const wall = wallMs(zone, ms)
  const offset = Math.round((wall - ms) / 60_000)
  const two = (number: number): string => String(number).padStart(2, '0')
  const sign = offset < 0 ? '-' : '+'
  const fraction = ms % 1_000 === 0 ? '' : `.${String(wall % 1_000).padStart(3, '0')}000`
  const at = new Date(wall).toISOString().slice(0, 19)
  return `${at}${fraction}${sign}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`
}

/** The key of a bucket with the offset that the zone has when it begins. */
export const zonedKey = (zone: string, key: string): string => {
  const text = zonedText(zone, startOfKey(zone, key))
  return `${new Date(wallOfKey(key)).toISOString().slice(0, 19)}${text.slice(19)}`
}

/** The last day of each bucket, as far as the report goes. */
export const lastDays = ({ zone, keys, range }: Buckets): readonly number[] => {
  const dayOf = (ms: number): number => Math.floor(wallMs(zone, ms) / dayMs)
  return keys.map((_, at) => {
    const next = keys[at + 1]
    return dayOf((next === undefined ? range.toMs : startOfKey(zone, next)) - 1)
  })
}

/** Days of a zone that hold a range of instants. */
export const daysOfRange = ({ zone, range }: Pick<Buckets, 'zone' | 'range'>): DayRange => ({
  fromDay: Math.floor(wallMs(zone, range.fromMs) / dayMs),
  toDay: Math.floor(wallMs(zone, range.toMs - 1) / dayMs),
})
