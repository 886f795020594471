// Long: everything that stands beside and below a report's lines, over one server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented } from '../support/documented.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// RPT-01 (query §9): what stands beside a report's lines, and metrics of people. The project in EU is in Berlin.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000', LETHE_RETENTION_DAYS: '0' } })
  const events = [
    // 1 March 2025 was a Saturday, 3 March a Monday.
    eventAt('Buy', '2025-03-01T12:00:00Z', 'anna', { plan: 'pro', n: 5 }),
    eventAt('Buy', '2025-03-03T12:00:00Z', 'ben', { plan: 'pro', n: 6 }),
    eventAt('Buy', '2025-03-03T13:00:00Z', 'carl', { plan: 'free', n: 7 }),
    eventAt('Buy', '2026-02-01T12:00:00Z', 'anna', { plan: 'old', n: 8 }),
    eventAt('Ad', '2026-02-27T12:00:00Z', 'anna', { source: 'mail' }),
    eventAt('Ad', '2026-02-28T12:00:00Z', 'anna', { source: 'web' }),
    eventAt('Buy', '2026-03-01T12:00:00Z', 'anna', { plan: 'pro', n: 10 }),
    eventAt('Buy', '2026-03-02T12:00:00Z', 'ben', { plan: 'free', n: 25 }),
    eventAt('Buy', '2026-03-02T13:00:00Z', 'ben', { plan: 'pro', n: 35 }),
    eventAt('Buy', '2026-03-02T14:00:00Z', '', { plan: 'free' }),
  ]
  for (const { id, token } of [us, eu]) {
    await importEvents(lethe, id, events)
    const people = [
      ['anna', { age: 30, city: 'Bern' }],
      ['ben', { age: 40, city: 'Bern' }],
      ['dora', { age: 'old' }],
    ] as const
    const body = people.map(([who, set]) => ({ $token: token, $distinct_id: who, $set: set }))
    expect((await lethe.post('/engage', { body })).text).toBe('1')
  }
})
afterAll(() => lethe?.stop())

const made = async (kind: string, definition: object, projectId: number = us.id): Promise<number> => {
  const body = { name: `It ${Math.random()}`, definition }
  const answer = await lethe.post(`/api/app/projects/${projectId}/${kind}`, { headers: account, body })
  expect([answer.status, answer.text]).toEqual([201, answer.text])
  return answer.json().results.id
}
const dates = { from_date: '2026-03-01', to_date: '2026-03-02' }
const ask = async (more: object, projectId: number = us.id, key = '200') => {
  const definition = { type: 'insights', metrics: [{ event: 'Buy' }], dates, ...more }
  const bookmark_id = await made('bookmarks', definition, projectId)
  const answer = await askQuery(lethe, projectId, 'insights', { bookmark_id })
  // What a report is compared to stands beside what is documented.
  const { comparison, ...documented } = answer.json()
  expectDocumented('GET /api/query/insights', key, { ...answer, json: () => documented })
  return { ...documented, comparison }
}
const at = (day: string) => `${day}T00:00:00+01:00`

describe('a report compared', () => {
  it('to the year before, on Monday instead of a weekend', async () => {
    const { comparison } = await ask({ compare: { to: 'past', unit: 'year' } }, eu.id)
    expect(comparison).toEqual({
      to: 'past',
      unit: 'year',
      date_range: { from_date: at('2025-03-01'), to_date: '2025-03-03T23:59:59.999000+01:00' },
      // Both the first and the second of March lay on that weekend.
      dates: { [at('2026-03-01')]: at('2025-03-03'), [at('2026-03-02')]: at('2025-03-03') },
      series: { Buy: { [at('2026-03-01')]: 2, [at('2026-03-02')]: 2 } },
    })
  })

  it('to a month before and to days before, by the values of now', async () => {
    const report = { breakdowns: [{ property: 'plan' }], compare: { to: 'past', unit: 'month' } }
    const { series, comparison } = await ask(report, eu.id)
    const [first, second] = [at('2026-03-01'), at('2026-03-02')]
    expect(comparison.dates).toEqual({ [first]: at('2026-02-01'), [second]: at('2026-02-02') })
    expect(comparison.series).toEqual({
      Buy: {
        $overall: { [first]: 1, [second]: 0 },
        free: { [first]: 0, [second]: 0 },
        pro: { [first]: 0, [second]: 0 },
      },
    })
    expect(Object.keys(series.Buy)).toEqual(['$overall', 'free', 'pro'])
    const days = await ask({ compare: { to: 'past', days: 28 }, chart: 'bar' }, eu.id)
    expect(days.comparison).toEqual({
      to: 'past',
      days: 28,
      date_range: { from_date: at('2026-02-01'), to_date: '2026-02-02T23:59:59.999000+01:00' },
      series: { Buy: { all: 1 } },
    })
  })

  it('to everything, and to one of its segments', async () => {
    const report = { breakdowns: [{ property: 'plan' }], chart: 'bar' }
    const overall = await ask({ ...report, compare: { to: 'overall' } })
    expect(overall.comparison).toEqual({ to: 'overall', series: { Buy: { all: 4 } } })
    const segment = await ask({ ...report, compare: { to: 'segment', segment: ['free'] } })
    expect(segment.comparison.series).toEqual({ Buy: { all: 2 } })
  })

  it('not where points do not lie on each other', async () => {
    const answer = await ask({ unit: 'week', compare: { to: 'past', unit: 'day' } }, us.id, '400')
    expect(answer.error).toContain('whole weeks')
  })
})

describe('segments', () => {
  it('are ranges that hold all numbers, or that are given', async () => {
    const by = async (breakdown: object) => {
      const { series } = await ask({ chart: 'bar', breakdowns: [{ property: 'n', ...breakdown }] })
      const { $overall, ...rest } = series.Buy
      return Object.fromEntries(
        Object.entries(rest as Record<string, { all: number }>).map(([key, { all }]) => [key, all]),
      )
    }
    // Two wide: the narrowest with at most twenty ranges.
    expect(await by({ buckets: { type: 'auto' } })).toEqual({ '10 - 12': 1, '24 - 26': 1, '34 - 36': 1, undefined: 1 })
    expect(await by({ type: 'number' })).toEqual(await by({ buckets: { type: 'auto' } }))
    expect(await by({ type: 'string' })).toEqual({ 10: 1, 25: 1, 35: 1, undefined: 1 })
    expect(await by({ buckets: { type: 'even', min: 20, max: 30, size: 8 } })).toEqual({
      ...{ '< 20': 1, '20 - 28': 1, '>= 30': 1, undefined: 1 },
    })
    const groups = [
      { to: 11, label: 'few' },
      { from: 20, to: 30 },
    ]
    expect(await by({ buckets: { type: 'varied', groups } })).toEqual({ few: 1, '20 - 30': 1, $other: 1, undefined: 1 })
  })

  it('are groups of texts, the first that fits', async () => {
    const groups = [
      { label: 'with r', contains: ['r'] },
      { label: 'free ones', values: ['free'] },
    ]
    const { series } = await ask({
      chart: 'bar',
      breakdowns: [{ property: 'plan', buckets: { type: 'text', groups } }],
    })
    expect(series.Buy).toEqual({ $overall: { all: 4 }, 'with r': { all: 4 } })
  })

  it('have what happened after them', async () => {
    const attribution = { model: 'linear' }
    const { series } = await ask({ chart: 'bar', breakdowns: [{ property: 'source', attribution }] })
    expect(series.Buy).toEqual({
      $overall: { all: 4 },
      undefined: { all: 3 },
      mail: { all: 0.5 },
      web: { all: 0.5 },
    })
    const last = await ask({ chart: 'bar', breakdowns: [{ property: 'source', attribution: {} }] })
    expect(last.series.Buy).toEqual({ $overall: { all: 4 }, undefined: { all: 3 }, web: { all: 1 } })
    const refused = await ask(
      { metrics: [{ event: 'Buy', math: 'dau' }], breakdowns: [{ property: 'source', attribution }] },
      us.id,
      '400',
    )
    expect(refused.error).toContain('math total, unique or sum')
  })

  it('have a person under one of them, where that is asked for', async () => {
    const by = async (segments: string) => {
      const metrics = [{ event: 'Buy', math: 'unique', segments }]
      return (await ask({ chart: 'bar', metrics, breakdowns: [{ property: 'plan' }] })).series.Buy
    }
    expect(await by('all')).toEqual({ $overall: { all: 2 }, pro: { all: 2 }, free: { all: 1 } })
    expect(await by('first')).toEqual({ $overall: { all: 2 }, free: { all: 1 }, pro: { all: 1 } })
    expect(await by('last')).toEqual({ $overall: { all: 2 }, pro: { all: 2 } })
  })

  it('are as many as are asked for', async () => {
    const { series } = await ask({ chart: 'table', breakdowns: [{ property: 'n' }], limit: 1 })
    expect(Object.keys(series.Buy)).toHaveLength(2)
  })
})

describe('metrics of people', () => {
  it('are of profiles as they are now', async () => {
    const metrics = [
      { type: 'profiles' },
      { type: 'profiles', label: 'age', math: 'average', property: 'age' },
      { type: 'profiles', label: 'grown', where: 'properties["age"] >= 40' },
      { event: 'Buy' },
    ]
    const report = { chart: 'table', metrics, formulas: [{ formula: 'D / A', label: 'each' }] }
    expect((await ask(report)).series).toEqual({
      Profiles: { all: 3 },
      age: { all: 35 },
      grown: { all: 1 },
      Buy: { all: 4 },
      each: { all: 4 / 3 },
    })
    const by = await ask({ ...report, breakdowns: [{ property: 'city', source: 'user' }] })
    expect(by.series.Profiles).toEqual({ $overall: { all: 3 }, Bern: { all: 2 }, undefined: { all: 1 } })
    const workspace_id = await made('data-views', { profile_where: 'user["age"] == 30' })
    const bookmark_id = await made('bookmarks', {
      type: 'insights',
      chart: 'metric',
      metrics: [{ type: 'profiles' }],
      dates,
    })
    const seen = await askQuery(lethe, us.id, 'insights', { bookmark_id, workspace_id })
    expect(seen.json().series).toEqual({ Profiles: { all: 1 } })
  })

  it('are of cohorts at the end of each day', async () => {
    const bought = { type: 'did', event: 'Buy', window: { last: 2, unit: 'day' } }
    const cohort_id = await made(
      'cohorts',
      { type: 'dynamic', condition: { type: 'group', operator: 'and', conditions: [bought] } },
      eu.id,
    )
    const grown = await made(
      'cohorts',
      {
        type: 'dynamic',
        condition: {
          type: 'group',
          operator: 'and',
          conditions: [
            { type: 'did', event: 'Buy' },
            { type: 'profile', where: 'properties["age"] > 35' },
          ],
        },
      },
      eu.id,
    )
    const metrics = [
      { type: 'cohort', cohort_id, label: 'lately' },
      { type: 'cohort', cohort_id: grown },
    ]
    const days = { from_date: '2026-02-28', to_date: '2026-03-04' }
    const { series } = await ask({ metrics, dates: days }, eu.id)
    expect(Object.values(series['lately'])).toEqual([0, 1, 2, 1, 0])
    expect(Object.values(series[`Cohort ${grown}`])).toEqual([1, 1, 1, 1, 1])
    const before = await ask({ metrics, dates: { from_date: '2025-03-02', to_date: '2025-03-03' } }, eu.id)
    expect(Object.values(before.series[`Cohort ${grown}`])).toEqual([0, 1])
    const by = await ask({ metrics: [metrics[0]], breakdowns: [{ property: 'city', source: 'user' }], dates }, eu.id)
    expect(by.series['lately']).toEqual({
      $overall: { [at('2026-03-01')]: 1, [at('2026-03-02')]: 2 },
      Bern: { [at('2026-03-01')]: 1, [at('2026-03-02')]: 2 },
    })
  })
})

describe('segments of cohorts', () => {
  it('are In and Not in, each cohort for itself', async () => {
    const group = (condition: object) => ({
      type: 'dynamic',
      condition: { type: 'group', operator: 'and', conditions: [condition] },
    })
    const looked = await made('cohorts', group({ type: 'did', event: 'Ad' }))
    // Whoever never did it: nobody's events are of no person, and so not in it.
    const never = await made('cohorts', group({ type: 'did_not', event: 'Ad' }))
    const [first, second] = await Promise.all(
      [looked, never].map(async (id) => {
        const path = `/api/app/projects/${us.id}/cohorts/${id}`
        return (await lethe.get(path, { headers: account })).json().results.name
      }),
    )
    const metrics = [{ event: 'Buy' }, { event: 'Buy', math: 'unique', label: 'people' }]
    const { headers, series } = await ask({ chart: 'bar', metrics, cohorts: [looked, never] })
    expect(headers).toEqual(['$metric', '$cohort'])
    expect(series.Buy).toEqual({
      $overall: { all: 4 },
      [`In ${first}`]: { all: 1 },
      [`Not in ${first}`]: { all: 3 },
      [`In ${second}`]: { all: 2 },
      [`Not in ${second}`]: { all: 2 },
    })
    expect(series.people).toMatchObject({ [`In ${first}`]: { all: 1 }, [`Not in ${first}`]: { all: 1 } })
    const people = await ask({ chart: 'bar', metrics: [{ type: 'profiles' }], cohorts: [looked] })
    expect(people.series.Profiles).toEqual({
      $overall: { all: 3 },
      [`In ${first}`]: { all: 1 },
      [`Not in ${first}`]: { all: 2 },
    })
  })
})

describe('a report that asks for too much', () => {
  const days = (from_date: string) => ({ from_date, to_date: '2026-03-02' })
  it.each([
    [{ unit: 'hour', dates: days('2026-01-01') }, 'at most 31 days'],
    [{ dates: days('2025-01-01') }, 'at most 366 days'],
    [{ chart: 'bar', metrics: [{ event: '$any_event' }], dates: days('2025-11-01') }, 'at most 93 days'],
    [{ metrics: [{ type: 'cohort', cohort_id: 1 }], dates: days('2025-11-01') }, 'at most 93 intervals'],
  ])('is refused: %j', async (more, sentence) => {
    const id = await made('cohorts', { type: 'static' })
    const report = JSON.parse(JSON.stringify(more).replace('"cohort_id":1', `"cohort_id":${id}`))
    expect((await ask(report, us.id, '400')).error).toContain(sentence)
  })

  it.each([
    [{ limit: 51 }],
    [{ chart: 'metric', limit: 13 }],
    [{ metrics: [{ type: 'profiles' }] }],
    [{ metrics: [{ type: 'profiles' }], chart: 'bar', breakdowns: [{ property: 'plan' }] }],
    [{ metrics: [{ event: 'Buy', segments: 'first' }] }],
    [{ metrics: [{ type: 'cohort', cohort_id: 2_000_000_000 }] }],
    [{ compare: { to: 'segment', segment: ['x'] } }],
    [{ compare: { to: 'overall' } }],
    [{ cohorts: [2_000_000_000] }],
    [{ compare: { to: 'past' } }],
    [{ breakdowns: [{ property: 'n', buckets: { type: 'even', min: 3, max: 2, size: 1 } }] }],
    [{ breakdowns: [{ property: 'n', attribution: { model: 'custom' } }] }],
  ])('is not saved: %j', async (more) => {
    const definition = { type: 'insights', metrics: [{ event: 'Buy' }], dates, ...more }
    const body = { name: 'It', definition }
    const answer = await lethe.post(`/api/app/projects/${us.id}/bookmarks`, { headers: account, body })
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })
})
