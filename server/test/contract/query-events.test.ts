import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { us } from '../support/provision.ts'
import { askQuery, eventAt, importEvents } from '../support/query-project.ts'

// QRY-14…17 (query §2.12…2.17).

const dayMs = 86_400_000
const nowMs = Date.now()
/** So many days ago, at this time of day; today: a moment ago. */
const ago = (days: number): string => new Date(nowMs - days * dayMs).toISOString()
const dayOf = (days: number): string => ago(days).slice(0, 10)

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
  const many = (count: number, event: string, days: number, properties: object = {}) =>
    Array.from({ length: count }, (_, at) => eventAt(event, ago(days), `u${at % 2}`, properties))
  await importEvents(lethe, us.id, [
    ...many(2, 'Open', 0, { version: 'v1' }),
    ...many(5, 'Open', 1, { version: 'v2' }),
    ...many(3, 'Read', 0, { version: 'v1', shelf: 'b"2' }),
    ...many(1, 'Gone', 1),
    ...many(9, 'Old', 30),
    ...many(1, 'Older', 40),
    eventAt('Open', ago(1), '', { version: 'v2' }),
    eventAt('Open', ago(2), 'u7', { version: 3 }),
    eventAt('Open', ago(2), 'u7'),
  ])
})
afterAll(() => lethe?.stop())

type Values = Readonly<Record<string, string | number>>
const ask = (name: string, values: Values) => askQuery(lethe, us.id, name, values)
const body = async (name: string, values: Values) =>
  expectDocumented(`GET /api/query/${name}`, '200', await ask(name, values))
const fault = async (name: string, values: Values): Promise<string> =>
  expectDocumented(`GET /api/query/${name}`, '400', await ask(name, values)).error
const three = { from_date: dayOf(2), to_date: dayOf(0) }
const threeDays = [dayOf(2), dayOf(1), dayOf(0)]
const byDay = (...counts: readonly number[]) => Object.fromEntries(threeDays.map((day, at) => [day, counts[at]]))

describe('events', () => {
  const asked = { event: '["Open","Read","Never"]', type: 'general', unit: 'day' }

  it('counts several events over time, from dates or over the last units', async () => {
    const expected = {
      data: { series: threeDays, values: { Open: byDay(2, 6, 2), Read: byDay(0, 0, 3), Never: byDay(0, 0, 0) } },
      legend_size: 3,
    }
    expect(await body('events', { ...asked, ...three })).toEqual(expected)
    expect(await body('events', { ...asked, interval: 3 })).toEqual(expected)
  })

  it('counts people, and events per person', async () => {
    const unique = await body('events', { ...asked, ...three, type: 'unique' })
    expect(unique.data.values).toEqual({ Open: byDay(1, 2, 2), Read: byDay(0, 0, 2), Never: byDay(0, 0, 0) })
    const average = await body('events', { ...asked, ...three, type: 'average' })
    expect(average.data.values.Open).toEqual(byDay(2, 2.5, 1))
  })

  it('takes one bare name, the running hour and minute, and CSV', async () => {
    for (const unit of ['hour', 'minute']) {
      const { data } = await body('events', { event: 'Read', type: 'general', unit, interval: 5 })
      expect(data.series).toHaveLength(5)
      expect(data.series[0]).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:00$/)
    }
    const answer = await ask('events', { ...asked, ...three, format: 'csv' })
    const table = expectDocumented('GET /api/query/events', '200 csv', answer)
    expect(table.split('\r\n').slice(0, 2)).toEqual(['date,Open,Read,Never', `${dayOf(2)},2,0,0`])
  })

  it.each([
    [{ type: 'general', unit: 'day', interval: 3 }, 'event is required'],
    [{ ...asked, type: '' }, 'type is required'],
    [{ ...asked, unit: '' }, 'unit is required'],
    [asked, 'from_date and to_date, or interval, are required'],
    [{ ...asked, interval: 0 }, 'interval must be a whole number'],
    [{ ...asked, event: '[1]', interval: 1 }, 'event must be a JSON array'],
    [{ ...asked, interval: 3, unit: 'hour', type: 'unique' }, 'cannot be counted by hour'],
    [{ ...asked, interval: 3, unit: 'minute', type: 'unique' }, 'cannot be counted by minute'],
  ])('refuses %j', async (values, sentence) => {
    expect(await fault('events', values)).toContain(sentence)
  })

  it('of today, the most frequent first, beside yesterday', async () => {
    expect(await body('events/top', { type: 'general' })).toEqual({
      events: [
        { amount: 3, event: 'Read', percent_change: 1 },
        { amount: 2, event: 'Open', percent_change: (2 - 6) / 6 },
      ],
      type: 'general',
    })
    const unique = await body('events/top', { type: 'unique', limit: 1 })
    expect(unique).toEqual({ events: [{ amount: 2, event: 'Open', percent_change: 0 }], type: 'unique' })
    expect(await fault('events/top', {})).toContain('type is required')
  })

  it('by name over 31 days, the most frequent first', async () => {
    expect(await body('events/names', { type: 'general' })).toEqual(['Open', 'Old', 'Read', 'Gone'])
    expect(await body('events/names', { type: 'unique', limit: 2 })).toEqual(['Open', 'Old'])
  })
})

describe('properties of an event', () => {
  const asked = { event: 'Open', name: 'version', type: 'general', unit: 'day', ...three }

  it('counts the values asked for, or the most frequent', async () => {
    expect(await body('events/properties', asked)).toEqual({
      data: {
        series: threeDays,
        values: { v2: byDay(0, 6, 0), v1: byDay(0, 0, 2), 3: byDay(1, 0, 0), undefined: byDay(1, 0, 0) },
      },
      legend_size: 4,
    })
    const some = await body('events/properties', { ...asked, type: 'unique', values: '["v1","v9"]' })
    expect(some.data.values).toEqual({ v1: byDay(0, 0, 2), v9: byDay(0, 0, 0) })
    const first = await body('events/properties', { ...asked, limit: 1 })
    expect(Object.keys(first.data.values)).toEqual(['v2'])
    const average = await body('events/properties', { ...asked, type: 'average' })
    expect(average.data.values.v2).toEqual(byDay(0, 2.5, 0))
    const answer = await ask('events/properties', { ...asked, format: 'csv', values: '["v1"]' })
    const table = expectDocumented('GET /api/query/events/properties', '200 csv', answer)
    expect(table).toBe(`date,v1\r\n${dayOf(2)},0\r\n${dayOf(1)},0\r\n${dayOf(0)},2\r\n`)
  })

  it('names the most frequent ones, and their values', async () => {
    const top = await body('events/properties/top', { event: 'Open', limit: 255 })
    expect(top.version).toEqual({ count: 9 })
    expect(Object.keys(await body('events/properties/top', { event: 'Open', limit: 2 }))).toHaveLength(2)
    expect(await body('events/properties/top', { event: 'Never' })).toEqual({})
    expect(await body('events/properties/values', { event: 'Open', name: 'version' })).toEqual(['v2', 'v1', '3'])
    expect(await body('events/properties/values', { event: 'Open', name: 'version', limit: 1 })).toEqual(['v2'])
    expect(await body('events/properties/values', { event: 'Read', name: 'shelf' })).toEqual(['b"2'])
    expect(await body('events/properties/values', { event: 'Open', name: 'shelf' })).toEqual([])
  })

  it.each([
    ['events/properties', { ...asked, name: '' }, 'name is required'],
    ['events/properties', { ...asked, event: '' }, 'event is required'],
    ['events/properties', { ...asked, event: '["Open","Read"]' }, 'event must be one name'],
    ['events/properties', { ...asked, unit: 'hour', type: 'unique' }, 'cannot be counted by hour'],
    ['events/properties/top', {}, 'event is required'],
    ['events/properties/values', { event: 'Open' }, 'name is required'],
    ['events/names', { type: 'all' }, 'one of general, unique, average'],
  ] as [string, Values, string][])('%s refuses %j', async (name, values, sentence) => {
    expect(await fault(name, values)).toContain(sentence)
  })
})

it('every documented good answer of events was checked', () => {
  const isMine = (key: string) => key.startsWith('200') || key === '400'
  expect(notChecked(isMine, ['query']).filter((label) => label.includes('/events'))).toEqual([])
})
