import { InvalidRequest } from '../../../kernel/errors.ts'
import { dayMs } from '../../../kernel/time.ts'

export type AuditFormat = 'json' | 'ndjson' | 'csv'

/** What of a log is asked for; half-open in time, newest first. */
export interface AuditFilter {
  readonly fromMs: number | null
  readonly untilMs: number | null
  readonly eventTypes: readonly string[] | null
  /** Id or name of who did it. */
  readonly actor: string | null
  /** Of one project, in the log of an organization. */
  readonly projectId: number | null
  /** Records of a page, and of an export; null: an export of all. */
  readonly limit: number | null
  /** Only records older than this one. */
  readonly beforeId: string | null
  readonly format: AuditFormat
}

/** Query parameters → filter. Days are UTC, `to_date` is included. Throws InvalidRequest. */
export const parseAuditFilter = (query: Readonly<Record<string, string>>): AuditFilter => {
  const fromMs = dayOf(query, 'from_date')
  const toMs = dayOf(query, 'to_date')
  if (fromMs !== null && toMs !== null && fromMs > toMs) throw new InvalidRequest('from_date must not be after to_date')
  return {
    fromMs,
    untilMs: toMs === null ? null : toMs + dayMs,
    eventTypes:
      given(query, 'event_type')
        ?.split(',')
        .map((type) => type.trim()) ?? null,
    actor: given(query, 'actor'),
    projectId: projectOf(given(query, 'project_id')),
    limit: limitOf(given(query, 'limit'), given(query, 'format') ?? 'json'),
    beforeId: idOf(given(query, 'before')),
    format: formatOf(given(query, 'format') ?? 'json'),
  }
}

const given = (query: Readonly<Record<string, string>>, name: string): string | null => query[name] || null

const dayOf = (query: Readonly<Record<string, string>>, name: string): number | null => {
  const text = given(query, name)
  if (text === null) return null
  const ms = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  if (Number.isNaN(ms) || new Date(ms).toISOString().slice(0, 10) !== text) {
    throw new InvalidRequest(`${name} must be a day such as 2026-01-31`)
  }
  return ms
}

const limitMax = 10_000

const projectOf = (text: string | null): number | null => {
  if (text === null) return null
  if (!/^\d{1,9}$/.test(text)) throw new InvalidRequest('project_id must be the number of a project')
  return Number(text)
}

const limitOf = (text: string | null, format: string): number | null => {
  if (text === null) return format === 'json' ? 100 : null
  const limit = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (limit < 1 || limit > limitMax) throw new InvalidRequest(`limit must be a whole number from 1 to ${limitMax}`)
  return limit
}

const idOf = (text: string | null): string | null => {
  if (text !== null && !/^\d{1,18}$/.test(text)) throw new InvalidRequest('before must be the id of a record')
  return text
}

const formatOf = (text: string): AuditFormat => {
  if (text === 'json' || text === 'ndjson' || text === 'csv') return text
  throw new InvalidRequest('format must be json, ndjson or csv')
}
