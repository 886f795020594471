import { InvalidRequest } from '../../../kernel/errors.ts'
import { utcDay } from '../../../kernel/time.ts'

export interface ExportRequest {
  /** Days of UTC, or of the project's zone (EXP-04); both inclusive. */
  readonly fromDay: string
  readonly toDay: string
  /** Null: every event. */
  readonly eventNames: readonly string[] | null
  readonly maxEventCount: number | null
  readonly timeUnit: 'seconds' | 'milliseconds'
  /** Expression that an event has to meet (query §4). */
  readonly where: string | null
}

const eventCountMax = 100_000
const yes = new Set(['1', 'true', 'True', 'TRUE'])

/** Parameters of GET /api/2.0/export (export §1); `today` is the last day that may be asked for. Throws InvalidRequest with the text that clients look for. */
export const parseExportRequest = (params: Readonly<Record<string, string>>, today: string): ExportRequest => {
  const fromDay = dayOf('from_date', params['from_date'])
  const toDay = dayOf('to_date', params['to_date'])
  if (fromDay > toDay) throw new InvalidRequest('from_date must not be later than to_date')
  if (toDay > today) throw new InvalidRequest('to_date cannot be later than today')
  return {
    fromDay,
    toDay,
    eventNames: eventNamesOf(params['event']),
    maxEventCount: limitOf(params['limit']),
    timeUnit: yes.has(params['time_in_ms'] ?? '') ? 'milliseconds' : 'seconds',
    where: (params['where'] ?? '').trim() === '' ? null : (params['where'] as string),
  }
}

const dayOf = (name: string, text: string | undefined): string => {
  if (text === undefined || text === '') throw new InvalidRequest(`${name} is required (YYYY-MM-DD)`)
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // A date such as 2024-02-30 would roll over to March: it must come out as it went in.
  if (Number.isNaN(parsed) || utcDay(parsed) !== text) {
    throw new InvalidRequest(`${name} must be a date of the form YYYY-MM-DD`)
  }
  return text
}

/** A JSON array of names; one bare name is tolerated. */
const eventNamesOf = (text: string | undefined): readonly string[] | null => {
  if (text === undefined || text.trim() === '') return null
  if (!text.trim().startsWith('[')) return [text.trim().replace(/^"(.*)"$/, '$1')]
  const parsed = parseArray(text)
  if (parsed === null || !parsed.every((name) => typeof name === 'string')) {
    throw new InvalidRequest('event must be a JSON array of event names')
  }
  return parsed.length === 0 ? null : (parsed as string[])
}

const parseArray = (text: string): unknown[] | null => {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) ? value : null
  } catch {
    return null
  }
}

const limitOf = (text: string | undefined): number | null => {
  if (text === undefined || text === '') return null
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > eventCountMax) {
    throw new InvalidRequest(`limit must be a whole number from 1 to ${eventCountMax}`)
  }
  return limit
}
