import { dayMs } from '../../../kernel/time.ts'
import type { Borrowed } from './custom-properties.ts'
import type { TimeRange, WantedEvents } from './event-source.ts'
import type { EventContext } from './sql-context.ts'

// Borrowed properties (reports §7): what the person's last earlier event had. Of one instant the greatest text counts, so
// that every question gets the same.

const lookbackDays = 7

/** SQL of the JSON text of the n-th of what is borrowed, '' where there is nothing. */
export const borrowedSql = (at: number): string =>
  `if(b${at}.at >= e.time - toIntervalDay(${lookbackDays}), b${at}.value, '')`

/** Joins the last earlier value to each event `e`; `inner` and `from` are those of the rows that have one. */
export const borrowedJoin = (
  context: EventContext,
  inner: EventContext,
  from: (wanted: WantedEvents) => string,
  { events, property }: Borrowed,
  { at, range }: { readonly at: number; readonly range: TimeRange | null },
): string => {
  const value = inner.eventProperty(property)
  const rows = from({
    range: range === null ? null : { ...range, fromMs: range.fromMs - lookbackDays * dayMs },
    events: events ?? null,
    // Lists cannot be borrowed.
    where: [inner.isSomebody, `${value} NOT IN ('', 'null')`, `NOT startsWith(${value}, '[')`],
  })
  return `
ASOF LEFT JOIN (
  SELECT who, at, max(value) AS value FROM (SELECT ${inner.person} AS who, e.time AS at, ${value} AS value ${rows})
  GROUP BY who, at
) AS b${at} ON ${context.person} = b${at}.who AND e.time > b${at}.at`
}
