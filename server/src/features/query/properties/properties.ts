import { propertyNamesSql } from '../compile/property-names.ts'
import { resolveEvent } from '../compile/selection.ts'
import { type BreakdownPlan, breakdownSeriesSql, type SeriesRow } from '../compile/series.ts'
import { createBinder } from '../compile/sql-context.ts'
import { property } from '../domain/expression/build.ts'
import { parseBreakdown } from '../domain/expression/parse.ts'
import { lineOf, seriesAnswer, seriesTable } from '../domain/series.ts'
import { units } from '../domain/time/buckets.ts'
import { lastDays } from '../events/top-events.ts'
import { csvReply } from '../http/csv.ts'
import { oneOf, oneText, textList } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { bucketsOfUnits, isCsv, limitOf, measureOf, refuseUniqueByClock } from '../http/question.ts'
import type { Definitions } from '../ports.ts'

interface Deps {
  readonly definitions: Definitions
}

const valueCount = 255
const nameCount = 10
/** What an event without the property has, as a key. */
const missing = 'undefined'

const valuesOf = ({ run, view }: QueryCall, plan: BreakdownPlan): Promise<readonly SeriesRow[]> => {
  const binder = createBinder(view)
  return run.rows<SeriesRow>(view, binder, breakdownSeriesSql(view, binder, plan))
}

/** The property of this very name, whatever characters are in it. */
const propertyNamed = (name: string) => (name.startsWith('$') ? parseBreakdown(name) : property(1, 'event', name))

/** QRY-16: one event over time by the values of a property, of those asked for or of the most frequent. */
export const eventProperties = (deps: Deps): Endpoint => ({
  name: 'events/properties',
  handle: async (call) => {
    const { params, view } = call
    const on = propertyNamed(oneText(params, 'name'))
    const measure = measureOf(params, null)
    const unit = oneOf(params, 'unit', units, null)
    refuseUniqueByClock(measure, unit)
    const buckets = bucketsOfUnits(view.timezone, params, unit, view.nowMs)
    const limit = limitOf(params, valueCount)
    const values = textList(params, 'values')
    // Of more than the limit the first ones, whatever they count.
    const keys = values === null ? null : [...new Set(values)].slice(0, limit)
    const isTable = isCsv(params)
    const selection = await resolveEvent(deps.definitions, view, oneText(params, 'event'))
    const rows = await valuesOf(call, { selection, buckets, measure, where: null, on, keys, limit })
    const found = new Map(rows.map(({ key, points }) => [key, points]))
    const names = keys ?? [...found.keys()]
    const lines = names.map((name) => lineOf(buckets, name, found.get(name) ?? []))
    return isTable ? csvReply(seriesTable(buckets, lines)) : { json: seriesAnswer(buckets, lines) }
  },
})

/** QRY-17: properties by in how many events of the last 31 days they are. */
export const topProperties = (deps: Deps): Endpoint => ({
  name: 'events/properties/top',
  handle: async ({ params, view, run }) => {
    const limit = limitOf(params, nameCount)
    const selection = await resolveEvent(deps.definitions, view, oneText(params, 'event'))
    const binder = createBinder(view)
    const { range } = lastDays(view.timezone, view.nowMs)
    const sql = propertyNamesSql(view, binder, { selection, range, limit })
    const rows = await run.rows<{ name: string; n: number }>(view, binder, sql)
    return { json: Object.fromEntries(rows.map(({ name, n }) => [name, { count: n }])) }
  },
})

/** QRY-17: values of a property by how many events of the last 31 days have them. */
export const propertyValues = (deps: Deps): Endpoint => ({
  name: 'events/properties/values',
  handle: async (call) => {
    const { params, view } = call
    const limit = limitOf(params, valueCount)
    const on = propertyNamed(oneText(params, 'name'))
    const selection = await resolveEvent(deps.definitions, view, oneText(params, 'event'))
    const buckets = lastDays(view.timezone, view.nowMs)
    // One more than asked for: the events without the property are among them.
    const plan = { selection, buckets, measure: 'general', where: null, on, keys: null, limit: limit + 1 } as const
    const keys = (await valuesOf(call, plan)).map(({ key }) => key)
    return { json: keys.filter((key) => key !== missing).slice(0, limit) }
  },
})
