import { resolveEvent } from '../compile/selection.ts'
import { breakdownSeriesSql, type SeriesPlan, type SeriesRow, totalSeriesSql } from '../compile/series.ts'
import { createBinder } from '../compile/sql-context.ts'
import { lineOf, seriesAnswer, seriesTable } from '../domain/series.ts'
import { csvReply } from '../http/csv.ts'
import { oneText } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { bucketsOfDates, isCsv, limitOf, measureOf, onOf, whereOf } from '../http/question.ts'
import type { Definitions } from '../ports.ts'

const defaultKeyCount = 60

/** QRY-06: one event over time, by the values of `on` when asked. */
export const segmentation = (deps: { readonly definitions: Definitions }): Endpoint => ({
  name: 'segmentation',
  handle: async (call) => {
    const { params, view } = call
    const measure = measureOf(params, 'general')
    const buckets = bucketsOfDates(view.timezone, params, measure)
    const on = onOf(params)
    const where = whereOf(params)
    const limit = limitOf(params, defaultKeyCount)
    const isTable = isCsv(params)
    const selection = await resolveEvent(deps.definitions, view, oneText(params, 'event'))
    const plan = { selection, buckets, measure, where }
    const rows =
      on === null ? await totalRow(call, plan) : await breakdownRows(call, { ...plan, on, keys: null, limit })
    const lines = rows.map(({ key, points }) => lineOf(buckets, key, points))
    return isTable ? csvReply(seriesTable(buckets, lines)) : { json: seriesAnswer(buckets, lines) }
  },
})

const totalRow = async ({ run, view }: QueryCall, plan: SeriesPlan): Promise<readonly SeriesRow[]> => {
  const binder = createBinder(view)
  const [row] = await run.rows<SeriesRow>(view, binder, totalSeriesSql(view, binder, plan))
  return [{ key: plan.selection.label, points: row?.points ?? [] }]
}

const breakdownRows = (
  { run, view }: QueryCall,
  plan: Parameters<typeof breakdownSeriesSql>[2],
): Promise<readonly SeriesRow[]> => {
  const binder = createBinder(view)
  return run.rows<SeriesRow>(view, binder, breakdownSeriesSql(view, binder, plan))
}
