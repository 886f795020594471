import { type EventRow, eventCountsSql } from '../compile/event-counts.ts'
import type { Measure } from '../compile/series.ts'
import { createBinder } from '../compile/sql-context.ts'
import { type Buckets, bucketsBack, bucketsOfDays } from '../domain/time/buckets.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { keyCountMax, limitOf, measureOf } from '../http/question.ts'

const topCount = 100
const nameCount = 255
const namesDayCount = 31

const countsOf = ({ run, view }: QueryCall, buckets: Buckets, measure: Measure, limit: number) => {
  const binder = createBinder(view)
  const sql = eventCountsSql(view, binder, { events: null, buckets, measure, limit })
  return run.rows<EventRow>(view, binder, sql)
}

/** From -1, gone, over 0, as before, to 1, new: the change in terms of the larger of the two days. */
export const normalizedChange = (today: number, yesterday: number): number =>
  today === yesterday ? 0 : (today - yesterday) / Math.max(today, yesterday)

/** QRY-15: the events of today, the most frequent first, beside all of yesterday. */
export const topEvents: Endpoint = {
  name: 'events/top',
  handle: async (call) => {
    const { params, view } = call
    const type = measureOf(params, null)
    const limit = limitOf(params, topCount)
    const buckets = bucketsBack(view.timezone, 2, 'day', view.nowMs)
    const rows = await countsOf(call, buckets, type, keyCountMax)
    const events = rows
      .map(({ event, points }) => {
        const [yesterday = 0, today = 0] = [0, 1].map((day) => points.find(([bucket]) => bucket === day)?.[1])
        return { amount: today, event, percent_change: normalizedChange(today, yesterday) }
      })
      .filter(({ amount }) => amount > 0)
      .sort((a, b) => b.amount - a.amount)
      .slice(0, limit)
    return { json: { events, type } }
  },
}

/** The last 31 days, with today, as one bucket. */
export const lastDays = (zone: string, nowMs: number): Buckets => {
  const { firstDay } = bucketsBack(zone, namesDayCount, 'day', nowMs)
  return bucketsOfDays(zone, { fromDay: firstDay, toDay: firstDay + namesDayCount - 1 }, 'day', namesDayCount)
}

/** QRY-15: names of events by how often they came in the last 31 days. */
export const eventNames: Endpoint = {
  name: 'events/names',
  handle: async (call) => {
    const { params, view } = call
    const measure = measureOf(params, null)
    const limit = limitOf(params, nameCount)
    const rows = await countsOf(call, lastDays(view.timezone, view.nowMs), measure, limit)
    return { json: rows.map(({ event }) => event) }
  },
}
