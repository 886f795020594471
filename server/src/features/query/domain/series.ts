import { type Buckets, keyOfBucket } from './time/buckets.ts'

/** A line of a chart: values by the key of a bucket. */
export interface Line {
  readonly name: string
  readonly values: ReadonlyMap<string, number>
}

export const lineOf = (
  buckets: Buckets,
  name: string,
  points: readonly (readonly [bucket: number, value: number])[],
): Line => ({ name, values: new Map(points.map(([bucket, value]) => [keyOfBucket(buckets, bucket), value])) })

/** `{data:{series,values},legend_size}`; `sparse` leaves out buckets without events, otherwise they are 0 (query §1). */
export const seriesAnswer = (buckets: Buckets, lines: readonly Line[], fill: 'zeros' | 'sparse' = 'zeros') => ({
  data: {
    series: buckets.keys,
    values: Object.fromEntries(lines.map(({ name, values }) => [name, valuesByKey(buckets, values, fill)])),
  },
  legend_size: lines.length,
})

export const valuesByKey = (
  { keys }: Buckets,
  values: ReadonlyMap<string, number>,
  fill: 'zeros' | 'sparse',
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    keys.filter((key) => fill === 'zeros' || values.has(key)).map((key) => [key, values.get(key) ?? 0]),
  )

/** A row per bucket, a column per line. */
export function* seriesTable({ keys }: Buckets, lines: readonly Line[]): Generator<readonly (string | number)[]> {
  yield ['date', ...lines.map(({ name }) => name)]
  for (const key of keys) yield [key, ...lines.map(({ values }) => values.get(key) ?? 0)]
}
