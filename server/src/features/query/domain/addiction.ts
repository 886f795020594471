import { type Buckets, keyOfBucket } from './time/buckets.ts'
import { dayNumberOf, monthAfter } from './time/days.ts'

export type AddictionUnit = 'hour' | 'day'

/** How many hours or days a bucket has, whatever clocks do in it. */
const unitsOf = (buckets: Buckets, key: string, unit: AddictionUnit): number => {
  const day = dayNumberOf(key)
  const dayCount = buckets.unit === 'month' ? monthAfter(day, 1) - day : buckets.unit === 'week' ? 7 : 1
  return unit === 'hour' ? 24 * dayCount : dayCount
}

/** The same of those who were there in exactly so many units, and not in more. */
export const exactly = (cumulative: readonly number[]): readonly number[] =>
  cumulative.map((count, at) => count - (cumulative[at + 1] ?? 0))

/**
 * Frequency (query §2.5): by date of a bucket, how many people were there in at least 1, 2, 3 … different units of it.
 * `points`: [bucket, units, how many people were there in exactly so many].
 */
export const atLeast = (
  buckets: Buckets,
  unit: AddictionUnit,
  points: readonly (readonly [bucket: number, unitCount: number, people: number])[],
): ReadonlyMap<string, readonly number[]> => {
  const found = new Map(buckets.keys.map((key) => [key, new Array<number>(unitsOf(buckets, key, unit)).fill(0)]))
  for (const [bucket, unitCount, people] of points) {
    const counts = found.get(keyOfBucket(buckets, bucket)) ?? []
    for (let at = 0; at < Math.min(unitCount, counts.length); at += 1) counts[at] = (counts[at] ?? 0) + people
  }
  return found
}
