import { z } from 'zod'
import { customEventId, customPropertyId, eventName, expression, propertyName } from './parts.ts'
import { valueBuckets } from './value-buckets.ts'

/** What is looked at when something is borrowed: events that are sent, and properties that are sent with them. */
const sentEvent = eventName.refine(
  (name) => customEventId(name) === null && name !== '$session_start' && name !== '$session_end',
  { message: 'has to be the name of an event that is sent' },
)
const sentProperty = propertyName.refine((name) => customPropertyId(name) === null, {
  message: 'has to be the name of a property that is sent',
})

/** RPT-08: worked out when it is asked for, known elsewhere as the property `$custom_property:<id>` (reports §7). */
export const customPropertyDefinition = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('formula'),
    /** `user`: `properties["x"]` in it is of the profile, and it can be asked of profiles as well. */
    of: z.enum(['event', 'user']).default('event'),
    formula: expression,
    buckets: valueBuckets.optional(),
  }),
  /** The value that the person's last earlier event had, if that was within seven days. */
  z.strictObject({
    type: z.literal('borrowed'),
    /** Left out: any event. */
    events: z.array(sentEvent).min(1).max(25).optional(),
    property: sentProperty,
    buckets: valueBuckets.optional(),
  }),
])
export type CustomPropertyDefinition = z.infer<typeof customPropertyDefinition>
