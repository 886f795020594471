import { z } from 'zod'
import { customEventId, eventSelector } from './parts.ts'

const sessionEvents = new Set(['$session_start', '$session_end'])

/** RPT-08: happens whenever one of its events does. Known elsewhere as `$custom_event:<id>`. */
export const customEventDefinition = z.strictObject({
  events: z
    .array(
      eventSelector.refine(({ event }) => !sessionEvents.has(event) && customEventId(event) === null, {
        message: 'must be neither an event of sessions nor another custom event',
        path: ['event'],
      }),
    )
    .min(1)
    .max(25),
})
export type CustomEventDefinition = z.infer<typeof customEventDefinition>
