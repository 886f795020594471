import { InvalidRequest } from '../../../kernel/errors.ts'
import { namesPeople } from '../../../kernel/group-key.ts'
import { dayMs, utcDay } from '../../../kernel/time.ts'

export type FilterValue = string | number | boolean | null

/** As sent (privacy §5). */
export interface AskedDeletion {
  readonly event: string
  readonly fromDate: string
  readonly toDate: string
  readonly filters: readonly { readonly property: string; readonly values: readonly FilterValue[] }[]
}

/** Which events are meant: of this name, from `fromDay` to `toDay` (UTC, both inclusive), that meet all filters. */
export interface DeletionRule {
  readonly event: string
  readonly fromDay: string
  readonly toDay: string
  readonly filters: readonly DeletionFilter[]
}

/** Values by the kind of JSON value, as the engine compares them; any of them will do. */
export interface DeletionFilter {
  readonly property: string
  readonly texts: readonly string[]
  readonly numbers: readonly number[]
  readonly others: readonly ('true' | 'false' | 'null')[]
}

/** Documented: events at most this old can be deleted by a rule. */
export const deletionAgeDaysMax = 180

// Columns of their own, and not among the properties that a filter can ask for.
const notProperties: ReadonlySet<string> = new Set(['time', '$insert_id', 'token'])

/** Throws InvalidRequest with what is wrong. */
export const deletionRule = (asked: AskedDeletion, nowMs: number): DeletionRule => {
  const fromDay = dayOf('from_date', asked.fromDate)
  const toDay = dayOf('to_date', asked.toDate)
  if (fromDay > toDay) throw new InvalidRequest('from_date must not be later than to_date')
  if (toDay > utcDay(nowMs)) throw new InvalidRequest('to_date cannot be later than today')
  if (fromDay < utcDay(nowMs - deletionAgeDaysMax * dayMs)) {
    throw new InvalidRequest(`from_date must not be more than ${deletionAgeDaysMax} days ago`)
  }
  const names = asked.filters.map(({ property }) => property)
  if (new Set(names).size !== names.length) throw new InvalidRequest('a property can be filtered by once')
  return { event: asked.event, fromDay, toDay, filters: asked.filters.map(filterOf) }
}

const dayOf = (name: string, text: string): string => {
  const parsed = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN
  // A date such as 2024-02-30 would roll over to March: it must come out as it went in.
  if (Number.isNaN(parsed) || utcDay(parsed) !== text) {
    throw new InvalidRequest(`${name} must be a date of the form YYYY-MM-DD`)
  }
  return text
}

const filterOf = ({ property, values }: AskedDeletion['filters'][number]): DeletionFilter => {
  if (namesPeople(property)) {
    throw new InvalidRequest(`${property} says who somebody is: delete people by /data-deletions`)
  }
  if (notProperties.has(property)) throw new InvalidRequest(`${property} cannot be filtered by`)
  const of = <T extends FilterValue>(is: (value: FilterValue) => value is T): readonly T[] => values.filter(is)
  return {
    property,
    texts: of((value) => typeof value === 'string'),
    numbers: of((value) => typeof value === 'number'),
    others: values
      .filter((value) => typeof value === 'boolean' || value === null)
      .map((value) => String(value) as 'true' | 'false' | 'null'),
  }
}
