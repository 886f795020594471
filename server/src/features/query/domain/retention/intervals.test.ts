import { describe, expect, it } from 'vitest'
import { completeIntervals, endsOf, evenEnds, type IntervalClock, intervalAt, unitsBetween } from './intervals.ts'

const ms = (text: string): number => Date.parse(text)
const berlin = (unit: 'day' | 'week' | 'month'): IntervalClock => ({ kind: 'calendar', unit, zone: 'Europe/Berlin' })

describe('intervals of retention', () => {
  it('of the calendar end at midnight, on Monday, on the first, by the clock on the wall', () => {
    // Clocks go forward in the night to 29 March, which is a Sunday: midnight of the 30th is at 22:00 UTC.
    const born = ms('2026-03-29T10:00:00Z')
    const at = (unit: 'day' | 'week' | 'month', text: string) => unitsBetween(berlin(unit), born, ms(text))
    expect(at('day', '2026-03-29T21:59:59.999Z')).toBe(0)
    expect(at('day', '2026-03-29T22:00:00Z')).toBe(1)
    expect(at('week', '2026-03-29T22:00:00Z')).toBe(1)
    expect(at('month', '2026-03-31T21:59:59Z')).toBe(0)
    expect(at('month', '2026-03-31T22:00:00Z')).toBe(1)
    expect(at('month', '2027-01-15T00:00:00Z')).toBe(10)
  })

  it('roll from the own instant whatever clocks do', () => {
    const clock: IntervalClock = { kind: 'rolling', unitMs: 86_400_000 }
    expect(unitsBetween(clock, ms('2026-03-28T12:00:00Z'), ms('2026-03-29T11:59:59Z'))).toBe(0)
    expect(unitsBetween(clock, ms('2026-03-28T12:00:00Z'), ms('2026-03-29T12:00:00Z'))).toBe(1)
  })

  it('have lengths of their own', () => {
    const ends = endsOf([1, 6, 23])
    expect(ends).toEqual([1, 7, 30])
    expect([0, 1, 6, 7, 29, 30, 99].map((units) => intervalAt(ends, units))).toEqual([0, 1, 1, 2, 2, 3, 3])
    expect(evenEnds(3)).toEqual([1, 2, 3])
  })

  it('are complete when they are over for the last who was born', () => {
    const intervals = { clock: berlin('day'), ends: [1, 3] }
    const born = ms('2026-03-27T22:59:59Z')
    expect(completeIntervals(intervals, born, ms('2026-03-27T22:59:59Z'))).toBe(0)
    expect(completeIntervals(intervals, born, ms('2026-03-27T23:00:00Z'))).toBe(1)
    expect(completeIntervals(intervals, born, ms('2026-03-29T21:59:59Z'))).toBe(1)
    expect(completeIntervals(intervals, born, ms('2026-03-29T22:00:00Z'))).toBe(2)
  })
})
