import { z } from 'zod'
import { customEventId, eventName, propertyName } from './parts.ts'

/** An event that is stored: one that stands for others, or that sessions make, begins and ends none. */
const storedEvent = eventName.refine(
  (name) => customEventId(name) === null && name !== '$session_start' && name !== '$session_end',
  { message: 'has to be the name of an event that is sent' },
)

/** Beside what is in no session anyway, and what the events of sessions inherit anyway. */
const beside = {
  excluded_events: z.array(storedEvent).max(100).optional(),
  inherited_properties: z.array(propertyName).max(4).optional(),
}

/** RPT-07: how a project's sessions are put together (reports §7). */
export const sessionSettings = z.discriminatedUnion('mode', [
  /** A longer gap than this ends a session. */
  z.strictObject({ mode: z.literal('timeout'), timeout_minutes: z.int().min(1).max(1_440), ...beside }),
  z.strictObject({ mode: z.literal('events'), start_event: storedEvent, end_event: storedEvent, ...beside }),
  /** Events with the same value are in one session. */
  z.strictObject({ mode: z.literal('property'), property: propertyName, ...beside }),
])
export type SessionSettings = z.infer<typeof sessionSettings>

export const defaultSessionSettings: SessionSettings = { mode: 'timeout', timeout_minutes: 30 }
