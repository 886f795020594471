import { describe, expect, it } from 'vitest'
import { dayNumberOf } from '../domain/time/days.ts'
import { csvReply } from './csv.ts'
import {
  dayRange,
  oneOf,
  oneText,
  type Params,
  parametersOf,
  requiredText,
  textList,
  wholeNumber,
  yesOrNo,
} from './parameters.ts'

const sent = (body: string | object, query: Params = {}): Params =>
  parametersOf({ query, body: Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)) })

describe('parameters', () => {
  it('come from the query, a form or JSON, and the body wins', () => {
    expect({ ...sent('', { a: '1' }) }).toEqual({ a: '1' })
    expect({ ...sent('a=2&b=x%20y&c=', { a: '1', d: '4' }) }).toEqual({ a: '2', b: 'x y', c: '', d: '4' })
    expect({ ...sent({ a: 2, b: ['x'], c: null, d: true, e: 'text', f: { id: 1 } }, { c: '3' }) }).toEqual({
      a: '2',
      b: '["x"]',
      c: '3',
      d: 'true',
      e: 'text',
      f: '{"id":1}',
    })
  })

  it('hold no name that was not sent', () => {
    expect(sent('')['constructor']).toBeUndefined()
    expect(sent('{"__proto__":{"a":1}}')['a']).toBeUndefined()
  })

  it.each(['[1]', '{"a":', ' {a}'])('are refused as %s', (body) => {
    expect(() => sent(body)).toThrow('a form or a JSON object')
  })

  it('are texts, words, numbers and yes or no', () => {
    expect(requiredText({ a: ' x ' }, 'a')).toBe(' x ')
    expect(() => requiredText({ a: '' }, 'a')).toThrow('a is required')
    expect(oneOf({ a: 'y' }, 'a', ['x', 'y'], 'x')).toBe('y')
    expect(oneOf({}, 'a', ['x', 'y'], 'x')).toBe('x')
    expect(() => oneOf({}, 'a', ['x', 'y'], null)).toThrow('a is required; it is one of x, y')
    expect(() => oneOf({ a: 'X' }, 'a', ['x', 'y'], 'x')).toThrow('one of x, y')
    expect(wholeNumber({ a: '5' }, 'a', 1, 5)).toBe(5)
    expect(wholeNumber({}, 'a', 1, 5)).toBeUndefined()
    for (const a of ['6', '0', '1e0', '2.0', 'x', '9'.repeat(20)]) {
      expect(() => wholeNumber({ a }, 'a', 1, 5)).toThrow('a must be a whole number from 1 to 5')
    }
    expect(['1', 'true', 'True', '0', 'false', ''].map((a) => yesOrNo({ a }, 'a', true))).toEqual([
      true,
      true,
      true,
      false,
      false,
      true,
    ])
    expect(() => yesOrNo({ a: 'maybe' }, 'a', true)).toThrow('a must be true or false')
  })

  it('are lists of texts, or one bare text', () => {
    expect(textList({ a: '["x","y"]' }, 'a')).toEqual(['x', 'y'])
    expect(textList({ a: 'x, y' }, 'a')).toEqual(['x, y'])
    expect(textList({ a: '"x"' }, 'a')).toEqual(['x'])
    expect(textList({ a: '[]' }, 'a')).toEqual([])
    expect(textList({}, 'a')).toBe(null)
    for (const a of ['[1]', '["x"', '[null]']) expect(() => textList({ a }, 'a')).toThrow('must be a JSON array')
    expect(['x', '"x"', '["x"]', '[brackets]'].map((a) => oneText({ a }, 'a'))).toEqual(['x', 'x', 'x', '[brackets]'])
    expect(() => oneText({ a: '["x","y"]' }, 'a')).toThrow('a must be one name')
  })

  it('are days that exist', () => {
    const range = { from_date: '2024-02-28', to_date: '2024-02-29' }
    expect(dayRange(range)).toEqual({ fromDay: dayNumberOf('2024-02-28'), toDay: dayNumberOf('2024-02-29') })
    for (const to_date of ['2025-02-29', '2024-2-29', '2024-02-29T00:00:00', 'today', '0000-01-01', '9999-12-31']) {
      expect(() => dayRange({ ...range, to_date })).toThrow('to_date must be a date')
    }
    expect(() => dayRange({ ...range, to_date: '2024-02-27' })).toThrow('must not be later')
  })
})

describe('CSV', () => {
  it('quotes what would break a row', () => {
    const { body } = csvReply([['a', 'b,c', 'd"e', 'f\ng', 1.5, null]])
    expect(body).toBe('a,"b,c","d""e","f\ng",1.5,\r\n')
  })
})
