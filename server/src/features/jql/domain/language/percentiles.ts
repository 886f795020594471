import { fail } from './values.ts'

const isPercentile = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= 100

// 99.9 % of 1000 is 999 values, whatever binary fractions make of it.
const rounding = 1e-9

/** The smallest value that at least so many percent of all are not above (nearest rank); exact. Null of nothing. */
const nearestRank = (sorted: readonly number[], percentile: number): number | null =>
  sorted[Math.max(0, Math.ceil((percentile * sorted.length) / 100 - rounding) - 1)] ?? null

/** One number for one percentile, [{percentile, value}] for a list of them. */
export const percentilesOf = (wanted: unknown): ((values: readonly number[]) => unknown) => {
  const sort = (values: readonly number[]) => values.toSorted((a, b) => a - b)
  if (isPercentile(wanted)) return (values) => nearestRank(sort(values), wanted)
  if (!Array.isArray(wanted) || !wanted.every(isPercentile)) {
    return fail('mixpanel.reducer.numeric_percentiles: expected a number from 0 to 100, or a list of them')
  }
  return (values) => {
    const sorted = sort(values)
    return wanted.map((percentile) => ({ percentile, value: nearestRank(sorted, percentile) }))
  }
}
