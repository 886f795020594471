import { z } from 'zod'
import type { Request } from './domain/language/session.ts'
import { LimitExceeded } from './errors.ts'

const day = z.string().regex(/^\d{4}-\d\d-\d\d$/)
const eventSelector = z.strictObject({
  event: z.string().max(1_000).optional(),
  selector: z.string().optional(),
  label: z.string().max(1_000).optional(),
})
// Each is a condition in one statement of the engine.
const selectorCountMax = 200
const eventSelectors = z.array(eventSelector).max(selectorCountMax)

const events = z.strictObject({
  kind: z.literal('events'),
  fromDate: day,
  toDate: day,
  selectors: eventSelectors,
})
const people = z.strictObject({
  kind: z.literal('people'),
  selectors: z.array(z.strictObject({ selector: z.string() })).max(selectorCountMax),
})
const join = z.strictObject({
  kind: z.literal('join'),
  events,
  people,
  type: z.enum(['full', 'left', 'right', 'inner']),
  selectors: eventSelectors,
})
const request = z.strictObject({ source: z.union([events, people, join]), byUser: z.boolean() })

/** What a script asked for, as its process told it. That process is not believed. */
export const parseSourceRequest = (value: unknown): Request => {
  const parsed = request.safeParse(value)
  if (!parsed.success) {
    throw new LimitExceeded(`a source takes at most ${selectorCountMax} selectors, of texts alone`)
  }
  return parsed.data as Request
}
