import { dayMs } from '../../../kernel/time.ts'
import { type EntryRange, firstFrom } from '../domain/funnel/attempts.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import { startOfKey } from '../domain/time/report-dates.ts'
import { wallMs } from '../domain/time/zones.ts'

/** A bucket as a range of instants. */
export interface DatedRange {
  readonly date: string
  readonly range: EntryRange
}

/** The ranges of buckets, and which of them somebody was there in. */
export const entryRanges = ({ zone, keys, range }: Buckets) => {
  const starts = keys.map((key) => Math.max(range.fromMs, startOfKey(zone, key)))
  const ranges = keys.map((date, at): DatedRange => {
    const fromMs = starts[at] as number
    return { date, range: { fromMs, toMs: starts[at + 1] ?? range.toMs } }
  })
  const dayStarts = new Map<number, number>()
  return {
    /** Those that hold an instant, by binary search: people are there on few days of many. */
    *of(times: readonly number[]): Generator<DatedRange> {
      for (let at = firstFrom(times, range.fromMs); at < times.length; ) {
        const dated = ranges[firstFrom(starts, (times[at] as number) + 1) - 1]
        if (dated === undefined || (times[at] as number) >= range.toMs) return
        yield dated
        at = firstFrom(times, dated.range.toMs)
      }
    },
    /** Number of the day of the zone that an instant is in. Zones change at quarters of an hour, so each is asked once. */
    dayOf: (ms: number): number => {
      const quarter = Math.floor(ms / 900_000)
      const known = dayStarts.get(quarter)
      if (known !== undefined) return known
      const day = Math.floor(wallMs(zone, quarter * 900_000) / dayMs)
      dayStarts.set(quarter, day)
      return day
    },
  }
}
