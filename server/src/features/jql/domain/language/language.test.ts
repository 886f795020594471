import { describe, expect, it } from 'vitest'
import {
  Events,
  event,
  events,
  helper,
  join,
  People,
  reducer,
  resultOf,
  run,
  type Untyped,
} from '../../../../../test/support/jql-session.ts'

const visits = [
  event('a', 1, { country: 'US', ms: 10, tags: ['x', 'y'] }),
  event('a', 2, { country: 'US', ms: 20 }),
  event('b', 1, { country: 'MX', ms: 0, tags: ['y'] }),
  event('c', 5, { country: 'US', ms: 'slow' }, 'login'),
]

describe('transformations', () => {
  it.each<[string, (items: Untyped) => unknown, unknown]>([
    ['filter', (items) => items.filter((e: Untyped) => e.properties.ms > 5).map((e: Untyped) => e.time), [1, 2]],
    ['map', (items) => items.map((e: Untyped) => e.name), ['view', 'view', 'view', 'login']],
    [
      'map, through JSON',
      (items) =>
        items
          .map(() => ({ at: new Date(0), f: () => 1, n: Number.NaN }))
          .filter((x: Untyped) => typeof x.at === 'string' && !('f' in x) && x.n === null)
          .reduce(reducer['count']?.()),
      [4],
    ],
    [
      'map to nothing',
      (items) =>
        items
          .map(() => undefined)
          .filter((x: Untyped) => x === null)
          .reduce(reducer['count']?.()),
      [4],
    ],
    [
      'reduce by a function',
      (items) => items.reduce((sums: number[], es: unknown[]) => es.length + sums.reduce((a, b) => a + b, 0)),
      [4],
    ],
    [
      'reduce by several',
      (items) =>
        items.reduce([reducer['count']?.(), (_: unknown, es: Untyped[]) => es[0].time, reducer['max']?.('time')]),
      [[4, 1, 5]],
    ],
    [
      'groupBy',
      (items) => items.groupBy(['properties.country'], reducer['count']?.()),
      [
        { key: ['US'], value: 3 },
        { key: ['MX'], value: 1 },
      ],
    ],
    [
      'groupBy one path',
      (items) => items.groupBy('name', reducer['count']?.()),
      [
        { key: ['view'], value: 3 },
        { key: ['login'], value: 1 },
      ],
    ],
    [
      'groupBy functions and several reducers',
      (items) => items.groupBy([(e: Untyped) => e.time > 1, 'name'], [reducer['count']?.(), reducer['null']?.()]),
      [
        { key: [false, 'view'], value: [2, null] },
        { key: [true, 'view'], value: [1, null] },
        { key: [true, 'login'], value: [1, null] },
      ],
    ],
    [
      'groupBy a list puts it into the key',
      (items) => items.groupBy(['properties.tags'], reducer['count']?.()),
      [
        { key: ['x', 'y'], value: 1 },
        { key: [null], value: 2 },
        { key: ['y'], value: 1 },
      ],
    ],
    [
      'groupBy multiple_keys',
      (items) => items.groupBy(helper('multiple_keys', ['properties.tags']), reducer['count']?.()),
      [
        { key: ['x'], value: 1 },
        { key: ['y'], value: 2 },
        { key: [null], value: 2 },
      ],
    ],
    [
      'groupBy both at once',
      (items) =>
        items
          .filter((e: Untyped) => e.properties.tags)
          .groupBy([helper('multiple_keys', 'properties.tags'), 'properties.tags'], reducer['count']?.()),
      [
        { key: ['x', 'x', 'y'], value: 1 },
        { key: ['y', 'x', 'y'], value: 1 },
        { key: ['y', 'y'], value: 1 },
      ],
    ],
    [
      'groupByUser',
      (items) => items.groupByUser((state: Untyped, es: Untyped[]) => [...(state ?? []), ...es.map((e) => e.time)]),
      [
        { key: ['a'], value: [1, 2] },
        { key: ['b'], value: [1] },
        { key: ['c'], value: [5] },
      ],
    ],
    [
      'groupByUser with keys',
      (items) => items.groupByUser(['time'], reducer['null']?.()),
      [
        { key: ['a', 1], value: null },
        { key: ['a', 2], value: null },
        { key: ['b', 1], value: null },
        { key: ['c', 5], value: null },
      ],
    ],
    [
      'users per country',
      (items) =>
        items
          .groupByUser(['properties.country'], reducer['null']?.())
          .groupBy([helper('slice', 'key', 1)], reducer['count']?.()),
      [
        { key: ['US'], value: 2 },
        { key: ['MX'], value: 1 },
      ],
    ],
    ['flatten', (items) => items.map((e: Untyped) => e.properties.tags ?? e.time).flatten(), ['x', 'y', 2, 'y', 5]],
    [
      'sortAsc',
      (items) => items.groupBy(['name'], reducer['count']?.()).sortAsc('value'),
      [
        { key: ['login'], value: 1 },
        { key: ['view'], value: 3 },
      ],
    ],
    ['sortDesc by a function', (items) => items.map((e: Untyped) => e.time).sortDesc((t: number) => t), [5, 2, 1, 1]],
    [
      'sort of mixed keys',
      (items) => items.map((e: Untyped) => e.properties.ms).sortAsc((x: unknown) => x),
      [0, 10, 20, 'slow'],
    ],
    [
      'applyGroupLimits',
      (items) => items.groupBy(['name', 'time'], reducer['count']?.()).sortDesc('value').applyGroupLimits([1, 1]),
      [{ key: ['view', 1], value: 2 }],
    ],
    [
      'applyGroupLimits of all',
      (items) => items.groupBy(['name', 'time'], reducer['count']?.()).sortDesc('value').applyGroupLimits([5, 5], 2),
      [
        { key: ['view', 1], value: 2 },
        { key: ['view', 2], value: 1 },
      ],
    ],
  ])('%s', (_name, main, expected) => {
    expect(resultOf(visits, () => main(events()))).toEqual(expected)
  })

  it('finds names with dots, and nothing where there is nothing', () => {
    const items = [event('a', 1, { 'a.b': { 'c.d': 7 }, New: null })]
    const main = () => events().groupBy(['properties.a.b.c.d', 'properties.New.x', 'nope.x'], reducer['count']?.())
    expect(resultOf(items, main)).toEqual([{ key: [7, null, null], value: 1 }])
  })

  it('leaves out events of nobody only where people are meant', () => {
    const items = [...visits, { name: 'view', time: 9, properties: {} }]
    expect(resultOf(items, () => events().reduce(reducer['count']?.()))).toEqual([5])
    expect(resultOf(items, () => events().groupByUser(reducer['count']?.()))).toHaveLength(3)
  })

  it('hands many items to a function in several calls, and combines what they gave', () => {
    const many = Array.from({ length: 2_500 }, (_, i) => event(`u${i % 3}`, i))
    const calls: number[] = []
    const main = () =>
      events().reduce((done: number[], items: unknown[]) => {
        calls.push(items.length)
        return items.length + done.reduce((a, b) => a + b, 0)
      })
    expect(resultOf(many, main)).toEqual([2_500])
    expect(calls).toEqual([1_000, 1_000, 500])
  })

  it.each<[string, () => unknown, RegExp]>([
    ['no collection', () => 7, /main\(\) must return/],
    ['no reducer', () => events().reduce(), /expected a reducer/],
    ['a reducer not called', () => events().reduce(reducer['count']), /mixpanel.reducer.count\(\)/],
    [
      'groupByUser too late',
      () =>
        events()
          .map((x: unknown) => x)
          .groupByUser(reducer['count']?.()),
      /only right after/,
    ],
    [
      'join of transformed ones',
      () =>
        join(
          events().filter(() => true),
          People(),
        ),
      /without transformations/,
    ],
    ['an unknown join', () => join(events(), People(), { type: 'outer' }), /type must be/],
    ['no dates', () => Events({ from_date: '2016-01-01' }), /to_date/],
    ['an object as a key', () => events().groupBy(['properties'], reducer['count']?.()), /group key/],
    ['an object as a sort key', () => events().sortAsc('properties'), /sort key/],
    ['a bucket of nothing', () => helper('numeric_bucket', 'time', {}), /numeric_bucket/],
    ['a percentile of 101', () => reducer['numeric_percentiles']?.('x', 101), /0 to 100/],
  ])('refuses %s', (_name, main, message) => {
    expect(() => run(visits, main)).toThrow(message)
  })
})

describe('sources', () => {
  const requestOf = (main: () => unknown) => run([], main).request

  it('asks for what the script named', () => {
    const selectors = [{ event: 'a', selector: 'properties["x"] > 1', label: 'A', more: 1 }, { event: 'b' }]
    const wanted = {
      from_date: new Date('2016-01-01T05:00:00Z'),
      to_date: '2016-01-07T00:00:00.000Z',
      event_selectors: selectors,
    }
    expect(requestOf(() => Events(wanted))).toEqual({
      byUser: false,
      source: {
        kind: 'events',
        fromDate: '2016-01-01',
        toDate: '2016-01-07',
        selectors: [{ event: 'a', selector: 'properties["x"] > 1', label: 'A' }, { event: 'b' }],
      },
    })
    const user_selectors = [{ selector: 'user["age"] > 30' }]
    expect(requestOf(() => People({ user_selectors }).groupByUser(reducer['any']?.()))).toEqual({
      byUser: true,
      source: { kind: 'people', selectors: user_selectors },
    })
  })

  const user = (id: string) => ({ distinct_id: id, time: 0, last_seen: 0, properties: {} })
  const lines = [
    ['event', '', { name: 'nobody' }],
    ['event', 'a', { name: 'alone' }],
    ['user', 'b', user('b'), true],
    ['event', 'b', { name: 'one' }],
    ['event', 'b', { name: 'two' }],
    ['user', 'c', user('c'), true],
    ['user', 'd', user('d'), false],
    ['user', 'e', user('e'), true],
    ['event', 'e'],
  ]
  it.each([
    ['full', ['nobody/', 'alone/', 'one/b', 'two/b', '/c']],
    ['left', ['nobody/', 'alone/', 'one/b', 'two/b']],
    ['right', ['one/b', 'two/b', '/c']],
    ['inner', ['one/b', 'two/b']],
  ])('joins: %s', (type, expected) => {
    const main = () =>
      join(events(), People(), { type }).map(
        (row: Untyped) => `${row.event?.name ?? ''}/${row.user?.distinct_id ?? ''}`,
      )
    expect(resultOf(lines, main)).toEqual(expected)
  })

  it('groups a join by its people', () => {
    const main = () =>
      join(events(), People())
        .filter((row: Untyped) => row.user)
        .groupByUser(reducer['count']?.())
    expect(run(lines, main)).toMatchObject({
      request: { byUser: true, source: { kind: 'join', type: 'full', selectors: [] } },
      result: [
        { key: ['b'], value: 2 },
        { key: ['c'], value: 1 },
      ],
    })
  })
})
