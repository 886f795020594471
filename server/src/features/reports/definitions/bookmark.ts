import { z } from 'zod'
import { funnelDefinition } from './funnel.ts'
import { insights } from './insights.ts'
import { breakdown, calendarUnit, dateRange, eventName, expression, propertyName } from './parts.ts'

const funnels = z.strictObject({
  type: z.literal('funnels'),
  funnel: funnelDefinition,
  breakdown: breakdown.optional(),
  unit: calendarUnit.default('day'),
  dates: dateRange,
})

const retention = z.strictObject({
  type: z.literal('retention'),
  retention_type: z.enum(['birth', 'compounded']).default('birth'),
  born_event: eventName.optional(),
  born_where: expression.optional(),
  /** Left out: any event. */
  event: eventName.optional(),
  where: expression.optional(),
  unit: z.enum(['day', 'week', 'month']).default('day'),
  interval_count: z.int().min(1).max(366).default(11),
  /** Lengths of the intervals in units, the one that begins with birth first; in place of `interval_count`. */
  brackets: z
    .array(z.int().min(1).max(367))
    .min(1)
    .max(90)
    .refine((lengths) => lengths.reduce((sum, length) => sum + length, 0) <= 367, { message: 'add up to 367 at most' })
    .optional(),
  /** From everybody's own event, or by the days, weeks and months of the project's zone. */
  interval_mode: z.enum(['rolling', 'calendar']).default('rolling'),
  /** Who counts in an interval; left out, `is_unbounded` says whether it is on-or-after rather than on. */
  criterion: z.enum(['on', 'on-or-after', 'on-or-before', 'streak']).optional(),
  is_unbounded: z.boolean().default(false),
  /** Only the first occurrence in all history is a birth; `born_where` then says whether that one counts. */
  born_first_time: z.literal(true).optional(),
  /** A number of the events that come back: all of it, or per person of those who came back. */
  measure: z.strictObject({ math: z.enum(['sum', 'average']), property: propertyName }).optional(),
  /** The event property whose values are counted in place of people: each group that an event names. */
  group_key: propertyName.optional(),
  breakdown: breakdown.optional(),
  dates: dateRange,
})

const frequency = z.strictObject({
  type: z.literal('frequency'),
  event: eventName.optional(),
  where: expression.optional(),
  unit: z.enum(['day', 'week', 'month']).default('week'),
  addiction_unit: z.enum(['hour', 'day']).default('day'),
  /** How many were there in at least so many hours or days, or in exactly so many. */
  distribution: z.enum(['cumulative', 'exact']).default('cumulative'),
  group_key: propertyName.optional(),
  breakdown: breakdown.optional(),
  dates: dateRange,
})

/** A saved report of any kind; QRY-01 reads them by their id. */
export const bookmarkDefinition = z.discriminatedUnion('type', [insights, funnels, retention, frequency])
export type BookmarkDefinition = z.infer<typeof bookmarkDefinition>
