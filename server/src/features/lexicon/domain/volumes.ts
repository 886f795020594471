/** Events of one name, by days since 1970 of the project's zone. Days without events are left out. */
export interface DailyVolume {
  readonly event: string
  readonly countOf: ReadonlyMap<number, number>
}

export interface UnusualVolume {
  readonly event: string
  readonly actual: number
  readonly expected: number
  /** -1: nothing came; 1: twice as much as expected. */
  readonly change: number
}

// LEX-11: with fewer events the weather of a day says nothing.
const dailyMin = 100
const activeDays = 30
const offMin = 0.5
const weeks = 4

/** Days before the one looked at that have to be known. */
export const historyDays = Math.max(activeDays, weeks * 7) + 1

const countOn = ({ countOf }: DailyVolume, day: number): number => countOf.get(day) ?? 0

/** At least 100 events on half of the days of the month before. */
const isActive = (volume: DailyVolume, day: number): boolean => {
  const days = Array.from({ length: activeDays }, (_, back) => countOn(volume, day - 1 - back))
  return days.filter((count) => count >= dailyMin).length >= activeDays / 2
}

/** The mean of the same weekday of the four weeks before, as far as anything is known of them. */
const expectedOn = (volume: DailyVolume, day: number): number => {
  const first = Math.min(...volume.countOf.keys())
  const before = Array.from({ length: weeks }, (_, back) => day - 7 * (back + 1)).filter((one) => one >= first)
  return before.reduce((sum, one) => sum + countOn(volume, one), 0) / Math.max(1, before.length)
}

/** Events whose volume of a whole day (of it and the one before, with `lookBackDays` 2) is half or more off what is usual. */
export const unusualVolumes = (
  volumes: readonly DailyVolume[],
  day: number,
  lookBackDays: 1 | 2,
): readonly UnusualVolume[] =>
  volumes
    .filter((volume) => isActive(volume, day - lookBackDays + 1))
    .flatMap((volume): readonly UnusualVolume[] => {
      const days = Array.from({ length: lookBackDays }, (_, back) => day - back)
      const actual = days.reduce((sum, one) => sum + countOn(volume, one), 0)
      const expected = days.reduce((sum, one) => sum + expectedOn(volume, one), 0)
      if (expected === 0) return []
      const change = (actual - expected) / expected
      return Math.abs(change) >= offMin ? [{ event: volume.event, actual, expected, change }] : []
    })
    .sort((a, b) => Math.abs(b.change) - Math.abs(a.change) || (a.event < b.event ? -1 : 1))
