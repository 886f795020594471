import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// QRY-01 (query §2.1, query §7…§9). The project in EU is in Berlin.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000', LETHE_RETENTION_DAYS: '0' } })
  const events = [
    eventAt('Buy', '2026-03-02T10:00:00Z', 'anna', { plan: 'pro', n: 10, tags: ['a', 'b'] }),
    eventAt('Buy', '2026-03-02T10:10:00Z', 'anna', { plan: 'pro', n: 20 }),
    eventAt('Buy', '2026-03-02T12:00:00Z', 'ben', { plan: 'free', n: 60 }),
    eventAt('Buy', '2026-03-03T10:00:00Z', 'ben', { plan: 'free', n: 'many' }),
    eventAt('Buy', '2026-03-03T11:00:00Z', '', { n: 2 }),
    eventAt('Buy', '2026-03-05T10:00:00Z', 'carl', { plan: 'free', n: 4 }),
    // Before the days that are asked for: matters to trailing days only.
    eventAt('Buy', '2026-02-27T10:00:00Z', 'dora', { n: 1 }),
    eventAt('Look', '2026-03-02T10:05:00Z', 'anna'),
    eventAt('Look', '2026-03-02T10:35:00Z', 'anna'),
    eventAt('Look', '2026-03-02T11:05:01Z', 'anna'),
    eventAt('Look', '2026-03-03T10:00:00Z', 'ben'),
  ]
  for (const { id } of [us, eu]) await importEvents(lethe, id, events)
})
afterAll(() => lethe?.stop())

let saved = 0
const save = async (definition: object, projectId: number = us.id): Promise<number> => {
  saved += 1
  const body = { name: `Report ${saved}`, definition }
  const answer = await lethe.post(`/api/app/projects/${projectId}/bookmarks`, { headers: account, body })
  expect([answer.status, answer.text]).toEqual([expect.any(Number), expect.stringContaining('"ok"')])
  return answer.json().results.id
}
const ask = async (definition: object, projectId: number = us.id, key = '200') => {
  const bookmark_id = await save(definition, projectId)
  return expectDocumented('GET /api/query/insights', key, await askQuery(lethe, projectId, 'insights', { bookmark_id }))
}

const dates = { from_date: '2026-03-02', to_date: '2026-03-05' }
const insights = (more: object) => ({ type: 'insights', metrics: [{ event: 'Buy' }], dates, ...more })
/** The values of each line in the order of the dates. */
const lines = async (more: object) => {
  const { series } = await ask(insights(more))
  return Object.fromEntries(
    Object.entries(series as Record<string, object>).map(([name, line]) => [name, Object.values(line)]),
  )
}
const metric = async (more: object, report: object = {}) =>
  Object.values(await lines({ metrics: [{ event: 'Buy', ...more }], ...report }))[0]

describe('a saved insights report', () => {
  it('is answered as documented, with the offset of the project', async () => {
    const bookmark_id = await save(insights({}), eu.id)
    const answer = await askQuery(lethe, eu.id, 'insights', { bookmark_id })
    const body = expectDocumented('GET /api/query/insights', '200', answer)
    expect(body).toEqual({
      computed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00$/),
      date_range: { from_date: '2026-03-02T00:00:00+01:00', to_date: '2026-03-05T23:59:59.999000+01:00' },
      headers: ['$event'],
      series: {
        Buy: {
          '2026-03-02T00:00:00+01:00': 3,
          '2026-03-03T00:00:00+01:00': 2,
          '2026-03-04T00:00:00+01:00': 0,
          '2026-03-05T00:00:00+01:00': 1,
        },
      },
    })
    const old = await lethe.get(`/api/2.0/insights?project_id=${eu.id}&bookmark_id=${bookmark_id}`, {
      headers: account,
    })
    expect(old.json()).toEqual({ ...body, computed_at: expect.any(String) })
  })

  it.each([
    ['total', [3, 2, 0, 1]],
    ['unique', [2, 1, 0, 1]],
    ['dau', [2, 1, 0, 1]],
    // dora was there on 27 February.
    ['wau', [3, 3, 3, 4]],
    ['mau', [3, 3, 3, 4]],
    ['sessions', [2, 1, 0, 1]],
  ])('measures %s', async (math, expected) => {
    expect(await metric({ math })).toEqual(expected)
  })

  it('puts sessions together from all events', async () => {
    // The gap of more than half an hour is between two looks; the one of 30 minutes is none.
    expect(Object.values(await lines({ metrics: [{ event: 'Look', math: 'sessions' }] }))).toEqual([[2, 1, 0, 0]])
  })

  it.each([
    ['sum', [90, 2, 0, 4]],
    ['average', [30, 2, null, 4]],
    ['median', [20, 2, null, 4]],
    ['min', [10, 2, null, 4]],
    ['max', [60, 2, null, 4]],
    ['distinct', [3, 2, 0, 1]],
  ])('measures the %s of a property, over events that have a number', async (math, expected) => {
    expect(await metric({ math, property: 'n' })).toEqual(expected)
  })

  it('measures percentiles, and what people did each', async () => {
    expect(await metric({ math: 'percentile', percentile: 75, property: 'n' })).toEqual([40, 2, null, 4])
    expect(await metric({ math: 'total', per_user: 'average' })).toEqual([1.5, 1, null, 1])
    expect(await metric({ math: 'sum', property: 'n', per_user: 'average' })).toEqual([45, null, null, 4])
    expect(await metric({ math: 'sum', property: 'n', per_user: 'max' })).toEqual([60, null, null, 4])
    expect(await metric({ math: 'distinct', property: 'plan', per_user: 'median' })).toEqual([1, 1, null, 1])
    expect(await metric({ math: 'total', per_user: 'percentile', percentile: 50 })).toEqual([1.5, 1, null, 1])
  })

  it('as one value of all days, where the chart is of no time', async () => {
    expect((await ask(insights({ chart: 'bar', metrics: [{ event: 'Buy', math: 'unique' }] }))).series).toEqual({
      Buy: { all: 3 },
    })
    expect((await ask(insights({ chart: 'metric', metrics: [{ event: 'Buy', math: 'wau' }] }))).series).toEqual({
      Buy: { all: 4 },
    })
  })

  it('by values, nested in their order, with all of them beside', async () => {
    const one = await ask(insights({ chart: 'table', breakdowns: [{ property: 'plan' }] }))
    expect(one).toMatchObject({
      headers: ['$metric', 'plan'],
      series: { Buy: { $overall: { all: 6 }, free: { all: 3 }, pro: { all: 2 }, undefined: { all: 1 } } },
    })
    expect(Object.keys(one.series.Buy)).toEqual(['$overall', 'free', 'pro', 'undefined'])
    const two = await ask(insights({ chart: 'table', breakdowns: [{ property: 'plan' }, { property: 'tags' }] }))
    expect(two.headers).toEqual(['$metric', 'plan', 'tags'])
    expect(two.series.Buy).toEqual({
      $overall: { all: 6 },
      pro: { $overall: { all: 2 }, a: { all: 1 }, b: { all: 1 }, undefined: { all: 1 } },
      free: { $overall: { all: 3 }, undefined: { all: 3 } },
      undefined: { $overall: { all: 1 }, undefined: { all: 1 } },
    })
    const cast = await ask(insights({ chart: 'pie', breakdowns: [{ property: 'n', type: 'number' }] }))
    expect(cast.series.Buy.undefined).toEqual({ all: 1 })
    const people = await ask(insights({ chart: 'pie', breakdowns: [{ property: 'none', source: 'user' }] }))
    expect(people.series.Buy).toEqual({ $overall: { all: 6 }, undefined: { all: 6 } })
  })

  it('filtered, of several metrics and formulas of them', async () => {
    const metrics = [{ event: 'Buy', label: 'Sales' }, { event: 'Look' }, { event: 'Look', math: 'unique' }]
    const formulas = [{ formula: 'A / B * 100', label: 'Rate' }, { formula: 'A - C' }]
    expect(await lines({ metrics, formulas })).toEqual({
      Sales: [3, 2, 0, 1],
      'B. Look': [3, 1, 0, 0],
      'C. Look': [1, 1, 0, 0],
      Rate: [100, 200, null, null],
      'A - C': [2, 1, 0, 1],
    })
    expect(await metric({ where: 'properties["n"] > 5' }, { where: 'properties["plan"] == "pro"' })).toEqual([
      2, 0, 0, 0,
    ])
  })

  it('adds up, and rolls', async () => {
    expect(await metric({}, { is_cumulative: true })).toEqual([3, 5, 5, 6])
    expect(await metric({ math: 'unique' }, { is_cumulative: true })).toEqual([2, 2, 2, 3])
    expect(await metric({}, { rolling: 2 })).toEqual([3, 2.5, 1, 0.5])
  })

  it('by hour and by week', async () => {
    const hours = await ask(insights({ unit: 'hour', dates: { from_date: '2026-03-02', to_date: '2026-03-02' } }))
    expect(hours.series.Buy['2026-03-02T10:00:00+00:00']).toBe(2)
    expect(Object.keys(hours.series.Buy)).toHaveLength(24)
    expect((await ask(insights({ unit: 'week' }))).series.Buy).toEqual({ '2026-03-02T00:00:00+00:00': 6 })
  })

  it('of custom events', async () => {
    const made = await lethe.post(`/api/app/projects/${us.id}/custom-events`, {
      headers: account,
      body: { name: 'Any', definition: { events: [{ event: 'Buy' }, { event: 'Look' }] } },
    })
    const event = `$custom_event:${made.json().results.id}`
    expect(await lines({ metrics: [{ event }] })).toEqual({ [event]: [6, 3, 0, 1] })
  })
})

describe('a saved report of another kind', () => {
  it('holds a funnel', async () => {
    const funnel = { steps: [{ event: 'Look' }, { event: 'Buy' }], length: 1 }
    const report = { type: 'funnels', funnel, dates, unit: 'week' }
    const { headers, series } = await ask(report)
    expect(headers).toEqual(['$date'])
    expect(series['2026-03-02T00:00:00+00:00']).toMatchObject({
      steps: [{ count: 2, event: 'Look' }, { count: 2 }],
      analysis: { completion: 2, starting_amount: 2 },
    })
    const keyed = await ask({ ...report, unit: 'hour', breakdown: { property: 'plan' } })
    expect(keyed.headers).toEqual(['$date', 'plan'])
    expect(keyed.series['2026-03-02T10:00:00+00:00']).toMatchObject({ $overall: [{ count: 1 }, { count: 1 }] })
    expect(keyed.series['2026-03-03T10:00:00+00:00']).toMatchObject({ free: [{ count: 1 }, { count: 1 }] })
  })

  it('holds retention, with the average of what is complete', async () => {
    const report = { type: 'retention', born_event: 'Buy', event: 'Look', dates, interval_count: 1 }
    const { headers, series } = await ask(report)
    expect(headers).toEqual(['$date'])
    expect(series).toMatchObject({
      '2026-03-02T00:00:00+00:00': { counts: [2, 0], first: 2 },
      '2026-03-05T00:00:00+00:00': { counts: [0, 0], first: 1 },
    })
    // Sizes 2 and 1: Σ(Cᵢ·Wᵢ) and Σ(Pᵢ·Wᵢ).
    expect(series.$average[0].count).toBeCloseTo(4 / 3)
    expect(series.$average[0].first).toBeCloseTo(5 / 3)
    const keyed = await ask({ ...report, breakdown: { property: 'plan' } })
    expect(keyed.headers).toEqual(['plan', '$date'])
    expect(keyed.series.pro).toMatchObject({ '2026-03-02T00:00:00+00:00': { counts: [1, 0], first: 1 } })
    const running = await ask({ ...report, dates: { last: 3, unit: 'day' } })
    expect(running.series.$average).toEqual([null, null])
    // Of the last three days only the first is far enough back for everybody's first 24 hours to be over.
    const [first, second, third] = Object.values(running.series)
    expect([first, second, third]).toEqual([
      { counts: [0, 0], first: 0, incomplete_from: 1 },
      { counts: [0, 0], first: 0, incomplete_from: 0 },
      { counts: [0, 0], first: 0, incomplete_from: 0 },
    ])
  })

  it.each([
    [{}, [2, 0]],
    // ben looked 22 hours after he bought: on the next day of Berlin.
    [{ interval_mode: 'calendar' }, [1, 1]],
    [{ interval_mode: 'calendar', criterion: 'on-or-after' }, [2, 1]],
    [{ interval_mode: 'calendar', is_unbounded: true }, [2, 1]],
    [{ interval_mode: 'calendar', criterion: 'on-or-before' }, [1, 2]],
    [{ interval_mode: 'calendar', brackets: [1, 3, 7] }, [1, 1, 0]],
    [{ interval_mode: 'calendar', brackets: [2] }, [2]],
    [{ interval_mode: 'calendar', unit: 'week', interval_count: 2 }, [2, 0, 0]],
    [{ event: 'Buy', interval_mode: 'calendar', interval_count: 2 }, [1, 1, 0]],
    // The purchase that they are born by is the first of a streak.
    [{ event: 'Buy', interval_mode: 'calendar', interval_count: 2, criterion: 'streak' }, [2, 1, 0]],
  ])('holds retention by rules of its own: %j', async (rules, counts) => {
    const report = { type: 'retention', born_event: 'Buy', event: 'Look', dates, interval_count: 1, ...rules }
    const { series } = await ask(report, eu.id)
    expect(Object.values(series)[0]).toEqual({ counts, first: 'unit' in rules ? 3 : 2 })
  })

  it('holds a frequency', async () => {
    const report = { type: 'frequency', event: 'Buy', dates }
    expect((await ask(report)).series).toEqual({ '2026-03-02T00:00:00+00:00': [3, 1, 0, 0, 0, 0, 0] })
    const keyed = await ask({ ...report, breakdown: { property: 'plan' } })
    expect(keyed.series.pro).toEqual({ '2026-03-02T00:00:00+00:00': [1, 0, 0, 0, 0, 0, 0] })
  })
})

describe('refused', () => {
  const refused = async (values: Readonly<Record<string, string | number>>) =>
    expectDocumented('GET /api/query/insights', '400', await askQuery(lethe, us.id, 'insights', values)).error

  it('without a report that the project has', async () => {
    expect(await refused({})).toBe('bookmark_id is required')
    expect(await refused({ bookmark_id: 'x' })).toContain('must be a whole number')
    expect(await refused({ bookmark_id: await save(insights({}), eu.id) })).toContain('no saved report')
  })

  it.each([
    [{ formulas: [{ formula: 'A +' }] }, 'invalid formula: column 4'],
    [{ formulas: [{ formula: 'A / B' }] }, 'a letter from A to A'],
    [{ metrics: [{ event: 'Buy', math: 'unique', per_user: 'max' }] }, 'takes no per_user'],
    [{ dates: { since: '2999-01-01' } }, 'begins in the future'],
    [{ dates: { from_date: '2000-01-01', to_date: '2026-01-01' }, unit: 'minute' }, 'choose a larger unit'],
  ])('when it cannot be answered: %j', async (more, sentence) => {
    expect((await ask(insights(more), us.id, '400')).error).toContain(sentence)
  })
})

it('every documented answer was checked', () => {
  expect(notChecked(() => true, ['query']).filter((label) => label.includes('/insights'))).toEqual([])
})
