import { averageRetention } from '../domain/retention/average.ts'
import { completeIntervals, endsOf, evenEnds, type Intervals } from '../domain/retention/intervals.ts'
import type { Cohort } from '../domain/retention/retention.ts'
import { type Buckets, keyOfBucket } from '../domain/time/buckets.ts'
import { bucketsOfReport, startOfKey } from '../domain/time/report-dates.ts'
import type { Definitions } from '../ports.ts'
import { retentionUnitMs } from '../retention/retention.ts'
import type { RetentionPlan } from '../retention/retention-sql.ts'
import { runRetention } from '../retention/run-retention.ts'
import { type Answered, type Call, matcher, type Of, splitOf } from './other-reports.ts'
import { datesOf } from './shape-insights.ts'

type Report = Of<'retention'>

/**
 * By date the cohorts, with the first interval that is not over yet where there is one, and `$average` by interval of
 * those that are complete.
 */
export const retentionReport = async (definitions: Definitions, call: Call, report: Report): Promise<Answered> => {
  const { view } = call
  const buckets = bucketsOfReport(view.timezone, report.dates, report.unit, view.nowMs)
  const matchOf = matcher(definitions, call)
  const { headers, by } = splitOf(report)
  const plan: RetentionPlan = {
    type: report.retention_type,
    buckets,
    intervals: intervalsOf(report, view.timezone),
    criterion: report.criterion ?? (report.is_unbounded ? 'on-or-after' : 'on'),
    birth: {
      ...(await matchOf(report.born_event ?? report.event, report.born_where)),
      isFirst: report.born_first_time === true,
    },
    entity: report.group_key ?? null,
    sumOf: report.measure?.property ?? null,
    return: await matchOf(report.event, report.where),
    by: by === null ? null : { ...by, of: 'birth' },
  }
  const { all, byKey } = await runRetention(call, plan)
  const dates = datesOf(buckets)
  const completeOf = completeByBucket(plan, view.nowMs)
  const zeros = plan.intervals.ends.map(() => 0)
  const none = { first: 0, counts: zeros, sums: zeros }
  const shaped = (cohorts: ReadonlyMap<number, Cohort>) => {
    const found = new Map([...cohorts.values()].map((cohort) => [keyOfBucket(buckets, cohort.bucket), cohort]))
    const line = buckets.keys.map((key, at): Dated => ({ ...(found.get(key) ?? none), complete: completeOf[at] ?? 0 }))
    const dated = line.map((cohort, at) => [dates[at] ?? '', wireOf(cohort, report.measure?.math)] as const)
    return Object.fromEntries([...dated, ['$average', averages(line, zeros.length, report.measure?.math)] as const])
  }
  if (byKey === null) return { buckets, answer: { headers, series: shaped(all ?? new Map()) } }
  const series = Object.fromEntries([...byKey].map(([key, cohorts]) => [key, shaped(cohorts)]))
  return { buckets, answer: { headers: headers.toReversed(), series } }
}

const intervalsOf = (report: Report, zone: string): Intervals => {
  const { unit, brackets, interval_count: count, interval_mode: mode } = report
  return {
    clock: mode === 'calendar' ? { kind: mode, unit, zone } : { kind: mode, unitMs: retentionUnitMs[unit] },
    // Beside the asked ones there is the one that begins with birth; brackets are all there are.
    ends: brackets === undefined ? evenEnds(count + 1) : endsOf(brackets),
  }
}

type Math = NonNullable<Report['measure']>['math'] | undefined

interface Dated extends Pick<Cohort, 'first' | 'counts' | 'sums'> {
  /** How many intervals are over for everybody of the cohort. */
  readonly complete: number
}

const completeByBucket = ({ buckets, intervals }: RetentionPlan, nowMs: number): readonly number[] => {
  const endOf = ({ keys, zone, range }: Buckets, at: number): number => {
    const next = keys[at + 1]
    return next === undefined ? range.toMs : startOfKey(zone, next)
  }
  // The last who can be born in a bucket is the last to complete an interval.
  return buckets.keys.map((_, at) => completeIntervals(intervals, endOf(buckets, at) - 1, nowMs))
}

const perPerson = (sum: number, count: number): number | null => (count === 0 ? null : sum / count)

const wireOf = ({ counts, sums = [], first, complete }: Dated, math: Math) => ({
  counts,
  first,
  ...(math === 'sum' ? { sums } : {}),
  ...(math === 'average' ? { averages: counts.map((count, k) => perPerson(sums[k] ?? 0, count)) } : {}),
  ...(complete < counts.length ? { incomplete_from: complete } : {}),
})

/** Of each interval over the cohorts that have completed it (query §8); null where none has. */
const averages = (line: readonly Dated[], intervalCount: number, math: Math) =>
  Array.from({ length: intervalCount }, (_, k) => {
    const weighted = (of: (cohort: Dated) => number) =>
      averageRetention(line.map((one) => ({ first: one.first, count: of(one), isComplete: k < one.complete })))
    const people = weighted(({ counts }) => counts[k] ?? 0)
    if (people === null || math === undefined) return people
    const sum = weighted(({ sums }) => sums?.[k] ?? 0)?.count ?? 0
    return { ...people, ...(math === 'sum' ? { sum } : { average: perPerson(sum, people.count) }) }
  })
