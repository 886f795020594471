// Wall-clock time of a zone, by the zone database of Node. Milliseconds since 1970 are instants; "wall" milliseconds are
// what a clock on the wall shows, written as if it were UTC.

const formats = new Map<string, Intl.DateTimeFormat>()

const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone)
  if (known !== undefined) return known
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  formats.set(zone, made)
  return made
}

/** What the wall clock of `zone` shows at an instant. */
export const wallMs = (zone: string, ms: number): number => {
  const wholeSecondMs = Math.floor(ms / 1_000) * 1_000
  const part: Record<string, number> = {}
  for (const { type, value } of formatOf(zone).formatToParts(wholeSecondMs)) part[type] = Number(value)
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part
  return Date.UTC(year, month - 1, day, hour, minute, second) + (ms - wholeSecondMs)
}

// No zone is further from UTC than this, whatever its clocks do.
const furthestMs = 36 * 3_600_000

/**
 * First instant at which the wall clock shows `wall` or later. Where clocks are put forward over it, that is the
 * moment of the change; where it comes twice, the first time.
 */
export const firstInstantOf = (zone: string, wall: number): number => {
  let before = wall - furthestMs
  let after = wall + furthestMs
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (wallMs(zone, middle) >= wall) after = middle
    else before = middle
  }
  return after
}
