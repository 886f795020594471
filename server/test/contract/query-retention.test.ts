import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'

// QRY-04, QRY-05 (query §2.4, §2.5; query §8).

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_RETENTION_DAYS: '0' } })
  await importEvents(lethe, us.id, [
    eventAt('Sign up', '2012-01-01T10:00:00Z', 'anna', { plan: 'pro' }),
    eventAt('Sign up', '2012-01-01T23:00:00Z', 'ben', { plan: 'free' }),
    eventAt('Sign up', '2012-01-02T09:00:00Z', 'carl', { plan: 'free' }),
    // Not the first of hers, and nobody's.
    eventAt('Sign up', '2012-01-02T09:00:00Z', 'anna', { plan: 'pro' }),
    eventAt('Sign up', '2012-01-02T09:00:00Z', ''),
    // Interval 0 of both, 1 of ben, 2 of both; then of carl 0, and long after.
    eventAt('Log in', '2012-01-01T10:00:01Z', 'anna', { from: 'web' }),
    eventAt('Log in', '2012-01-02T22:59:59Z', 'ben', { from: 'app' }),
    eventAt('Log in', '2012-01-02T23:00:00Z', 'ben', { from: ['app', 'web'] }),
    eventAt('Log in', '2012-01-03T10:00:00Z', 'anna', { from: 'web' }),
    eventAt('Log in', '2012-01-03T23:00:00Z', 'ben'),
    eventAt('Log in', '2012-01-02T20:00:00Z', 'carl', { from: 'app' }),
    eventAt('Log in', '2012-02-20T20:00:00Z', 'carl', { from: 'app' }),
  ])
})
afterAll(() => lethe?.stop())

type Values = Readonly<Record<string, string | number>>
const ask = (name: string, values: Values) => askQuery(lethe, us.id, name, values)
const days = { from_date: '2012-01-01', to_date: '2012-01-02' }
const born = { ...days, born_event: 'Sign up', event: 'Log in', interval_count: 2 }
const retention = async (values: Values, key = '200') =>
  expectDocumented('GET /api/query/retention', key, await ask('retention', values))
const addiction = async (values: Values, key = '200') =>
  expectDocumented('GET /api/query/retention/addiction', key, await ask('retention/addiction', values))

describe('retention', () => {
  it('of the first event: who came back in each interval of 24 hours after their own', async () => {
    const expected = {
      '2012-01-01': { counts: [2, 1, 2], first: 2 },
      '2012-01-02': { counts: [1, 0, 0], first: 1 },
    }
    expect(await retention(born)).toEqual(expected)
    const old = await lethe.get(
      `/api/2.0/retention?project_id=${us.id}&${new URLSearchParams({ ...born, interval_count: '2' })}`,
      { headers: account },
    )
    expect(old.json()).toEqual(expected)
  })

  it('on or after: later intervals count in those before', async () => {
    expect(await retention({ ...born, unbounded_retention: 'true' })).toEqual({
      '2012-01-01': { counts: [2, 2, 2], first: 2 },
      '2012-01-02': { counts: [1, 1, 1], first: 1 },
    })
  })

  it('compounded: everybody in every bucket, by one event', async () => {
    expect(await retention({ ...days, retention_type: 'compounded', event: 'Sign up' })).toEqual({
      '2012-01-01': { counts: [1, 0], first: 2 },
      '2012-01-02': { counts: [0, 0], first: 2 },
    })
  })

  it('any event brings back, filters are of their own event', async () => {
    const { event: _, ...anything } = born
    expect(await retention({ ...anything, born_where: 'properties["plan"] == "pro"' })).toEqual({
      '2012-01-01': { counts: [1, 0, 1], first: 1 },
      '2012-01-02': { counts: [0, 0, 0], first: 0 },
    })
    expect(await retention({ ...born, where: 'properties["from"] == "app"' })).toEqual({
      '2012-01-01': { counts: [1, 0, 0], first: 2 },
      '2012-01-02': { counts: [1, 0, 0], first: 1 },
    })
  })

  it('by several units, by week and by month', async () => {
    expect(await retention({ ...born, interval: 2, interval_count: 1 })).toMatchObject({
      '2012-01-01': { counts: [2, 2], first: 2 },
    })
    expect(await retention({ ...born, unit: 'week', interval_count: 1 })).toEqual({
      '2011-12-26': { counts: [2, 0], first: 2 },
      '2012-01-02': { counts: [1, 0], first: 1 },
    })
    expect(await retention({ ...born, unit: 'month', interval_count: 1 })).toEqual({
      '2012-01-01': { counts: [3, 1], first: 3 },
    })
  })

  it('by values of the event that came back', async () => {
    expect(await retention({ ...born, on: 'from' }, '200 on')).toEqual({
      '2012-01-01': {
        web: { counts: [1, 1, 1], first: 2 },
        app: { counts: [1, 1, 0], first: 2 },
        undefined: { counts: [0, 0, 1], first: 2 },
      },
      '2012-01-02': { app: { counts: [1, 0, 0], first: 1 } },
    })
    const one = await retention({ ...born, on: 'from', limit: 1 }, '200 on')
    expect(Object.keys(one['2012-01-01'])).toHaveLength(1)
  })

  it.each([
    [{ ...days, event: 'Log in' }, 'born_event is required'],
    [{ born_event: 'Sign up', from_date: '2012-01-01' }, 'to_date is required'],
    [{ ...born, retention_type: 'death' }, 'one of birth, compounded'],
    [{ ...born, unit: 'hour' }, 'one of day, week, month'],
    [{ ...born, interval: 91 }, 'interval must be a whole number from 1 to 90'],
    [{ ...born, interval_count: 0 }, 'interval_count must be a whole number'],
    [{ ...born, unbounded_retention: 'perhaps' }, 'unbounded_retention must be true or false'],
    [{ ...born, born_where: 'properties[' }, 'column '],
    [{ ...born, event: '$custom_event:77' }, 'no such custom event'],
  ])('refuses %j', async (values, sentence) => {
    expect((await retention(values as Values, '400')).error).toContain(sentence)
  })
})

describe('frequency', () => {
  const asked = { ...days, event: 'Log in', unit: 'day', addiction_unit: 'hour' }

  it('counts who was there in at least so many hours of a day', async () => {
    const { data } = await addiction(asked)
    const padded = (...counts: number[]) => [...counts, ...new Array(24 - counts.length).fill(0)]
    expect(data).toEqual({ '2012-01-01': padded(1), '2012-01-02': padded(2, 1) })
  })

  it.each([
    ['week', 'day', { '2011-12-26': 7, '2012-01-02': 7 }],
    ['week', 'hour', { '2011-12-26': 168, '2012-01-02': 168 }],
    ['month', 'day', { '2012-01-01': 31, '2012-02-01': 29 }],
  ])('a %s has so many %ss', async (unit, addiction_unit, lengths) => {
    const to_date = unit === 'month' ? '2012-02-29' : '2012-01-02'
    const { data } = await addiction({ ...asked, unit, addiction_unit, to_date })
    const got = Object.entries(data as Record<string, number[]>).map(([date, counts]) => [date, counts.length])
    expect(Object.fromEntries(got)).toEqual(lengths)
  })

  it('of any event, filtered, by value', async () => {
    const { data } = await addiction({ ...days, unit: 'month', addiction_unit: 'day', to_date: '2012-01-31' })
    expect(data['2012-01-01'].slice(0, 4)).toEqual([3, 2, 2, 0])
    const filtered = await addiction({ ...asked, where: 'properties["from"] == "web"' })
    expect(filtered.data['2012-01-01'][0]).toBe(1)
    const byValue = await addiction(
      { ...asked, to_date: '2012-01-03', unit: 'week', addiction_unit: 'day', on: 'from' },
      '200 on',
    )
    expect(byValue.data['2012-01-02']).toEqual({
      app: [2, 0, 0, 0, 0, 0, 0],
      web: [2, 0, 0, 0, 0, 0, 0],
      undefined: [1, 0, 0, 0, 0, 0, 0],
    })
  })

  it.each([
    [{ ...days, addiction_unit: 'hour' }, 'unit is required'],
    [{ ...days, unit: 'day' }, 'addiction_unit is required'],
    [{ ...asked, addiction_unit: 'minute' }, 'one of hour, day'],
    [{ ...asked, where: '1 +' }, 'column '],
  ])('refuses %j', async (values, sentence) => {
    expect((await addiction(values as Values, '400')).error).toContain(sentence)
  })
})

it('every documented answer of retention was checked', () => {
  expect(notChecked(() => true, ['query']).filter((label) => label.includes('/retention'))).toEqual([])
})
