import { describe, expect, it } from 'vitest'
import { bucketsBack, bucketsOfDays, keyOfBucket } from './buckets.ts'
import { dayNumberOf } from './days.ts'

const berlin = 'Europe/Berlin'
const days = (from: string, to: string) => ({ fromDay: dayNumberOf(from), toDay: dayNumberOf(to) })
const iso = (ms: number): string => new Date(ms).toISOString()
const hourMs = 3_600_000

describe('days of a zone', () => {
  it.each([
    ['UTC', '2026-03-01', '2026-03-01T00:00:00.000Z', '2026-03-02T00:00:00.000Z'],
    [berlin, '2026-03-29', '2026-03-28T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    [berlin, '2026-10-25', '2026-10-24T22:00:00.000Z', '2026-10-25T23:00:00.000Z'],
    ['America/Los_Angeles', '2026-11-01', '2026-11-01T07:00:00.000Z', '2026-11-02T08:00:00.000Z'],
    ['Asia/Kolkata', '2026-01-01', '2025-12-31T18:30:00.000Z', '2026-01-01T18:30:00.000Z'],
    // Clocks are put forward at midnight: the day begins at 01:00.
    ['Africa/Cairo', '2026-04-24', '2026-04-23T22:00:00.000Z', '2026-04-24T21:00:00.000Z'],
    // Clocks are put back from 24:00 to 23:00: the day before has 25 hours.
    ['Africa/Cairo', '2026-10-30', '2026-10-29T22:00:00.000Z', '2026-10-30T22:00:00.000Z'],
    ['Pacific/Apia', '2011-12-31', '2011-12-30T10:00:00.000Z', '2011-12-31T10:00:00.000Z'],
  ])('%s %s', (zone, day, from, to) => {
    const { range } = bucketsOfDays(zone, days(day, day), 'day')
    expect([iso(range.fromMs), iso(range.toMs)]).toEqual([from, to])
  })

  it('have 23 and 25 hours when clocks change', () => {
    const hoursOf = (day: string) => {
      const { range } = bucketsOfDays(berlin, days(day, day), 'day')
      return (range.toMs - range.fromMs) / hourMs
    }
    expect([hoursOf('2026-03-28'), hoursOf('2026-03-29'), hoursOf('2026-10-25')]).toEqual([24, 23, 25])
  })
})

describe('buckets', () => {
  it('of hours leave out the hour that does not exist, and have the one that comes twice once', () => {
    const spring = bucketsOfDays(berlin, days('2026-03-29', '2026-03-29'), 'hour').keys
    expect(spring).toHaveLength(23)
    expect(spring.slice(0, 4)).toEqual([
      '2026-03-29 00:00:00',
      '2026-03-29 01:00:00',
      '2026-03-29 03:00:00',
      '2026-03-29 04:00:00',
    ])
    const autumn = bucketsOfDays(berlin, days('2026-10-25', '2026-10-25'), 'hour').keys
    expect(autumn).toHaveLength(24)
    expect(new Set(autumn).size).toBe(24)
    expect([autumn[0], autumn[23]]).toEqual(['2026-10-25 00:00:00', '2026-10-25 23:00:00'])
  })

  it('of minutes are those of the wall clock, in zones of quarters of an hour too', () => {
    const { keys } = bucketsOfDays('Asia/Kathmandu', days('2026-01-01', '2026-01-01'), 'minute')
    expect([keys.length, keys[0], keys[1439]]).toEqual([1_440, '2026-01-01 00:00:00', '2026-01-01 23:59:00'])
    // Lord Howe puts its clocks back by half an hour.
    expect(bucketsOfDays('Australia/Lord_Howe', days('2026-04-05', '2026-04-05'), 'minute').keys).toHaveLength(1_440)
    expect(bucketsOfDays('Australia/Lord_Howe', days('2026-10-04', '2026-10-04'), 'minute').keys).toHaveLength(1_410)
  })

  it('of weeks begin on Monday, of months on the first, even before the range', () => {
    expect(bucketsOfDays(berlin, days('2026-03-04', '2026-03-16'), 'week').keys).toEqual([
      '2026-03-02',
      '2026-03-09',
      '2026-03-16',
    ])
    expect(bucketsOfDays(berlin, days('2025-12-31', '2026-02-01'), 'month').keys).toEqual([
      '2025-12-01',
      '2026-01-01',
      '2026-02-01',
    ])
  })

  it('of several days count from the first day', () => {
    const buckets = bucketsOfDays('UTC', days('2026-03-01', '2026-03-08'), 'day', 3)
    expect(buckets.keys).toEqual(['2026-03-01', '2026-03-04', '2026-03-07'])
    expect([0, 1, 2].map((number) => keyOfBucket(buckets, number))).toEqual(buckets.keys)
  })

  it('are bounded', () => {
    expect(() => bucketsOfDays('UTC', days('2000-01-01', '2026-01-01'), 'minute')).toThrow('choose a larger unit')
    expect(() => bucketsBack('UTC', 1_000_000, 'day', 0)).toThrow('choose a larger unit')
  })
})

describe('the last units', () => {
  const nowMs = Date.parse('2026-03-29T10:20:30Z')

  it.each([
    [
      'minute',
      2,
      ['2026-03-29 12:19:00', '2026-03-29 12:20:00'],
      '2026-03-29T10:19:00.000Z',
      '2026-03-29T10:21:00.000Z',
    ],
    ['hour', 2, ['2026-03-29 11:00:00', '2026-03-29 12:00:00'], '2026-03-29T09:00:00.000Z', '2026-03-29T11:00:00.000Z'],
    ['day', 2, ['2026-03-28', '2026-03-29'], '2026-03-27T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['week', 2, ['2026-03-16', '2026-03-23'], '2026-03-15T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
    ['month', 3, ['2026-01-01', '2026-02-01', '2026-03-01'], '2025-12-31T23:00:00.000Z', '2026-03-29T22:00:00.000Z'],
  ] as const)('by %s end with the running one', (unit, count, keys, from, to) => {
    const buckets = bucketsBack(berlin, count, unit, nowMs)
    expect(buckets.keys).toEqual(keys)
    expect([iso(buckets.range.fromMs), iso(buckets.range.toMs)]).toEqual([from, to])
  })
})
