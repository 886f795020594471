import { z } from 'zod'
import { eventName, expression } from './parts.ts'

/** LEX-12: what of the project's data its members work with. A key that is left out filters nothing. */
export const dataViewDefinition = z.strictObject({
  /** Only these events. */
  events: z.array(eventName).min(1).max(1_000).optional(),
  /** Which events. */
  where: expression.optional(),
  /** Which people: profile properties as `user["plan"]`, for events and profiles alike. */
  profile_where: expression.optional(),
  /** Private: for its creator, its members and teams, and admins of the project. */
  visibility: z.enum(['public', 'private']).default('public'),
  /** Restricted: changed only by its creator or an owner of the project. */
  editing: z.enum(['restricted', 'unrestricted']).default('restricted'),
  /** Accounts (people who log in). */
  members: z.array(z.int().positive()).max(1_000).default([]),
  /** Teams of the organization, with their people and service accounts. */
  teams: z.array(z.int().positive()).max(100).default([]),
})
export type DataViewDefinition = z.infer<typeof dataViewDefinition>

/** A data view as one expression that every event has to meet; null when it leaves nothing out. */
export const dataViewExpression = ({ events, where, profile_where }: DataViewDefinition): string | null => {
  const names = events === undefined ? [] : [`properties["$event_name"] in ${JSON.stringify(events)}`]
  const parts = [...names, where, profile_where].filter((part) => part !== undefined)
  return parts.length === 0 ? null : parts.map((part) => `(${part})`).join(' and ')
}
