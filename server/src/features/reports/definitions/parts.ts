import { z } from 'zod'

// What definitions are made of. They hold what an analyst typed: names of events and properties, expressions, labels.

const textCharsMax = 255
const expressionCharsMax = 8_192

/** A name that somebody reads. */
export const label = z.string().trim().min(1).max(textCharsMax)
export const propertyName = z.string().min(1).max(textCharsMax)

/** An event's name, or `$custom_event:<id>` for a custom event of the project. */
export const eventName = z.string().min(1).max(textCharsMax)

/** Text of the expression language; its grammar is looked at when the definition is saved (query §4). */
export const expression = z.string().trim().min(1).max(expressionCharsMax)

/** One event, and which of its occurrences count. */
export const eventSelector = z.strictObject({ event: eventName, where: expression.optional() })

export const calendarUnit = z.enum(['hour', 'day', 'week', 'month'])

const date = z.iso.date()

/** Days of the project's time zone: fixed, or counted back from now. */
export const dateRange = z.union([
  z.strictObject({ from_date: date, to_date: date }).refine(({ from_date: from, to_date: to }) => from <= to, {
    message: 'from_date must not be later than to_date',
  }),
  z.strictObject({ since: date }),
  z.strictObject({ last: z.int().min(1).max(3_660), unit: calendarUnit }),
])

/** A property that splits a result, of the event or of whoever did it. */
export const breakdown = z.strictObject({
  property: propertyName,
  source: z.enum(['event', 'user']).default('event'),
  type: z.enum(['string', 'number', 'boolean', 'datetime', 'list']).optional(),
})
export type Breakdown = z.infer<typeof breakdown>

const customEvent = /^\$custom_event:([1-9]\d{0,9})$/

const customProperty = /^\$custom_property:([1-9]\d{0,9})$/

/** The id in `$custom_property:<id>`; null for the name of a property that is sent. */
export const customPropertyId = (name: string): number | null => {
  const id = customProperty.exec(name)?.[1]
  return id === undefined ? null : Number(id)
}

/** The id in `$custom_event:<id>`; null for the name of a plain event. */
export const customEventId = (event: string): number | null => {
  const id = customEvent.exec(event)?.[1]
  return id === undefined ? null : Number(id)
}
