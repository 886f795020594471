import type { ReadView } from '../read-view.ts'
import type { TimeRange } from './event-source.ts'
import { createEventContext, eventSource } from './event-source.ts'
import { hiddenProperties, propertyNamesOf } from './names.ts'
import { type Selection, selectionSql } from './selection.ts'
import type { Binder } from './sql-context.ts'

/** Rows [name, n]: in how many of the events each property is, the most frequent first. */
export const propertyNamesSql = (
  view: ReadView,
  binder: Binder,
  plan: { readonly selection: Selection; readonly range: TimeRange; readonly limit: number },
): string => {
  const context = createEventContext(view, binder)
  const { events, where } = selectionSql(context, plan.selection)
  const from = eventSource(view, binder, context, {
    range: plan.range,
    events,
    where,
    people: 'not asked for',
    properties: 'all',
  } as const)
  return `SELECT name, count() AS n FROM (SELECT arrayJoin(${propertyNamesOf(view, binder)}) AS name
${from})
WHERE name NOT IN ${binder.bind([...view.classified.event, ...hiddenProperties(view, events)], 'Array(String)')}
GROUP BY name ORDER BY n DESC, name LIMIT ${binder.bind(plan.limit, 'UInt32')}`
}
