import { describe, expect, it } from 'vitest'
import { bucketsBack, bucketsOfDays, type Unit } from '../time/buckets.ts'
import { dayNumberOf, dayOfNumber } from '../time/days.ts'
import { type Past, pastBuckets } from './compare.ts'

const zone = 'Europe/Berlin'
const dayMs = 86_400_000
const hourMs = 3_600_000

const of = (from: string, to: string, unit: Unit) =>
  bucketsOfDays(zone, { fromDay: dayNumberOf(from), toDay: dayNumberOf(to) }, unit)
/** For each key of now the key it is compared to. */
const compared = (from: string, to: string, unit: Unit, past: Past) => {
  const now = of(from, to, unit)
  const { buckets, places } = pastBuckets(now, past, false)
  return Object.fromEntries(now.keys.map((key, at) => [key, buckets.keys[places[at] ?? -1] ?? null]))
}

describe('what a report is compared to', () => {
  it('is the day before, the same day of a month, a quarter or a year', () => {
    expect(compared('2026-03-30', '2026-03-31', 'day', { unit: 'day' })).toEqual({
      '2026-03-30': '2026-03-29',
      '2026-03-31': '2026-03-30',
    })
    // February has no 29th to 31st in 2026: its last day stands for them.
    expect(compared('2026-03-28', '2026-03-31', 'day', { unit: 'month' })).toEqual({
      '2026-03-28': '2026-02-28',
      '2026-03-29': '2026-02-28',
      '2026-03-30': '2026-02-28',
      '2026-03-31': '2026-02-28',
    })
    expect(compared('2026-05-31', '2026-05-31', 'day', { unit: 'quarter' })).toEqual({ '2026-05-31': '2026-02-28' })
    expect(compared('2024-02-29', '2024-02-29', 'day', { unit: 'year' })).toEqual({ '2024-02-29': '2023-02-28' })
  })

  // Counted by another calendar than the code's.
  it('is no weekend of the year before, but the Monday after it', () => {
    const year = compared('2026-01-01', '2026-12-31', 'day', { unit: 'year' })
    expect(Object.keys(year)).toHaveLength(365)
    for (const [now, past] of Object.entries(year)) {
      const same = new Date(`${Number(now.slice(0, 4)) - 1}${now.slice(4)}T00:00:00Z`)
      while (same.getUTCDay() === 0 || same.getUTCDay() === 6) same.setUTCDate(same.getUTCDate() + 1)
      expect([now, past]).toEqual([now, same.toISOString().slice(0, 10)])
    }
  })

  it('is whole weeks by the week, and months by the month', () => {
    expect(compared('2026-03-02', '2026-03-15', 'week', { unit: 'month' })).toEqual({
      '2026-03-02': '2026-02-02',
      '2026-03-09': '2026-02-09',
    })
    expect(compared('2026-03-02', '2026-03-08', 'week', { unit: 'year' })).toEqual({ '2026-03-02': '2025-03-03' })
    expect(compared('2026-03-01', '2026-04-30', 'month', { unit: 'quarter' })).toEqual({
      '2026-03-01': '2025-12-01',
      '2026-04-01': '2026-01-01',
    })
    for (const past of [{ unit: 'day' }, { days: 10 }] as const) {
      expect(() => pastBuckets(of('2026-03-02', '2026-03-08', 'week'), past, false)).toThrow('whole weeks')
      expect(() => pastBuckets(of('2026-03-01', '2026-03-31', 'month'), past, false)).toThrow('quarters or years')
      // A chart of no time has no points that could lie beside each other.
      expect(pastBuckets(of('2026-03-01', '2026-03-31', 'month'), past, true).places).toBeDefined()
    }
  })

  it('goes by the clock on the wall when that is put forward', () => {
    // On 29 March 2026 there is no hour from two to three; the day before has it.
    const hours = compared('2026-03-29', '2026-03-29', 'hour', { unit: 'day' })
    expect(Object.keys(hours)).toHaveLength(23)
    expect(hours['2026-03-29 03:00:00']).toBe('2026-03-28 03:00:00')
    const after = compared('2026-03-30', '2026-03-30', 'hour', { unit: 'day' })
    expect(after['2026-03-30 02:00:00']).toBeNull()
    const { buckets } = pastBuckets(of('2026-03-30', '2026-03-30', 'day'), { unit: 'day' }, true)
    expect(buckets.range.toMs - buckets.range.fromMs).toBe(23 * hourMs)
  })

  it('is as long as the report where that does not end at midnight', () => {
    const now = bucketsBack(zone, 3, 'hour', Date.parse('2026-03-10T10:30:00Z'))
    const { buckets, places } = pastBuckets(now, { days: 2 }, false)
    expect([buckets.range.fromMs, buckets.range.toMs]).toEqual([
      now.range.fromMs - 2 * dayMs,
      now.range.toMs - 2 * dayMs,
    ])
    expect(places.map((place) => buckets.keys[place])).toEqual(
      now.keys.map((key) => `${dayOfNumber(dayNumberOf(key.slice(0, 10)) - 2)}${key.slice(10)}`),
    )
  })
})
