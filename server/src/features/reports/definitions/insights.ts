import { z } from 'zod'
import { breakdown, calendarUnit, dateRange, eventName, expression, label, propertyName } from './parts.ts'
import { valueBuckets } from './value-buckets.ts'

const aggregates = ['sum', 'average', 'median', 'percentile', 'min', 'max', 'distinct'] as const
const counts = ['total', 'unique', 'dau', 'wau', 'mau', 'sessions'] as const

interface Measured {
  readonly math: (typeof aggregates)[number] | (typeof counts)[number]
  readonly property?: string | undefined
  readonly percentile?: number | undefined
  readonly per_user?: string | undefined
}

/** What is missing beside `math`, and what has no place there. */
const checkMath = (sent: Measured, context: z.RefinementCtx): void => {
  const ofProperty = (aggregates as readonly string[]).includes(sent.math)
  const fault = (message: string, key: string) =>
    context.addIssue({ code: 'custom', message, path: [key], input: sent })
  if (ofProperty !== (sent.property !== undefined))
    fault(`math: ${sent.math} ${ofProperty ? 'needs one' : 'takes none'}`, 'property')
  const isPercentile = sent.math === 'percentile' || sent.per_user === 'percentile'
  if (isPercentile !== (sent.percentile !== undefined)) fault('belongs to a percentile', 'percentile')
}

const percentile = z.number().min(0).max(100)

const eventMetric = z
  .strictObject({
    type: z.literal('event').optional(),
    /** A name, or `$custom_event:<id>`. */
    event: eventName,
    where: expression.optional(),
    label: label.optional(),
    /** What is measured (reports §2). */
    math: z.enum([...counts, ...aggregates]).default('total'),
    /** Of the event; needed by every measure of a property. */
    property: propertyName.optional(),
    /** 0 to 100, with math: percentile. */
    percentile: percentile.optional(),
    /** The measure is taken per user first; then this of the users' values. */
    per_user: z.enum(['average', 'median', 'percentile', 'min', 'max']).optional(),
    /** With math: unique and a breakdown: whether a person counts under every value, or the first or last of an interval. */
    segments: z.enum(['all', 'first', 'last']).optional(),
    /** Only the first occurrence of the event in all history; `where` then says whether that one counts. */
    first_time: z.boolean().optional(),
    /** Groups, by this property of events, are counted in place of people. */
    group_key: propertyName.optional(),
  })
  .superRefine((sent, context) => {
    checkMath(sent, context)
    if (sent.segments !== undefined && sent.math !== 'unique')
      context.addIssue({ code: 'custom', message: 'belongs to math: unique', path: ['segments'], input: sent })
    const countsSomebody = sent.per_user !== undefined || ['unique', 'dau', 'wau', 'mau'].includes(sent.math)
    if (sent.group_key !== undefined && !countsSomebody)
      context.addIssue({ code: 'custom', message: 'needs what counts somebody', path: ['group_key'], input: sent })
    if (sent.first_time === true && sent.math === 'sessions')
      context.addIssue({ code: 'custom', message: 'has no place in sessions', path: ['first_time'], input: sent })
  })
export type EventMetric = z.infer<typeof eventMetric>

/** Profiles as they are now: how many, or what a property of theirs comes to. */
const profileMetric = z
  .strictObject({
    type: z.literal('profiles'),
    where: expression.optional(),
    label: label.optional(),
    math: z.enum(['total', ...aggregates]).default('total'),
    property: propertyName.optional(),
    percentile: percentile.optional(),
  })
  .superRefine(checkMath)
export type ProfileMetric = z.infer<typeof profileMetric>

const cohortId = z.int().positive().max(2_147_483_647)

/** How many are in a cohort at the end of each interval, going by what profiles say now. */
const cohortMetric = z.strictObject({
  type: z.literal('cohort'),
  cohort_id: cohortId,
  label: label.optional(),
})

const metric = z.discriminatedUnion('type', [eventMetric, profileMetric, cohortMetric])
export type InsightsMetric = z.infer<typeof metric>

/** Letters name the metrics in their order: `A / B * 100`. */
const formula = z.strictObject({
  formula: z
    .string()
    .trim()
    .regex(/^[A-Z0-9+\-*/(). ]{1,255}$/),
  label: label.optional(),
})

const share = z.number().min(0).max(100)

/** How what happened is credited to what people did before it (reports §2). */
const attribution = z
  .strictObject({
    model: z
      .enum(['first', 'last', 'linear', 'participation', 'time_decay', 'u_shaped', 'j_shaped', 'inverse_j', 'custom'])
      .default('last'),
    lookback_days: z.int().min(1).max(366).default(30),
    /** Of model: custom. Shares of the first, of all in between, and of the last. */
    weights: z
      .strictObject({ first: share, middle: share, last: share })
      .refine(({ first, middle, last }) => first + middle + last > 0, { message: 'need one above 0' })
      .optional(),
  })
  .refine(({ model, weights }) => (model === 'custom') === (weights !== undefined), {
    message: 'belong to model: custom',
    path: ['weights'],
  })
export type AttributionDefinition = z.infer<typeof attribution>

/** Ranges of the same width that hold all numbers there are. */
const autoBuckets = z.strictObject({ type: z.literal('auto') })

const insightsBreakdown = breakdown.extend({
  /** Groups that values are put into; numbers (`type`) have ranges of their own where nothing is said. */
  buckets: z.union([valueBuckets, autoBuckets]).optional(),
  /** The value is that of events before, to which the event is credited. */
  attribution: attribution.optional(),
})
export type InsightsBreakdown = z.infer<typeof insightsBreakdown>

/** What stands beside the answer (reports §2). */
const compare = z.union([
  z.strictObject({ to: z.literal('past'), unit: z.enum(['day', 'week', 'month', 'quarter', 'year']) }),
  z.strictObject({ to: z.literal('past'), days: z.int().min(1).max(3_660) }),
  z.strictObject({ to: z.literal('overall') }),
  /** A value of each breakdown. */
  z.strictObject({ to: z.literal('segment'), segment: z.array(z.string().max(1_024)).min(1).max(5) }),
])

/** How many segments of a report can be asked for (reports §1). */
const segmentsMax = {
  table: 3_000,
  ...{ bar: 300, 'stacked-bar': 300 },
  ...{ line: 50, 'stacked-line': 50, pie: 50 },
  ...{ metric: 12, column: 12, 'stacked-column': 12 },
} as const

export const timeCharts: readonly string[] = ['line', 'stacked-line', 'column', 'stacked-column']

export const insights = z
  .strictObject({
    type: z.literal('insights'),
    metrics: z.array(metric).min(1).max(40),
    formulas: z.array(formula).max(40).default([]),
    breakdowns: z.array(insightsBreakdown).max(5).default([]),
    /** In place of breakdowns: In and Not in of each. */
    cohorts: z.array(cohortId).min(1).max(10).optional(),
    where: expression.optional(),
    unit: z.enum([...calendarUnit.options, 'minute']).default('day'),
    dates: dateRange,
    chart: z
      .enum(['line', 'bar', 'stacked-line', 'stacked-bar', 'column', 'stacked-column', 'pie', 'metric', 'table'])
      .default('line'),
    /** How many combinations of values; left out, as many as are shown at all. */
    limit: z.int().min(1).optional(),
    compare: compare.optional(),
    rolling: z.int().min(2).max(366).optional(),
    is_cumulative: z.boolean().default(false),
  })
  .superRefine((report, context) => {
    const { metrics, breakdowns, cohorts, chart, limit = 1, compare: beside } = report
    const levelCount = breakdowns.length + (cohorts === undefined ? 0 : 1)
    const fault = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path, input: report })
    if (limit > segmentsMax[chart]) fault(`must be at most ${segmentsMax[chart]} in a ${chart}`, 'limit')
    const isOfPeople = metrics.some(({ type }) => type === 'profiles' || type === 'cohort')
    if (timeCharts.includes(chart) && metrics.some(({ type }) => type === 'profiles'))
      fault('profiles have no time: choose bar, stacked-bar, pie, metric or table', 'chart')
    for (const [at, { source, type, buckets, attribution: credit }] of breakdowns.entries()) {
      if (isOfPeople && (source !== 'user' || credit !== undefined))
        fault('profiles and cohorts are split by properties of profiles (source: user)', 'breakdowns', at)
      if (credit === undefined) continue
      if (metrics.some((one) => 'event' in one && (one.first_time === true || one.group_key !== undefined)))
        fault('is of all events of people', 'breakdowns', at, 'attribution')
      if (source === 'user' || buckets?.type === 'auto' || (type === 'number' && buckets === undefined))
        fault('is for properties of events, without ranges that are worked out', 'breakdowns', at, 'attribution')
      if (breakdowns.findIndex((other) => other.attribution !== undefined) !== at)
        fault('only one breakdown can have it', 'breakdowns', at, 'attribution')
    }
    if (cohorts !== undefined && breakdowns.length > 0) fault('stand in place of breakdowns', 'cohorts')
    if (cohorts !== undefined && metrics.some(({ type }) => type === 'cohort')) fault('do not split cohorts', 'cohorts')
    if (beside?.to === 'segment' && beside.segment.length !== levelCount)
      fault('needs a value of each breakdown', 'compare', 'segment')
    if (beside?.to === 'overall' && levelCount === 0) fault('needs a breakdown', 'compare')
  })
export type InsightsDefinition = z.infer<typeof insights>
