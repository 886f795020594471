import { describe, expect, it } from 'vitest'
import { InvalidRequest } from '../../../kernel/errors.ts'
import { parseExportRequest } from './export-request.ts'

const dates = { from_date: '2026-03-01', to_date: '2026-03-10' }
const parse = (params: Record<string, string> = {}) => parseExportRequest({ ...dates, ...params }, '2026-03-10')

describe('the parameters of an export', () => {
  it('are two days, both inclusive, and defaults', () => {
    expect(parse()).toEqual({
      fromDay: '2026-03-01',
      toDay: '2026-03-10',
      eventNames: null,
      maxEventCount: null,
      timeUnit: 'seconds',
      where: null,
    })
    expect(parse({ from_date: '2024-02-29', to_date: '2024-02-29' }).fromDay).toBe('2024-02-29')
  })

  it.each([
    [{ from_date: '' }, 'from_date is required'],
    [{ to_date: '' }, 'to_date is required'],
    [{ from_date: '2026-02-30' }, 'from_date must be a date'],
    [{ from_date: '2025-02-29' }, 'from_date must be a date'],
    [{ from_date: '2026-3-1' }, 'from_date must be a date'],
    [{ from_date: '2026-03-01T00:00:00Z' }, 'from_date must be a date'],
    [{ from_date: "2026-03-01' OR 1" }, 'from_date must be a date'],
    [{ from_date: '2026-03-10', to_date: '2026-03-09' }, 'must not be later than to_date'],
    [{ to_date: '2026-03-11' }, 'to_date cannot be later than today'],
    [{ event: '[1]' }, 'event must be a JSON array'],
    [{ event: '["a"' }, 'event must be a JSON array'],
    [{ limit: '0' }, 'limit must be'],
    [{ limit: '100001' }, 'limit must be'],
    [{ limit: '-1' }, 'limit must be'],
    [{ limit: '1e3' }, 'limit must be'],
    [{ limit: 'all' }, 'limit must be'],
  ])('are refused: %j', (params, sentence) => {
    expect(() => parse(params)).toThrow(InvalidRequest)
    expect(() => parse(params)).toThrow(sentence)
  })

  it.each([
    ['["a","b"]', ['a', 'b']],
    ['[]', null],
    ['', null],
    ['a', ['a']],
    ['"a"', ['a']],
    [' Signed up ', ['Signed up']],
  ])('name events as %j', (event, expected) => {
    expect(parse({ event }).eventNames).toEqual(expected)
  })

  it('limit the events up to 100000 and choose the unit of time', () => {
    expect(parse({ limit: '100000' }).maxEventCount).toBe(100_000)
    expect(parse({ limit: '' }).maxEventCount).toBe(null)
    expect(['1', 'true', 'True', '0', ''].map((time_in_ms) => parse({ time_in_ms }).timeUnit)).toEqual([
      'milliseconds',
      'milliseconds',
      'milliseconds',
      'seconds',
      'seconds',
    ])
  })
})
