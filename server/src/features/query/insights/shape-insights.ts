import type { InsightsDefinition } from '../../reports/index.ts'
import type { Values } from '../domain/insights/analysis.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import { zonedKey, zonedText } from '../domain/time/report-dates.ts'
import type { InsightsLine } from './run-insights.ts'

export interface ReportAnswer {
  readonly headers: readonly string[]
  readonly series: object
}

/** What every saved report is answered in (query §2.1). */
export const reportJson = (buckets: Buckets, nowMs: number, { headers, series }: ReportAnswer): object => ({
  computed_at: new Date(nowMs).toISOString().replace('Z', '000+00:00'),
  date_range: {
    from_date: zonedText(buckets.zone, buckets.range.fromMs),
    to_date: zonedText(buckets.zone, buckets.range.toMs - 1),
  },
  headers,
  series,
})

/** The dates of buckets as they stand in answers. */
export const datesOf = ({ zone, keys }: Buckets): readonly string[] => keys.map((key) => zonedKey(zone, key))

/** What stands in place of a date when all of the range is one value. */
const wholeKey = 'all'
/** What stands in place of a value of the first breakdown for all of them. */
const overallKey = '$overall'

/** By metric, then by each breakdown, then by date. */
export const shapeInsights = (
  { breakdowns }: InsightsDefinition,
  buckets: Buckets,
  isWhole: boolean,
  lines: readonly InsightsLine[],
): ReportAnswer => {
  const dates = isWhole ? [wholeKey] : datesOf(buckets)
  const dated = (values: Values) => Object.fromEntries(dates.map((date, at) => [date, values[at] ?? null]))
  const series = lines.map(({ name, all, byKeys }) => {
    if (byKeys === null) return [name, dated(all)] as const
    const nested = nestedBy([...byKeys].map(([keys, values]) => [JSON.parse(keys) as string[], dated(values)]))
    return [name, { [overallKey]: dated(all), ...nested }] as const
  })
  const headers = breakdowns.length === 0 ? ['$event'] : ['$metric', ...breakdowns.map(({ property }) => property)]
  return { headers, series: Object.fromEntries(series) }
}

type Nested = { [key: string]: Nested | object }

const nestedBy = (entries: readonly (readonly [path: readonly string[], value: object])[]): Nested => {
  const root: Nested = Object.create(null)
  for (const [path, value] of entries) {
    let level = root
    for (const key of path.slice(0, -1)) {
      level[key] ??= Object.create(null) as Nested
      level = level[key] as Nested
    }
    level[path.at(-1) ?? ''] = value
  }
  return root
}
