import { describe, expect, it } from 'vitest'
import { dayOfNumber } from './days.ts'
import { bucketsOfReport, lastDays, zonedKey, zonedText } from './report-dates.ts'

const zone = 'America/Los_Angeles'
const nowMs = Date.parse('2020-09-21T16:35:41Z')

describe('dates of a report', () => {
  it('are fixed, since a day, or the last units with the one that is running', () => {
    const keys = (dates: Parameters<typeof bucketsOfReport>[1], unit: 'hour' | 'day' | 'week' | 'month') =>
      bucketsOfReport(zone, dates, unit, nowMs).keys
    expect(keys({ from_date: '2020-08-31', to_date: '2020-09-01' }, 'day')).toEqual(['2020-08-31', '2020-09-01'])
    expect(keys({ since: '2020-09-20' }, 'day')).toEqual(['2020-09-20', '2020-09-21'])
    expect(keys({ last: 2, unit: 'week' }, 'week')).toEqual(['2020-09-14', '2020-09-21'])
    expect(keys({ last: 2, unit: 'day' }, 'month')).toEqual(['2020-09-01'])
    expect(keys({ last: 2, unit: 'hour' }, 'hour')).toEqual(['2020-09-21 08:00:00', '2020-09-21 09:00:00'])
    expect(keys({ last: 12, unit: 'hour' }, 'day')).toEqual(['2020-09-20', '2020-09-21'])
    expect(() => keys({ since: '2020-09-22' }, 'day')).toThrow('begins in the future')
  })

  it('are written with the offset of the zone', () => {
    expect(zonedKey(zone, '2020-08-31')).toBe('2020-08-31T00:00:00-07:00')
    expect(zonedKey(zone, '2020-12-31 05:00:00')).toBe('2020-12-31T05:00:00-08:00')
    expect(zonedKey('Asia/Kolkata', '2020-08-31')).toBe('2020-08-31T00:00:00+05:30')
    expect(zonedText(zone, Date.parse('2020-09-13T06:59:59.999Z'))).toBe('2020-09-12T23:59:59.999000-07:00')
  })

  it('have a last day each', () => {
    const days = (unit: 'hour' | 'day' | 'week' | 'month') =>
      lastDays(bucketsOfReport(zone, { from_date: '2020-08-28', to_date: '2020-09-02' }, unit, nowMs)).map(dayOfNumber)
    expect(days('week')).toEqual(['2020-08-30', '2020-09-02'])
    expect(days('month')).toEqual(['2020-08-31', '2020-09-02'])
    expect(days('day')).toHaveLength(6)
    expect(new Set(days('hour'))).toEqual(new Set(days('day')))
  })
})
