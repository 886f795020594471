import { z } from 'zod'
import { eventName, expression, label, propertyName } from './parts.ts'

const stepCountMax = 100

const step = z.strictObject({
  /** A name, or `$custom_event:<id>`. */
  event: eventName,
  /** Before the query: which occurrences qualify for the step. */
  where: expression.optional(),
  label: label.optional(),
  /** Only the first occurrence in all history; `where` then says whether that one counts. */
  first_time: z.literal(true).optional(),
  /** Events that are compared with `event` here: a funnel with each of them. */
  compare: z
    .array(z.strictObject({ event: eventName, where: expression.optional(), label: label.optional() }))
    .min(1)
    .max(9)
    .optional(),
  /** Only in any order: false lets the step happen anywhere before the next anchored one. */
  anchored: z.boolean().optional(),
})

const exclusion = z.strictObject({
  event: eventName,
  where: expression.optional(),
  /** Between which steps, from 0; left out: between all. */
  from_step: z.int().min(0).optional(),
  to_step: z.int().min(1).optional(),
})

const secondsOf = { second: 1, minute: 60, hour: 3_600, day: 86_400, week: 604_800, month: 2_592_000 } as const
const windowSecondsMax = 366 * secondsOf.day
const windowSessionsMax = 12

/** Seconds of a funnel's window; null when it is counted in sessions. */
export const windowSeconds = (length: number, unit: keyof typeof secondsOf | 'session'): number | null =>
  unit === 'session' ? null : length * secondsOf[unit]

/** A saved funnel (reports §3). Every key has its default, so that a reader needs none of its own. */
export const funnelDefinition = z
  .strictObject({
    steps: z.array(step).min(1).max(stepCountMax),
    length: z.int().min(1).default(7),
    length_unit: z.enum(['second', 'minute', 'hour', 'day', 'week', 'month', 'session']).default('day'),
    order: z.enum(['specific', 'any']).default('specific'),
    counting: z.enum(['uniques', 'totals', 'sessions']).default('uniques'),
    /** `optimized`: every occurrence of the first step is tried. */
    reentry: z.enum(['basic', 'optimized']).default('basic'),
    exclusions: z.array(exclusion).max(20).default([]),
    /** Event properties that keep one value along the steps. */
    hold_constant: z.array(propertyName).max(3).default([]),
    /** After the query: drops whole attempts. */
    where: expression.optional(),
    /** Which step says what an attempt's value is in a breakdown: the first that has one, the last, or one of them. */
    attribution: z.union([z.enum(['first', 'last']), z.strictObject({ step: z.int().min(0) })]).default('first'),
    /** The event property whose values are counted in place of people: each group that an event names. */
    group_key: propertyName.optional(),
    /** A number of the event that took a step, added up per step. */
    sum_property: propertyName.optional(),
    /** How long it took, of every attempt of totals: beside average, median, least and most, these percentiles. */
    time_to_convert: z
      .strictObject({ percentiles: z.array(z.number().min(0).max(100)).max(10).default([]) })
      .optional(),
    /** How sure it is that values of a breakdown convert otherwise than all, or than one of them. */
    significance: z.strictObject({ control: z.string().max(255).optional() }).optional(),
  })
  .superRefine((funnel, context) => {
    const fault = (message: string, ...path: (string | number)[]) =>
      context.addIssue({ code: 'custom', message, path, input: funnel })
    const seconds = windowSeconds(funnel.length, funnel.length_unit)
    if (seconds === null && funnel.length > windowSessionsMax) fault('must be at most 12 sessions', 'length')
    if (seconds !== null && seconds > windowSecondsMax) fault('must be at most 366 days', 'length')
    if (seconds === null && funnel.counting !== 'sessions') fault('sessions need counting: sessions', 'length_unit')
    const last = funnel.steps.length - 1
    for (const [at, { from_step: from = 0, to_step: to = last }] of funnel.exclusions.entries()) {
      if (from >= to || to > last) fault('must lie between two steps of the funnel', 'exclusions', at)
    }
    const compared = funnel.steps.flatMap(({ compare }, at) => (compare === undefined ? [] : [at]))
    if (compared.length > 1) fault('events are compared at one step', 'steps', compared[1] ?? 0, 'compare')
    if (funnel.group_key !== undefined && funnel.counting === 'sessions') fault('groups have no sessions', 'group_key')
    const { attribution } = funnel
    if (typeof attribution === 'object' && attribution.step > last)
      fault('names a step that is not there', 'attribution')
  })

export type FunnelDefinition = z.infer<typeof funnelDefinition>
export type FunnelStep = FunnelDefinition['steps'][number]
