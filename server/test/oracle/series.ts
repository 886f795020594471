import type { SeenEvent } from './model.ts'
import { type Measure, measured, peopleOf } from './question.ts'

/** Values by bucket, of one name of a legend. */
export interface Line {
  readonly name: string
  readonly values: ReadonlyMap<string, number>
}

export const lineOf = (
  name: string,
  events: readonly SeenEvent[],
  measure: Measure,
  bucket: (event: SeenEvent) => string,
): Line => {
  const values = new Map<string, number>()
  for (const [key, some] of Map.groupBy(events, bucket)) {
    const value = measured(measure, some)
    if (value !== null) values.set(key, value)
  }
  return { name, values }
}

/** `fill`: buckets without a value are 0. */
export const seriesOf = (buckets: readonly string[], lines: readonly Line[], fill = true) => ({
  data: {
    series: buckets,
    values: Object.fromEntries(
      lines.map(({ name, values }) => [
        name,
        Object.fromEntries(
          buckets.filter((bucket) => fill || values.has(bucket)).map((bucket) => [bucket, values.get(bucket) ?? 0]),
        ),
      ]),
    ),
  },
  legend_size: lines.length,
})

const cell = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)

export const tableOf = (buckets: readonly string[], lines: readonly Line[]): string =>
  [
    ['date', ...lines.map(({ name }) => name)],
    ...buckets.map((bucket) => [bucket, ...lines.map(({ values }) => String(values.get(bucket) ?? 0))]),
  ]
    .map((cells) => `${cells.map(cell).join(',')}\r\n`)
    .join('')

/** What a key is ranked by: people for uniques, events otherwise. */
export const rankOf = (measure: Measure, events: readonly SeenEvent[]): number => {
  if (measure === 'unique') return peopleOf(events).size
  return measure === 'general' ? events.length : events.filter(({ person }) => person !== '').length
}

export const byKeys = (
  events: readonly SeenEvent[],
  keysOf: (event: SeenEvent) => readonly string[],
): ReadonlyMap<string, readonly SeenEvent[]> => {
  const found = new Map<string, SeenEvent[]>()
  for (const event of events) {
    for (const key of keysOf(event)) found.set(key, [...(found.get(key) ?? []), event])
  }
  return found
}
