import type { Buckets } from '../domain/time/buckets.ts'
import type { ReadView } from '../read-view.ts'
import { bucketSql } from './bucket.ts'
import { createEventContext, eventSource } from './event-source.ts'
import { bucketValue, counted, type Measure, type SeriesRow } from './series.ts'
import type { Binder } from './sql-context.ts'

export interface EventCountsPlan {
  /** Null: every event. */
  readonly events: readonly string[] | null
  readonly buckets: Buckets
  readonly measure: Measure
  readonly limit: number
}

/** One row per event with what it counts in each bucket; the one that counts most in a bucket comes first. */
export interface EventRow {
  readonly event: string
  readonly points: SeriesRow['points']
}

export const eventCountsSql = (view: ReadView, binder: Binder, plan: EventCountsPlan): string => {
  const { events, buckets, measure, limit } = plan
  const context = createEventContext(view, binder)
  const isListed = events === null ? context.isListed : null
  const where = [...(measure === 'general' ? [] : [context.isSomebody]), ...(isListed === null ? [] : [isListed])]
  const people = measure === 'general' ? ({ people: 'not asked for' } as const) : {}
  const from = eventSource(view, binder, context, { range: buckets.range, events, where, ...people })
  return `SELECT event, groupArray((b, ${bucketValue[measure]})) AS points FROM (
SELECT e.event AS event, ${bucketSql(binder, buckets)} AS b, ${counted(measure, context)}
${from}
GROUP BY event, b)
GROUP BY event ORDER BY max(${bucketValue[measure]}) DESC, event LIMIT ${binder.bind(limit, 'UInt32')}`
}
