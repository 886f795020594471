import type { z } from 'zod'
import { InvalidRequest } from '../kernel/errors.ts'

const depthMax = 20

/** What the control store could not keep, or a reader could not walk; null when there is nothing of that. */
const faultOf = (value: unknown, depth = 0): string | null => {
  if (typeof value === 'string') {
    return value.includes('\0') || !value.isWellFormed() ? 'a text holds characters that cannot be stored' : null
  }
  if (typeof value !== 'object' || value === null) return null
  if (depth >= depthMax) return `it is nested deeper than ${depthMax} levels`
  for (const [key, inner] of Object.entries(value)) {
    const fault = faultOf(key) ?? faultOf(inner, depth + 1)
    if (fault !== null) return fault
  }
  return null
}

/** The body as its schema says. Throws InvalidRequest with the place and the reason of the first fault, and no value. */
export const sentJson = <Schema extends z.ZodType>(schema: Schema, body: Buffer): z.infer<Schema> => {
  const sent = parsed(body)
  const fault = faultOf(sent)
  if (fault !== null) throw new InvalidRequest(`the body cannot be used: ${fault}`)
  const result = schema.safeParse(sent)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'the body' : `'${issue.path.map(String).join('.')}'`
  throw new InvalidRequest(`${place} is invalid: ${issue?.message ?? 'unknown'}`)
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch {
    // The parser's own text would quote the body.
    throw new InvalidRequest('the body must be JSON')
  }
}
