import { InvalidRequest } from '../../../kernel/errors.ts'
import { type EventRow, eventCountsSql } from '../compile/event-counts.ts'
import { isPlainEvent, resolveEvent, type Selection } from '../compile/selection.ts'
import { type Measure, type SeriesRow, totalSeriesSql } from '../compile/series.ts'
import { createBinder } from '../compile/sql-context.ts'
import { type Line, lineOf, seriesAnswer, seriesTable } from '../domain/series.ts'
import { type Buckets, units } from '../domain/time/buckets.ts'
import { csvReply } from '../http/csv.ts'
import { oneOf, textList } from '../http/parameters.ts'
import type { Endpoint, QueryCall } from '../http/query-route.ts'
import { bucketsOfUnits, isCsv, measureOf, refuseUniqueByClock } from '../http/question.ts'
import type { Definitions } from '../ports.ts'

interface Deps {
  readonly definitions: Definitions
}

// Each custom event is a statement of its own.
const nameCountMax = 1_000
const customCountMax = 25

/** QRY-14: several events over time. */
export const events = (deps: Deps): Endpoint => ({
  name: 'events',
  handle: async (call) => {
    const { params, view } = call
    const measure = measureOf(params, null)
    const unit = oneOf(params, 'unit', units, null)
    refuseUniqueByClock(measure, unit)
    const buckets = bucketsOfUnits(view.timezone, params, unit, view.nowMs)
    const isTable = isCsv(params)
    const selections = await selectionsOf(deps, call)
    const lines = await linesOf(call, selections, buckets, measure)
    return isTable ? csvReply(seriesTable(buckets, lines)) : { json: seriesAnswer(buckets, lines) }
  },
})

const selectionsOf = async ({ definitions }: Deps, { params, view }: QueryCall): Promise<readonly Selection[]> => {
  const names = [...new Set(textList(params, 'event') ?? [])]
  if (names.length === 0) throw new InvalidRequest('event is required (a JSON array of event names)')
  if (names.length > nameCountMax) throw new InvalidRequest(`event may name at most ${nameCountMax} events`)
  const selections = await Promise.all(names.map((name) => resolveEvent(definitions, view, name)))
  if (selections.filter((one) => !isPlainEvent(one)).length > customCountMax) {
    throw new InvalidRequest(`event may name at most ${customCountMax} custom events`)
  }
  return selections
}

/** In the order in which they were asked for. */
const linesOf = async (
  { run, view }: QueryCall,
  selections: readonly Selection[],
  buckets: Buckets,
  measure: Measure,
): Promise<readonly Line[]> => {
  const points = new Map<string, SeriesRow['points']>()
  const plain = selections.filter(isPlainEvent).map(({ label }) => label)
  if (plain.length > 0) {
    const binder = createBinder(view)
    const sql = eventCountsSql(view, binder, { events: plain, buckets, measure, limit: plain.length })
    for (const row of await run.rows<EventRow>(view, binder, sql)) points.set(row.event, row.points)
  }
  for (const selection of selections.filter((one) => !isPlainEvent(one))) {
    const binder = createBinder(view)
    const sql = totalSeriesSql(view, binder, { selection, buckets, measure, where: null })
    const [row] = await run.rows<SeriesRow>(view, binder, sql)
    points.set(selection.label, row?.points ?? [])
  }
  return selections.map(({ label }) => lineOf(buckets, label, points.get(label) ?? []))
}
