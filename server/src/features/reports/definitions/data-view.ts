import { z } from 'zod'
import { eventName, expression } from './parts.ts'

/** LEX-12: what of the project's data its members work with. A key that is left out filters nothing. */
export const dataViewDefinition = z.strictObject({
  /** Only these events. */
  events: z.array(eventName).min(1).max(1_000).optional(),
  /** On event properties. */
  event_where: expression.optional(),
  /** On profile properties of whoever did it. */
  profile_where: expression.optional(),
  /** Private: for its creator, its members, and admins of the project. */
  visibility: z.enum(['public', 'private']).default('public'),
  /** Restricted: changed only by its creator or an owner of the project. */
  editing: z.enum(['restricted', 'unrestricted']).default('restricted'),
  /** Accounts (people who log in). */
  members: z.array(z.int().positive()).max(1_000).default([]),
})
export type DataViewDefinition = z.infer<typeof dataViewDefinition>
