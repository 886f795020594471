import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'
import { askQuery, eventAt, importEvents } from '../support/query-project.ts'

// QRY-06…08 (query §2.6…2.8, §6). The project in EU is in Berlin, where clocks changed on 29 March and 25 October 2026.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
  await importEvents(lethe, us.id, [
    eventAt('Buy', '2026-03-02T10:00:00Z', 'anna', { plan: 'pro', n: 2_000, tags: ['a', 'b', 'a'], ok: true }),
    eventAt('Buy', '2026-03-02T11:00:00Z', 'anna', { plan: 'pro', n: 2_099.5, tags: ['a'], ok: false }),
    eventAt('Buy', '2026-03-02T23:59:59Z', 'ben', { plan: 'free', n: 2_100, tags: [] }),
    eventAt('Buy', '2026-03-03T00:00:00Z', 'ben', { plan: 'free', n: 2_450, tags: ['b'] }),
    eventAt('Buy', '2026-03-05T12:00:00Z', 'carl', { n: 'many', tags: 'a' }),
    eventAt('Buy', '2026-03-05T12:00:01Z', '', { plan: null, n: 2_000 }),
    eventAt('Buy', '2026-03-06T00:00:00Z', 'dora', { plan: 'late' }),
    eventAt('Look', '2026-03-02T10:00:00Z', 'anna', { plan: 'pro' }),
  ])
  const city = (id: string, name: string) => ({ $token: us.token, $distinct_id: id, $set: { city: name } })
  expect((await lethe.post('/engage', { body: [city('anna', 'Oslo'), city('ben', 'Rome')] })).text).toBe('1')
  await importEvents(
    lethe,
    eu.id,
    [
      ['2026-10-24T21:59:59Z', 'a'],
      ['2026-10-24T22:00:00Z', 'a'],
      ['2026-10-25T00:30:00Z', 'a'],
      ['2026-10-25T01:30:00Z', 'a'],
      ['2026-10-25T01:31:00Z', 'b'],
      ['2026-10-25T22:59:59Z', 'b'],
      ['2026-10-25T23:00:00Z', 'b'],
      ['2026-03-29T00:59:59Z', 'a'],
      ['2026-03-29T01:00:00Z', 'a'],
    ].map(([time = '', id = '']) => eventAt('Tick', time, id)),
  )
})
afterAll(() => lethe?.stop())

const days = { from_date: '2026-03-02', to_date: '2026-03-05' }
const series = ['2026-03-02', '2026-03-03', '2026-03-04', '2026-03-05']
const buy = { event: 'Buy', ...days }
type Values = Readonly<Record<string, string | number>>
const ask = (name: string, values: Values, projectId: number = us.id) => askQuery(lethe, projectId, name, values)
const body = async (name: string, values: Values) =>
  expectDocumented(`GET /api/query/${name}`, '200', await ask(name, values))
/** Values of each line in the order of the days. */
const lines = async (values: Values): Promise<Record<string, number[]>> => {
  const { data, legend_size } = await body('segmentation', { ...buy, ...values })
  expect(data.series).toEqual(series)
  expect(legend_size).toBe(Object.keys(data.values).length)
  return Object.fromEntries(
    Object.entries(data.values as Record<string, Record<string, number>>).map(([key, points]) => {
      expect(Object.keys(points)).toEqual(series)
      return [key, Object.values(points)]
    }),
  )
}
const fault = async (name: string, values: Values): Promise<string> =>
  expectDocumented(`GET /api/query/${name}`, '400', await ask(name, values)).error

describe('segmentation', () => {
  it('counts events, people, and events per person by day; the days are inclusive', async () => {
    expect(await body('segmentation', buy)).toEqual({
      data: {
        series,
        values: { Buy: { '2026-03-02': 3, '2026-03-03': 1, '2026-03-04': 0, '2026-03-05': 2 } },
      },
      legend_size: 1,
    })
    // Nobody's event counts in totals only.
    expect(await lines({ type: 'unique' })).toEqual({ Buy: [2, 1, 0, 1] })
    expect(await lines({ type: 'average' })).toEqual({ Buy: [1.5, 1, 0, 1] })
  })

  it('by the values of a property; one that is missing or null is undefined', async () => {
    const expected = { pro: [2, 0, 0, 0], free: [1, 1, 0, 0], undefined: [0, 0, 0, 2] }
    for (const on of ['plan', 'properties["plan"]']) expect(await lines({ on })).toEqual(expected)
    expect(await lines({ on: 'plan', type: 'unique' })).toEqual({
      pro: [1, 0, 0, 0],
      free: [1, 1, 0, 0],
      undefined: [0, 0, 0, 1],
    })
    expect(await lines({ on: 'ok' })).toEqual({ true: [1, 0, 0, 0], false: [1, 0, 0, 0], undefined: [1, 1, 0, 2] })
  })

  it('counts an event once for each different element of a list', async () => {
    expect(await lines({ on: 'tags' })).toEqual({
      a: [2, 0, 0, 1],
      b: [1, 1, 0, 0],
      undefined: [1, 0, 0, 1],
    })
  })

  it('by expressions, and by the profile of whoever did it', async () => {
    expect(await lines({ on: 'user["city"]' })).toEqual({
      Oslo: [2, 0, 0, 0],
      Rome: [1, 1, 0, 0],
      undefined: [0, 0, 0, 2],
    })
    expect(await lines({ on: 'properties["n"] > 2050', where: 'properties["n"] >= 0' })).toEqual({
      true: [2, 1, 0, 0],
      false: [1, 0, 0, 1],
    })
  })

  it('keeps the values with the most, ranked over all days', async () => {
    expect(
      Object.keys(await lines({ on: 'plan', limit: 1, type: 'unique', where: 'defined(properties["plan"])' })),
    ).toEqual(['free'])
    expect(Object.keys(await lines({ on: 'tags', limit: 2 }))).toEqual(['a', 'b'])
  })

  it.each([
    ['properties["plan"] == "pro"', [2, 0, 0, 0]],
    ['properties["plan"] != "pro"', [1, 1, 0, 2]],
    ['"re" in properties["plan"]', [1, 1, 0, 0]],
    ['defined(properties["ok"])', [2, 0, 0, 0]],
    ['properties["n"] > 2000 and properties["n"] <= 2100', [2, 0, 0, 0]],
    ['user["city"] == "Rome" or properties["n"] == "many"', [1, 1, 0, 1]],
    ['not properties["ok"]', [2, 1, 0, 2]],
    ['properties["$time"] < datetime("2026-03-02T11:00:00")', [1, 0, 0, 0]],
  ])('where %s', async (where, expected) => {
    expect(await lines({ where })).toEqual({ Buy: expected })
  })

  it('by week from Monday, by month, and by several days unless events are counted', async () => {
    const { data } = await body('segmentation', { ...buy, from_date: '2026-02-20', unit: 'week' })
    expect(data.values.Buy).toEqual({ '2026-02-16': 0, '2026-02-23': 0, '2026-03-02': 6 })
    const month = await body('segmentation', { ...buy, from_date: '2026-02-20', unit: 'month', type: 'unique' })
    expect(month.data.values.Buy).toEqual({ '2026-02-01': 0, '2026-03-01': 3 })
    const pairs = await body('segmentation', { ...buy, interval: 2, type: 'unique' })
    expect(pairs.data.values.Buy).toEqual({ '2026-03-02': 2, '2026-03-04': 1 })
    expect(await lines({ interval: 2 })).toEqual({ Buy: [3, 1, 0, 2] })
  })

  it('as CSV', async () => {
    const answer = await ask('segmentation', { ...buy, on: 'plan', format: 'csv' })
    const table = expectDocumented('GET /api/query/segmentation', '200 csv', answer)
    expect(table.split('\r\n')).toEqual([
      'date,free,pro,undefined',
      '2026-03-02,1,2,0',
      '2026-03-03,1,0,0',
      '2026-03-04,0,0,0',
      '2026-03-05,0,0,2',
      '',
    ])
  })

  it.each([
    [{ from_date: '2026-03-02', to_date: '2026-03-05' }, 'event is required'],
    [{ event: 'Buy', to_date: '2026-03-05' }, 'from_date is required'],
    [{ ...buy, to_date: '2026-02-30' }, 'to_date must be a date'],
    [{ ...buy, to_date: '2026-03-01' }, 'must not be later'],
    [{ ...buy, unit: 'year' }, 'one of minute, hour, day, week, month'],
    [{ ...buy, type: 'median' }, 'one of general, unique, average'],
    [{ ...buy, limit: 10_001 }, 'limit must be a whole number from 1 to 10000'],
    [{ ...buy, format: 'xml' }, 'one of json, csv'],
    [{ ...buy, where: 'properties["n" > 1' }, 'column '],
    [{ ...buy, on: 'floor(' }, 'column '],
    [{ ...buy, workspace_id: 77 }, 'no such data view'],
    [{ ...buy, event: '$custom_event:77' }, 'no such custom event'],
    [{ ...buy, from_date: '2000-01-01', unit: 'minute' }, 'choose a larger unit'],
  ])('refuses %j', async (values, sentence) => {
    expect(await fault('segmentation', values)).toContain(sentence)
  })
})

describe('days and hours of a zone whose clocks change', () => {
  const tick = async (day: string, values: Values) => {
    const answer = await ask('segmentation', { event: 'Tick', from_date: day, to_date: day, ...values }, eu.id)
    const { data } = expectDocumented('GET /api/query/segmentation', '200', answer)
    return data
  }

  it('a day of 25 hours begins and ends at midnight', async () => {
    expect((await tick('2026-10-25', {})).values.Tick).toEqual({ '2026-10-25': 5 })
    expect((await tick('2026-10-24', {})).values.Tick).toEqual({ '2026-10-24': 1 })
    expect((await tick('2026-10-26', {})).values.Tick).toEqual({ '2026-10-26': 1 })
  })

  it('an hour that comes twice is one, and counts its people once', async () => {
    const hours = async (type: string) => {
      const { series: keys, values } = await tick('2026-10-25', { unit: 'hour', type })
      expect(keys).toHaveLength(24)
      return Object.entries(values.Tick as Record<string, number>).filter(([, count]) => count > 0)
    }
    expect(await hours('general')).toEqual([
      ['2026-10-25 00:00:00', 1],
      ['2026-10-25 02:00:00', 3],
      ['2026-10-25 23:00:00', 1],
    ])
    expect(await hours('unique')).toEqual([
      ['2026-10-25 00:00:00', 1],
      ['2026-10-25 02:00:00', 2],
      ['2026-10-25 23:00:00', 1],
    ])
  })

  it('an hour that is left out is none', async () => {
    const { series: keys, values } = await tick('2026-03-29', { unit: 'hour' })
    expect(keys).toHaveLength(23)
    expect(keys).not.toContain('2026-03-29 02:00:00')
    expect(values.Tick).toMatchObject({ '2026-03-29 01:00:00': 1, '2026-03-29 03:00:00': 1 })
  })

  it('minutes', async () => {
    const { series: keys, values } = await tick('2026-10-25', { unit: 'minute' })
    expect(keys).toHaveLength(1_440)
    expect(values.Tick).toMatchObject({ '2026-10-25 02:30:00': 2, '2026-10-25 02:31:00': 1, '2026-10-25 23:59:00': 1 })
  })
})

describe('segmentation by numbers', () => {
  it('makes equal ranges of round width, and leaves out what is empty', async () => {
    const { data, legend_size } = await body('segmentation/numeric', { ...buy, on: 'properties["n"]' })
    expect(data.series).toEqual(series)
    expect(data.values).toEqual({
      '2,000 - 2,050': { '2026-03-02': 1, '2026-03-05': 1 },
      '2,050 - 2,100': { '2026-03-02': 1 },
      '2,100 - 2,150': { '2026-03-02': 1 },
      '2,450 - 2,500': { '2026-03-03': 1 },
    })
    expect(legend_size).toBe(4)
    const unique = await body('segmentation/numeric', { ...buy, on: 'n', type: 'unique' })
    expect(unique.data.values).toMatchObject({ '2,000 - 2,050': { '2026-03-02': 1 } })
    expect(unique.data.values['2,000 - 2,050']['2026-03-05']).toBeUndefined()
    const average = await body('segmentation/numeric', {
      ...buy,
      on: 'floor(properties["n"] / 10000)',
      type: 'average',
    })
    expect(average.data.values).toEqual({ '0 - 1': { '2026-03-02': 1.5, '2026-03-03': 1 } })
    const none = await body('segmentation/numeric', { ...buy, on: 'properties["plan"]' })
    expect(none).toEqual({ data: { series, values: {} }, legend_size: 0 })
  })

  it('sums and averages over events; what is no number is 0', async () => {
    const sum = await body('segmentation/sum', { ...buy, on: 'properties["n"]' })
    expect(sum.results).toEqual({ '2026-03-02': 6_199.5, '2026-03-03': 2_450, '2026-03-04': 0, '2026-03-05': 2_000 })
    const average = await body('segmentation/average', { ...buy, on: 'n', where: 'properties["plan"] != "free"' })
    expect(average.results).toEqual({ '2026-03-02': 2_049.75, '2026-03-03': 0, '2026-03-04': 0, '2026-03-05': 1_000 })
    const hours = await body('segmentation/sum', { ...buy, to_date: '2026-03-02', on: 'n', unit: 'hour' })
    expect(Object.keys(hours.results)).toHaveLength(24)
    expect(hours.results['2026-03-02 11:00:00']).toBe(2_099.5)
  })

  it.each(['segmentation/numeric', 'segmentation/sum', 'segmentation/average'])('%s needs on', async (name) => {
    expect(await fault(name, buy)).toContain('on is required')
  })
})

it('every documented good answer of segmentation was checked', () => {
  const isMine = (key: string) => key.startsWith('200') || key === '400'
  expect(notChecked(isMine, ['query']).filter((label) => label.includes('/segmentation'))).toEqual([])
})
