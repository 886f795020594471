// Days, weeks and hours by the wall clock of a zone, by asking it about single instants: no ranges of instants, no offsets.

export interface Wall {
  /** `YYYY-MM-DD`. */
  readonly day: string
  /** `HH:MM`. */
  readonly clock: string
}
export type Unit = 'minute' | 'hour' | 'day' | 'week' | 'month'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

const formats = new Map<string, Intl.DateTimeFormat>()
const walls = new Map<string, Wall>()

/** What the clock on the wall shows, to the minute. */
export const wallOf = (zone: string, ms: number): Wall => {
  const minute = Math.floor(ms / minuteMs)
  const known = walls.get(`${zone} ${minute}`)
  if (known !== undefined) return known
  const two = '2-digit'
  const made = new Intl.DateTimeFormat('sv-SE', {
    timeZone: zone,
    ...{ year: 'numeric', month: two, day: two, hour: two, minute: two, hourCycle: 'h23' },
  })
  const format = formats.get(zone) ?? made
  formats.set(zone, format)
  const [day = '', clock = ''] = format.format(minute * minuteMs).split(' ')
  walls.set(`${zone} ${minute}`, { day, clock })
  return { day, clock }
}

export const plusDays = (day: string, count: number): string =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * dayMs).toISOString().slice(0, 10)

export const daysBetween = (from: string, to: string): number => (Date.parse(to) - Date.parse(from)) / dayMs

const mondayOf = (day: string): string => plusDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))

/** The bucket that an instant is counted in. */
export const bucketOf = (zone: string, unit: Unit, ms: number): string => {
  const { day, clock } = wallOf(zone, ms)
  if (unit === 'minute') return `${day} ${clock}:00`
  if (unit === 'hour') return `${day} ${clock.slice(0, 2)}:00:00`
  if (unit === 'week') return mondayOf(day)
  return unit === 'month' ? `${day.slice(0, 7)}-01` : day
}

/** Every bucket of instants from `fromMs` on, before `toMs`. */
export const bucketsBetween = (zone: string, unit: Unit, fromMs: number, toMs: number): readonly string[] => {
  const found = new Set<string>()
  for (let ms = fromMs; ms < toMs; ms += unit === 'minute' ? minuteMs : 15 * minuteMs)
    found.add(bucketOf(zone, unit, ms))
  return [...found].sort()
}

/** Every bucket of whole days, both inclusive. */
export const bucketsOf = (zone: string, unit: Unit, from: string, to: string): readonly string[] => {
  const found = new Set<string>()
  if (unit === 'day' || unit === 'week' || unit === 'month') {
    for (let day = from; day <= to; day = plusDays(day, 1)) {
      found.add(unit === 'day' ? day : unit === 'week' ? mondayOf(day) : `${day.slice(0, 7)}-01`)
    }
    return [...found]
  }
  const step = unit === 'minute' ? minuteMs : 15 * minuteMs
  for (let ms = Date.parse(from) - 36 * hourMs; ms < Date.parse(to) + 60 * hourMs; ms += step) {
    const { day } = wallOf(zone, ms)
    if (day >= from && day <= to) found.add(bucketOf(zone, unit, ms))
  }
  return [...found].sort()
}

/** Instants within a quarter of an hour after which the clock is put forward or back, in the two years before. */
export const changesOfClock = (zone: string, nowMs: number): readonly number[] => {
  const name = `${zone} ${Math.floor(nowMs / dayMs)}`
  const known = changes.get(name) ?? findChanges(zone, nowMs)
  changes.set(name, known)
  return known
}

const changes = new Map<string, readonly number[]>()

const findChanges = (zone: string, nowMs: number): readonly number[] => {
  const offsetAt = (ms: number): number => {
    const { day, clock } = wallOf(zone, ms)
    return Date.parse(`${day}T${clock}:00Z`) - ms
  }
  const found: number[] = []
  const firstMs = Math.floor((nowMs - 730 * dayMs) / dayMs) * dayMs
  for (let ms = firstMs; ms < nowMs - dayMs; ms += dayMs) {
    if (offsetAt(ms) === offsetAt(ms + dayMs)) continue
    const quarters = Array.from({ length: 96 }, (_, at) => ms + at * 15 * minuteMs)
    found.push(...quarters.filter((at) => offsetAt(at) !== offsetAt(at + 15 * minuteMs)))
  }
  return found
}
