import { describe, expect, it } from 'vitest'
import { deletionRule, type FilterValue } from './deletion-rule.ts'

const nowMs = Date.UTC(2026, 2, 10, 23, 59)
const rule = (change: object = {}) =>
  deletionRule({ event: 'Opened', fromDate: '2026-03-01', toDate: '2026-03-10', filters: [], ...change }, nowMs)
const filter = (property: string, ...values: FilterValue[]) => ({ property, values })

describe('a rule that deletes events', () => {
  it('means whole days, and values by their kind', () => {
    expect(rule({ filters: [filter('plan', 'pro', 1, 2.5, true, null, '1')] })).toEqual({
      event: 'Opened',
      fromDay: '2026-03-01',
      toDay: '2026-03-10',
      filters: [{ property: 'plan', texts: ['pro', '1'], numbers: [1, 2.5], others: ['true', 'null'] }],
    })
  })

  it('goes back 180 days and no further', () => {
    expect(rule({ fromDate: '2025-09-11' }).fromDay).toBe('2025-09-11')
    expect(() => rule({ fromDate: '2025-09-10' })).toThrow('180 days')
  })

  it.each<readonly [object, string]>([
    [{ toDate: '2026-03-11' }, 'later than today'],
    [{ fromDate: '2026-03-10', toDate: '2026-03-09' }, 'must not be later'],
    [{ fromDate: '2026-3-1' }, 'from_date must be a date'],
    [{ toDate: '2026-02-30' }, 'to_date must be a date'],
    [{ filters: [filter('$user_id', 'u')] }, 'says who somebody is'],
    [{ filters: [filter('time', 1)] }, 'cannot be filtered by'],
    [{ filters: [filter('a', 1), filter('a', 2)] }, 'filtered by once'],
  ])('is refused: %j', (change, text) => {
    expect(() => rule(change)).toThrow(text)
  })
})
