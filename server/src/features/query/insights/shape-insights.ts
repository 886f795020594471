import type { InsightsDefinition } from '../../reports/index.ts'
import type { Values } from '../domain/insights/analysis.ts'
import type { Buckets } from '../domain/time/buckets.ts'
import { zonedKey, zonedText } from '../domain/time/report-dates.ts'
import type { InsightsLine } from './run-insights.ts'

export interface ReportAnswer {
  readonly headers: readonly string[]
  readonly series: object
  /** What the report asks to be compared to. */
  readonly comparison?: object | null
}

/** What every saved report is answered in (query §2.1). */
export const reportJson = (
  buckets: Buckets,
  nowMs: number,
  { headers, series, comparison = null }: ReportAnswer,
): object => ({
  computed_at: new Date(nowMs).toISOString().replace('Z', '000+00:00'),
  date_range: {
    from_date: zonedText(buckets.zone, buckets.range.fromMs),
    to_date: zonedText(buckets.zone, buckets.range.toMs - 1),
  },
  headers,
  series,
  ...(comparison === null ? {} : { comparison }),
})

/** The dates of buckets as they stand in answers. */
export const datesOf = ({ zone, keys }: Buckets): readonly string[] => keys.map((key) => zonedKey(zone, key))

/** What stands in place of a date when all of the range is one value. */
const wholeKey = 'all'
/** What stands in place of a value of a breakdown for all of them. */
const overallKey = '$overall'

/** By metric, then by each breakdown, then by date; all that is below a value beside what is. */
export const seriesOf = (buckets: Buckets, isWhole: boolean, lines: readonly InsightsLine[]): object => {
  const dates = isWhole ? [wholeKey] : datesOf(buckets)
  const dated = (values: Values) => Object.fromEntries(dates.map((date, at) => [date, values[at] ?? null]))
  return Object.fromEntries(
    lines.map(({ name, all, byKeys, byPrefix }) => {
      if (byKeys === null) return [name, dated(all)] as const
      const root: Nested = Object.create(null)
      root[overallKey] = dated(all)
      for (const [keys, values] of byKeys) nest(root, JSON.parse(keys) as string[], dated(values), byPrefix, dated)
      return [name, root] as const
    }),
  )
}

export const shapeInsights = (
  { breakdowns, cohorts }: InsightsDefinition,
  buckets: Buckets,
  isWhole: boolean,
  lines: readonly InsightsLine[],
): ReportAnswer => {
  const levels = cohorts === undefined ? breakdowns.map(({ property }) => property) : ['$cohort']
  const headers = levels.length === 0 ? ['$event'] : ['$metric', ...levels]
  return { headers, series: seriesOf(buckets, isWhole, lines) }
}

type Nested = { [key: string]: Nested | object }

const nest = (
  root: Nested,
  path: readonly string[],
  value: object,
  byPrefix: InsightsLine['byPrefix'],
  dated: (values: Values) => object,
): void => {
  let level = root
  for (const [at, key] of path.slice(0, -1).entries()) {
    if (level[key] === undefined) {
      const overall = byPrefix.get(JSON.stringify(path.slice(0, at + 1)))
      const below: Nested = Object.create(null)
      if (overall !== undefined) below[overallKey] = dated(overall)
      level[key] = below
    }
    level = level[key] as Nested
  }
  level[path.at(-1) ?? ''] = value
}
