import { z } from 'zod'
import { InvalidRequest } from '../../../kernel/errors.ts'

export const annotationDescription = z.string().trim().min(1).max(1_024)

const sameInstant = (text: string): boolean => {
  const ms = Date.parse(`${text.replace(' ', 'T')}Z`)
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 19).replace('T', ' ') === text
}

/** When an annotation is for, by the clock of the project (reports §9). */
export const wallClock = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$/, 'must be YYYY-MM-DD HH:mm:ss')
  // A date such as 2024-02-30 would roll over to March: it must come out as it went in.
  .refine(sameInstant, 'is no date and time')

/** `YYYY-MM-DD`; null: not sent. Throws InvalidRequest. */
export const dayOrNull = (query: Readonly<Record<string, string>>, name: string): string | null => {
  const text = query[name] ?? ''
  if (text === '') return null
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text) || !sameInstant(`${text} 00:00:00`)) {
    throw new InvalidRequest(`${name} must be a date of the form YYYY-MM-DD`)
  }
  return text
}
