import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// QRY-02 (query §2.2, query §7).

let lethe: Lethe
let rare = 0
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '1000' } })
  await importEvents(lethe, us.id, [
    // The example of query §7: enters at 13:00, comes to B, and C is too late.
    eventAt('A', '2026-03-02T13:00:00Z', 'anna', { from: 'web' }),
    eventAt('A', '2026-03-02T13:30:00Z', 'anna', { from: 'web' }),
    eventAt('B', '2026-03-02T13:45:00Z', 'anna', { from: 'app' }),
    eventAt('C', '2026-03-02T14:15:00Z', 'anna'),
    // Converts, after midnight.
    eventAt('A', '2026-03-03T23:30:00Z', 'ben', { from: 'app', plan: 'pro' }),
    eventAt('B', '2026-03-03T23:40:00Z', 'ben', { plan: 'pro' }),
    eventAt('C', '2026-03-04T00:20:00Z', 'ben', { plan: 'free' }),
    // Enters only, on both days.
    eventAt('A', '2026-03-02T08:00:00Z', 'carl', { from: 'web' }),
    eventAt('A', '2026-03-03T08:00:00Z', 'carl', { from: 'web' }),
    eventAt('A', '2026-03-02T08:00:00Z', ''),
  ])
})
afterAll(() => lethe?.stop())

type Values = Readonly<Record<string, string | number>>
const save = async (definition: object): Promise<number> => {
  rare += 1
  const answer = await lethe.post(`/api/app/projects/${us.id}/funnels`, {
    headers: account,
    body: { name: `Funnel ${rare}`, definition },
  })
  expect([answer.status, answer.text]).toEqual([expect.any(Number), expect.stringContaining('"ok"')])
  return answer.json().results.id
}
const abc = { steps: [{ event: 'A' }, { event: 'B' }, { event: 'C' }], length: 1, length_unit: 'hour' }
const days = { from_date: '2026-03-02', to_date: '2026-03-03' }
const ask = async (values: Values, key = '200') =>
  expectDocumented('GET /api/query/funnels', key, await askQuery(lethe, us.id, 'funnels', values))
const counts = (steps: readonly { count: number }[]) => steps.map(({ count }) => count)
const countsOf = async (definition: object, values: Values = {}) => {
  const { data } = await ask({ funnel_id: await save(definition), ...days, interval: 2, ...values })
  return counts(data['2026-03-02'].steps)
}

describe('funnels', () => {
  it('answer as documented, on both path families', async () => {
    const funnel_id = await save({ ...abc, steps: [{ event: 'A', label: 'Arrives' }, { event: 'B' }, { event: 'C' }] })
    const got = await ask({ funnel_id, ...days })
    expect(got).toEqual({
      meta: { dates: ['2026-03-02', '2026-03-03'] },
      data: {
        '2026-03-02': {
          steps: [
            {
              count: 2,
              avg_time: null,
              avg_time_from_start: null,
              step_conv_ratio: 1,
              goal: 'A',
              step_label: 'Arrives',
              overall_conv_ratio: 1,
              event: 'A',
            },
            {
              count: 1,
              avg_time: 2_700,
              avg_time_from_start: 2_700,
              step_conv_ratio: 0.5,
              goal: 'B',
              overall_conv_ratio: 0.5,
              event: 'B',
            },
            {
              count: 0,
              avg_time: null,
              avg_time_from_start: null,
              step_conv_ratio: 0,
              goal: 'C',
              overall_conv_ratio: 0,
              event: 'C',
            },
          ],
          analysis: { completion: 0, starting_amount: 2, steps: 3, worst: 1 },
        },
        '2026-03-03': {
          steps: [
            expect.objectContaining({ count: 2 }),
            expect.objectContaining({ count: 1, avg_time: 600 }),
            expect.objectContaining({ count: 1, avg_time: 2_400, avg_time_from_start: 3_000, step_conv_ratio: 1 }),
          ],
          analysis: { completion: 1, starting_amount: 2, steps: 3, worst: 1 },
        },
      },
    })
    const form = new URLSearchParams({ project_id: String(us.id), funnel_id: String(funnel_id), ...days })
    const old = await lethe.post(`/api/2.0/funnels`, { headers: account, body: form.toString() })
    expect(old.json()).toEqual(got)
  })

  it('by several days, week and month each count a person once', async () => {
    const funnel_id = await save(abc)
    const steps = async (values: Values) =>
      Object.entries((await ask({ funnel_id, ...days, ...values })).data).map(([date, one]) => [
        date,
        counts((one as { steps: { count: number }[] }).steps),
      ])
    expect(await steps({ interval: 2 })).toEqual([['2026-03-02', [3, 2, 1]]])
    expect(await steps({ unit: 'week' })).toEqual([['2026-03-02', [3, 2, 1]]])
    expect(await steps({ unit: 'month' })).toEqual([['2026-03-01', [3, 2, 1]]])
  })

  it('take length and its unit from the question before the funnel', async () => {
    expect(await countsOf(abc, { length: 2 })).toEqual([3, 2, 2])
    expect(await countsOf(abc, { length: 40, length_unit: 'minute' })).toEqual([3, 1, 0])
    expect(await countsOf(abc, { length_unit: 'day' })).toEqual([3, 2, 2])
  })

  it('count totals, sessions, in any order, with exclusions and filters', async () => {
    expect(await countsOf({ ...abc, counting: 'totals' })).toEqual([4, 2, 1])
    // Sessions end after more than half an hour of nothing, and at midnight.
    expect(await countsOf({ ...abc, counting: 'sessions', length: 1, length_unit: 'session' })).toEqual([4, 2, 1])
    expect(await countsOf({ ...abc, steps: [{ event: 'B' }, { event: 'A' }, { event: 'C' }], order: 'any' })).toEqual([
      3, 2, 1,
    ])
    expect(await countsOf({ ...abc, exclusions: [{ event: 'B', from_step: 0, to_step: 1 }] })).toEqual([3, 2, 1])
    const noB = { ...abc, steps: [{ event: 'A' }, { event: 'C' }], exclusions: [{ event: 'B' }] }
    expect(await countsOf(noB)).toEqual([3, 0])
    expect(await countsOf({ ...abc, hold_constant: ['plan'] })).toEqual([1, 1, 0])
    expect(
      await countsOf({ ...abc, steps: [{ event: 'A', where: 'properties["from"] == "app"' }, { event: 'B' }] }),
    ).toEqual([1, 1])
    expect(await countsOf({ ...abc, reentry: 'optimized' })).toEqual([3, 2, 2])
  })

  it('begin and end with sessions', async () => {
    const steps = [{ event: '$session_start' }, { event: 'A' }, { event: '$session_end' }]
    expect(await countsOf({ ...abc, steps })).toEqual([3, 3, 2])
    expect(await countsOf({ ...abc, length: 2, steps })).toEqual([3, 3, 3])
    expect(await countsOf({ ...abc, counting: 'totals', steps: [{ event: '$session_start' }] })).toEqual([4])
  })

  it('drop whole attempts by where', async () => {
    expect(await countsOf(abc, { where: 'properties["from"] == "web"' })).toEqual([2, 1, 0])
    // B says app, but the first that says something does.
    expect(await countsOf({ ...abc, attribution: 'last' }, { where: 'properties["from"] == "app"' })).toEqual([2, 2, 1])
    expect(await countsOf({ ...abc, where: 'properties["plan"] == "pro"' })).toEqual([1, 1, 1])
  })

  it('by values: those of all, and the rest together', async () => {
    const funnel_id = await save(abc)
    const values = { funnel_id, ...days, interval: 2, on: 'from' }
    const lines = async (more: Values) => {
      const { data } = await ask({ ...values, ...more }, '200 on')
      const day = Object.entries(data['2026-03-02'] as Record<string, { count: number }[]>)
      return Object.fromEntries(day.map(([key, steps]) => [key, counts(steps)]))
    }
    expect(await lines({})).toEqual({ $overall: [3, 2, 1], web: [2, 1, 0], app: [1, 1, 1] })
    expect(await lines({ limit: 1 })).toEqual({ $overall: [3, 2, 1], web: [2, 1, 0], $other: [1, 1, 1] })
    const last = await save({ ...abc, attribution: 'last' })
    expect(await lines({ funnel_id: last })).toEqual({ $overall: [3, 2, 1], web: [1, 0, 0], app: [2, 2, 1] })
  })

  it('take custom events as steps', async () => {
    const made = await lethe.post(`/api/app/projects/${us.id}/custom-events`, {
      headers: account,
      body: {
        name: 'B or C',
        definition: { events: [{ event: 'B', where: 'properties["plan"] == "pro"' }, { event: 'C' }] },
      },
    })
    const id = made.json().results.id
    const funnel_id = await save({
      ...abc,
      length: 2,
      steps: [{ event: 'A' }, { event: `$custom_event:${id}` }],
    })
    const { data } = await ask({ funnel_id, ...days, interval: 2 })
    expect(data['2026-03-02'].steps[1]).toMatchObject({
      count: 2,
      goal: `$custom_event:${id}`,
      event: `$custom_event:${id}`,
      custom_event: true,
      custom_event_id: id,
      step_label: 'B or C',
    })
  })

  it('are of people, whatever ids they had, by what is known of them', async () => {
    const before = { $device_id: 'd1' }
    await importEvents(lethe, eu.id, [
      eventAt('A', '2026-03-02T10:00:00Z', '$device:d1', before),
      eventAt('B', '2026-03-02T10:10:00Z', 'eve', { ...before, $user_id: 'eve' }),
      eventAt('A', '2026-03-02T10:00:00Z', 'fred'),
    ])
    const profile = { $token: eu.token, $distinct_id: 'eve', $set: { tier: 'gold' } }
    expect((await lethe.post('/engage', { body: [profile] })).text).toBe('1')
    const definition = { steps: [{ event: 'A' }, { event: 'B' }], length: 1 }
    const made = await lethe.post(`/api/app/projects/${eu.id}/funnels`, {
      headers: account,
      body: { name: 'Of people', definition },
    })
    const values = { funnel_id: made.json().results.id, from_date: '2026-03-02', to_date: '2026-03-02' }
    const plain = (await askQuery(lethe, eu.id, 'funnels', values)).json()
    expect(counts(plain.data['2026-03-02'].steps)).toEqual([2, 1])
    const on = (await askQuery(lethe, eu.id, 'funnels', { ...values, on: 'user["tier"]' })).json().data['2026-03-02']
    expect([counts(on.$overall), counts(on.gold), counts(on.undefined)]).toEqual([
      [2, 1],
      [1, 1],
      [1, 0],
    ])
    const days1 = { from_date: '2026-03-02', to_date: '2026-03-02' }
    const retained = await askQuery(lethe, eu.id, 'retention', {
      ...days1,
      born_event: 'A',
      event: 'B',
      on: 'user["tier"]',
    })
    expect(retained.json()).toEqual({ '2026-03-02': { gold: { counts: [1, 0], first: 2 } } })
    const active = { ...days1, unit: 'day', addiction_unit: 'hour', on: 'user["tier"]' }
    const often = (await askQuery(lethe, eu.id, 'retention/addiction', active)).json().data['2026-03-02']
    expect([often.gold[0], often.gold[1], often.undefined[0]]).toEqual([1, 0, 1])
  })

  it.each([
    [{ ...days }, 'funnel_id is required'],
    [{ funnel_id: 'x', ...days }, 'funnel_id must be a whole number'],
    [{ funnel_id: 2_000_000_000, ...days }, 'no funnel 2000000000'],
    [{ from_date: '2026-03-02' }, 'to_date is required'],
    [{ length: 91 }, 'length must be at most 90 days'],
    [{ length_unit: 'week' }, 'one of second, minute, hour, day'],
    [{ unit: 'hour' }, 'one of day, week, month'],
    [{ interval: 0 }, 'interval must be a whole number from 1 to 366'],
    [{ where: 'properties[' }, 'column 12'],
    [{ on: 'floor(' }, 'column '],
    [{ limit: 10_001 }, 'limit must be a whole number'],
  ])('refuse %j', async (values, sentence) => {
    const isWhole = 'funnel_id' in values || Object.keys(values).length === 2
    const base = isWhole
      ? {}
      : { funnel_id: await save({ ...abc, length_unit: 'day' }), ...('from_date' in values ? {} : days) }
    expect((await ask({ ...base, ...values } as unknown as Values, '400')).error).toContain(sentence)
  })
})

it('every documented answer of funnels was checked', () => {
  const left = notChecked(() => true, ['query']).filter((label) => label.startsWith('GET /api/query/funnels →'))
  expect(left).toEqual([])
})
