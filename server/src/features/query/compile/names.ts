import type { NamesView } from '../names-view.ts'
import type { ReadView } from '../read-view.ts'
import type { Binder } from './sql-context.ts'

// LEX-07: the one place where names that are merged away become those that they are read as. What is stored stays as it
// came; raw export gives it so.

/** What an event of this name is read as. */
export const canonicalEvent = ({ names }: Pick<ReadView, 'names'>, name: string): string =>
  names.mergedEvents.get(name) ?? name

type Merges = NamesView['mergedEvents']
const mergedInto = (merges: Merges, name: string): readonly string[] =>
  [...merges].filter(([, into]) => into === name).map(([from]) => from)

const renamedSql = (binder: Binder, merges: Merges, sql: string): string =>
  `transform(${sql}, ${binder.bind([...merges.keys()], 'Array(String)')}, ${binder.bind([...merges.values()], 'Array(String)')}, ${sql})`

/** Rows (a table, or a query in brackets) with a column `event`, under the names that they are read as. `events` null: all. */
export const renamedRows = (
  { names: { mergedEvents } }: ReadView,
  binder: Binder,
  rows: string,
  events: readonly string[] | null,
): string => {
  const stored = events?.flatMap((name) => [name, ...mergedInto(mergedEvents, name)]) ?? null
  const isPlain = mergedEvents.size === 0 || (stored !== null && stored.length === events?.length)
  if (isPlain) return rows
  // The primary key knows the names as stored.
  const named = stored === null ? '' : ` AND s.event IN ${binder.bind(stored, 'Array(String)')}`
  return `(SELECT * REPLACE (${renamedSql(binder, mergedEvents, 's.event')} AS event) FROM ${rows} AS s
  WHERE s.project_id = {projectId:UInt64}${named})`
}

/** SQL of the JSON text of a property of the event `e`, by the name that it is read as; '' when there is none. */
export const eventPropertySql = ({ names: { mergedProperties } }: ReadView, binder: Binder, name: string): string => {
  const into = mergedProperties.get(name) ?? name
  const values = [into, ...mergedInto(mergedProperties, into)].map(
    (one) => `e.properties[${binder.bind(one, 'String')}]`,
  )
  // What the event has under the name itself counts first.
  return values.reduceRight((rest, value) => `if(${value} = '', ${rest}, ${value})`)
}

/** SQL of the names of an event's properties, each once, as they are read. */
export const propertyNamesOf = ({ names: { mergedProperties } }: ReadView, binder: Binder): string =>
  mergedProperties.size === 0
    ? 'mapKeys(e.properties)'
    : `arrayDistinct(arrayMap(name -> ${renamedSql(binder, mergedProperties, 'name')}, mapKeys(e.properties)))`

/** Condition on the row `e`: lists of events and "any event" have it; null when they have every event. */
export const listedSql = ({ names: { events, mergedEvents } }: ReadView, binder: Binder): string | null => {
  if ('only' in events) return `e.event IN ${binder.bind(events.only, 'Array(String)')}`
  const hidden = events.but.filter((name) => !mergedEvents.has(name))
  return hidden.length === 0 ? null : `e.event NOT IN ${binder.bind(hidden, 'Array(String)')}`
}

/** Names that a list of the properties of these events leaves out: those that are hidden in all of them. */
export const hiddenProperties = (
  { names: { hiddenProperties: hidden } }: ReadView,
  events: readonly string[],
): readonly string[] => {
  const [first = [], ...others] = events.map((name) => hidden.of.get(name) ?? [])
  return [...hidden.ofEvery, ...first.filter((name) => others.every((names) => names.includes(name)))]
}
