import { dayMs } from '../../../../kernel/time.ts'
import { wallMs } from '../time/zones.ts'

// Datetimes: milliseconds since 1970, UTC. A text without an offset is meant in the project's zone. The same rules stand
// in SQL in compile/expression-time.ts; years 1900 to 2199, since the engine's own range is little more.

const day = '(?:19|20|21)\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])'
const clock = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,9})?)?'
const offset = '(?:Z|[+-](?:0\\d|1[0-4]):?[0-5]\\d)'

/** For RE2 and JavaScript alike. */
export const datePattern = `^${day}(?:[T ]${clock}${offset}?)?$`
export const offsetPattern = `:[0-9.]*${offset}$`

const dateRegExp = new RegExp(datePattern)
const offsetRegExp = new RegExp(offsetPattern)

export const earliestMs = Date.UTC(1900, 0, 1)
export const latestMs = Date.UTC(2200, 0, 1)

/** Local time minus UTC, in milliseconds. Before 1970 every zone counts as UTC. */
const offsetMs = (ms: number, timezone: string): number =>
  ms < 0 || timezone === 'UTC' ? 0 : wallMs(timezone, ms) - ms

/** What a clock in `timezone` shows, as milliseconds of UTC. */
export const localMs = (ms: number, timezone: string): number => ms + offsetMs(ms, timezone)

/** The moment at which a clock in `timezone` shows `local`. */
export const fromLocalMs = (local: number, timezone: string): number =>
  local - offsetMs(local - offsetMs(local, timezone), timezone)

/** Undefined for texts that are no dates. */
export const instantOf = (text: string, timezone: string): number | undefined => {
  if (!dateRegExp.test(text)) return undefined
  const [, date = '', clockText = '00:00', fraction = '', zone = ''] =
    /^(.{10})(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d+))?(.*))?$/.exec(text) ?? []
  const seconds = clockText.length === 5 ? `${clockText}:00` : clockText
  const utc = Date.parse(`${date}T${seconds}.${fraction.slice(0, 3).padEnd(3, '0')}Z`)
  // Date.parse reads the 30th of February as the 1st of March.
  if (new Date(utc).toISOString().slice(0, 10) !== date) return undefined
  if (!offsetRegExp.test(text)) return fromLocalMs(utc, timezone)
  if (zone === 'Z') return utc
  const minutes = Number(zone.slice(1, 3)) * 60 + Number(zone.slice(-2))
  return utc - (zone.startsWith('-') ? -minutes : minutes) * 60_000
}

/** What `datetime` makes of a text, or of seconds since 1970. */
export const momentOf = (value: unknown, timezone: string): number | undefined => {
  if (typeof value === 'string') return instantOf(value, timezone)
  if (typeof value !== 'number') return undefined
  const ms = Math.floor(value * 1000)
  return ms >= earliestMs && ms < latestMs ? ms : undefined
}

/** `YYYY-MM-DDTHH:MM:SS` as a clock in `timezone` shows it. */
export const dateText = (ms: number, timezone: string): string =>
  new Date(localMs(ms, timezone)).toISOString().slice(0, 19)

/** Midnight of the day of `ms` in `timezone`. */
export const startOfDay = (ms: number, timezone: string): number => {
  const local = localMs(ms, timezone)
  return fromLocalMs(local - (((local % dayMs) + dayMs) % dayMs), timezone)
}

const plusMonths = (day: Date, months: number): number => {
  const first = new Date(Date.UTC(day.getUTCFullYear(), day.getUTCMonth() + months, 1))
  const last = new Date(Date.UTC(first.getUTCFullYear(), first.getUTCMonth() + 1, 0)).getUTCDate()
  return first.setUTCDate(Math.min(day.getUTCDate(), last))
}

/** Whole units from `from` to `to`, by the calendar of `timezone`; undefined when `to` is on an earlier day. */
export const datedif = (from: number, to: number, unit: string, timezone: string): number | undefined => {
  const [a, b] = [from, to].map((ms) => new Date(Math.floor(localMs(ms, timezone) / dayMs) * dayMs)) as [Date, Date]
  if (a > b) return undefined
  const days = (start: number): number => (b.getTime() - start) / dayMs
  const crossed = (b.getUTCFullYear() - a.getUTCFullYear()) * 12 + b.getUTCMonth() - a.getUTCMonth()
  const months = crossed - (b.getUTCDate() < a.getUTCDate() ? 1 : 0)
  const years = Math.floor(months / 12)
  if (unit === 'D') return days(a.getTime())
  if (unit === 'M') return months
  if (unit === 'Y') return years
  if (unit === 'YM') return months - years * 12
  return days(plusMonths(a, unit === 'MD' ? months : years * 12))
}
