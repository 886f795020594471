import { describe, expect, it } from 'vitest'
import {
  event,
  events,
  helper,
  mixpanel,
  reducer,
  resultOf,
  type Untyped,
} from '../../../../../test/support/jql-session.ts'

describe('reducers', () => {
  const loads = [0, 118, 356, 'x', null].map((ms, i) => event('a', i, { ms }))
  const path = 'properties.ms'
  it.each<[string, unknown, unknown]>([
    ['count', reducer['count']?.(), 5],
    ['sum', reducer['sum']?.(path), 474],
    ['avg', reducer['avg']?.(path), 158],
    ['min', reducer['min']?.(path), 0],
    ['max', reducer['max']?.((e: Untyped) => e.properties.ms), 356],
    ['one percentile', reducer['numeric_percentiles']?.(path, 50), 118],
    [
      'percentiles',
      reducer['numeric_percentiles']?.(path, [34, 99.9]),
      [
        { percentile: 34, value: 118 },
        { percentile: 99.9, value: 356 },
      ],
    ],
    ['min_by', reducer['min_by']?.(path), loads[0]],
    ['max_by', reducer['max_by']?.(path), loads[2]],
    ['any', reducer['any']?.(), loads[0]],
    ['null', reducer['null']?.(), null],
    ['to_number', reducer['sum']?.(helper('to_number', () => '1.5')), 7.5],
  ])('%s', (_name, of, expected) => {
    expect(resultOf(loads, () => events().reduce(of))).toEqual([expected])
  })

  it('says nothing of nothing', () => {
    const all = ['count', 'sum', 'avg', 'min', 'max_by', 'object_merge', 'any', 'null'].map((name) => reducer[name]?.())
    const main = () => events().reduce([...all, reducer['numeric_percentiles']?.('x', 50), reducer['top']?.(2)])
    expect(resultOf([], main)).toEqual([[0, 0, null, null, null, null, null, null, null, []]])
  })

  it('summarises as the documented example: the deviation is that of the whole population', () => {
    const main = () =>
      events()
        .map((e: Untyped) => e.properties.n)
        .reduce(reducer['numeric_summary']?.())
    const items = [2, 4, 4, 4, 5, 5, 7, 9].map((n, i) => event('a', i, { n }))
    expect(resultOf(items, main)).toEqual([{ count: 8, sum: 40, sum_squares: 232, avg: 5, stddev: 2 }])
  })

  it('takes the top ones, the earlier of equals first', () => {
    const rows = [3, 9, 1, 9, 5].map((value, i) => ({ key: [i], value }))
    const main = () =>
      events()
        .map((e: Untyped) => e.properties)
        .reduce(reducer['top']?.(3))
    const items = rows.map((row, i) => event('a', i, row))
    expect(resultOf(items, main)).toEqual([[rows[1], rows[3], rows[4]]])
  })

  it('merges objects by adding what is numeric', () => {
    const items = [
      { n: 1, deep: { x: 1, s: 'a' } },
      { n: 2, deep: { x: 5, s: 'b' }, more: [1] },
    ]
    const main = () =>
      events()
        .map((e: Untyped) => e.properties)
        .reduce(reducer['object_merge']?.())
    const result = resultOf(
      items.map((p, i) => event('a', i, p)),
      main,
    )
    expect(result).toEqual([{ n: 3, deep: { x: 6, s: 'b' }, more: [1] }])
  })

  it('reads numbers from text, and dates as seconds', () => {
    const values = ['12', ' 3.5 ', '', 'abc', true, null, '1970-01-01T00:01:00', '1970-01-02', [1]]
    const main = () =>
      events()
        .map((e: Untyped) => e.properties.v)
        .groupBy([helper('to_number', (x: unknown) => x)], reducer['count']?.())
    const keys = resultOf(
      values.map((v, i) => event('a', i, { v })),
      main,
    ).map((row: Untyped) => row.key[0])
    expect(keys).toEqual([12, 3.5, null, 1, 60, 86_400])
  })
})

describe('buckets', () => {
  const bucketsOf = (values: readonly unknown[], spec: unknown) =>
    resultOf(
      values.map((v, i) => event('a', i, { v })),
      () =>
        events()
          .map((e: Untyped) => e.properties)
          .groupBy([helper('numeric_bucket', 'v', spec)], reducer['count']?.()),
    ).map(({ key, value }: Untyped) => [key[0], value])

  it('by bounds and by size', () => {
    expect(bucketsOf([0, 4, 5, 17, 99, -1, 'x'], [18, 0, 5])).toEqual([
      [0, 2],
      [5, 2],
      [18, 1],
      [null, 2],
    ])
    expect(bucketsOf([1, 10, 11, 0], { bucket_size: 10, offset: 1 })).toEqual([
      [1, 2],
      [11, 1],
      [-9, 1],
    ])
    expect(bucketsOf([86_400_001], { bucket_size: 86_400_000 })).toEqual([[86_400_000, 1]])
  })

  it.each([
    ['daily_time_buckets', '2016-03-02T23:59:59.999Z', '2016-03-02'],
    ['weekly_time_buckets', '2016-03-06T10:00:00Z', '2016-02-29'],
    ['weekly_time_buckets', '2016-03-07T00:00:00Z', '2016-03-07'],
    ['weekly_time_buckets', '1969-12-30T00:00:00Z', '1969-12-29'],
    ['monthly_time_buckets', '2016-02-29T10:00:00Z', '2016-02-01'],
    ['quarterly_time_buckets', '2016-06-30T10:00:00Z', '2016-04-01'],
    ['annual_time_buckets', '2016-12-31T10:00:00Z', '2016-01-01'],
  ])('%s of %s', (name, at, start) => {
    expect(bucketsOf([Date.parse(at)], mixpanel[name])).toEqual([[Date.parse(start), 1]])
  })
})
