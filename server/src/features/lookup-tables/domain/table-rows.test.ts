import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { columnsOf, readRow } from './table-rows.ts'
import { isFalsyKey, typedValue } from './typed-value.ts'

const record = (...fields: string[]) => ({ fields, fault: null })

describe('the type of a field', () => {
  it.each([
    ['', null],
    ['0', '0'],
    ['-12', '-12'],
    ['12345678901234567890', '12345678901234567890'],
    ['1.50', '1.50'],
    ['1e3', '1e3'],
    ['007', '"007"'],
    ['+1', '"+1"'],
    ['1,000', '"1,000"'],
    ['.5', '".5"'],
    ['1e999', '"1e999"'],
    ['NaN', '"NaN"'],
    [' 1', '" 1"'],
    ['true', 'true'],
    ['FALSE', 'false'],
    ['True', 'true'],
    ['truely', '"truely"'],
    ['2024-01-02T03:04:05Z', '"2024-01-02T03:04:05"'],
    ['2024-01-02t03:04:05.678+02:00', '"2024-01-02T01:04:05.678"'],
    ['2024-01-02 03:04:05.123456-05:30', '"2024-01-02T08:34:05.123"'],
    ['2024-12-31T23:30:00-01:00', '"2025-01-01T00:30:00"'],
    ['2024-02-30T00:00:00Z', '"2024-02-30T00:00:00Z"'],
    ['2024-01-02T25:00:00Z', '"2024-01-02T25:00:00Z"'],
    ['9999-12-31T23:59:59-01:00', '"9999-12-31T23:59:59-01:00"'],
    ['2024-01-02T03:04:05', '"2024-01-02T03:04:05"'],
    ['2024-01-02', '"2024-01-02"'],
    ['["a","b"]', '["a","b"]'],
    ['[]', '[]'],
    ['["a",1]', '"[\\"a\\",1]"'],
    ['["a"', '"[\\"a\\""'],
    ['{"a":1}', '"{\\"a\\":1}"'],
    ['null', '"null"'],
    ['a "b" é', '"a \\"b\\" é"'],
  ])('%j is %s', (text, expected) => {
    expect(typedValue(text)).toBe(expected)
  })

  it('is JSON, whatever the text, and never an object', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json(), fc.date().map(String)), (text) => {
        const typed = typedValue(text)
        expect(typed === null).toBe(text === '')
        const value = JSON.parse(typed ?? '""')
        expect(typeof value === 'object' && !Array.isArray(value)).toBe(false)
      }),
    )
  })

  it('makes no key of what says nothing', () => {
    for (const text of ['', ' ', '\t', '0', '0.0', '-0', '0e5', 'false', 'FALSE', ' 0 ', '[]']) {
      expect([text, isFalsyKey(text)]).toEqual([text, true])
    }
    for (const text of ['1', '0.5', 'true', 'a', '00', 'null', '2024-01-02T03:04:05Z', '["a"]']) {
      expect([text, isFalsyKey(text)]).toEqual([text, false])
    }
  })
})

describe('a header', () => {
  it('names its columns', () => {
    expect(columnsOf(record('id', 'Name', 'name'))).toEqual(['id', 'Name', 'name'])
  })

  it.each([
    [record('id'), 'at least two columns'],
    [record('id', ' '), 'has no name'],
    [record('id', 'a', 'id'), 'must be unique'],
    [record('id', 'é'.repeat(128)), 'longer than 255 bytes'],
    [record(...Array.from({ length: 256 }, (_, at) => `c${at}`)), 'at most 255 columns'],
    [{ fields: ['id', 'a'], fault: 'broken' }, 'invalid header: broken'],
  ])('is refused: %j', (header, text) => {
    expect(() => columnsOf(header)).toThrow(text)
  })
})

describe('a row', () => {
  const columns = ['id', 'plan', '__proto__']

  it('has its key as text and its values by type; an empty field has none', () => {
    const row = readRow(columns, 3, record('42', '', 'x'))
    expect(row).toMatchObject({ index: 3, key: '42' })
    expect(JSON.stringify('values' in row && row.values)).toBe('{"id":"42","__proto__":"\\"x\\""}')
  })

  it.each([
    [record('1', 'a'), 'invalid row: wrong number of fields'],
    [record('1', 'a', 'b', 'c'), 'invalid row: wrong number of fields'],
    [record(' ', 'a', 'b'), 'primary key is required and cannot be blank'],
    [record('0', 'a', 'b'), 'primary key is required and cannot be blank'],
    [{ fields: ['1', 'a', 'b'], fault: 'stray' }, 'invalid row: stray'],
  ])('%j is refused', (sent, message) => {
    expect(readRow(columns, 7, sent)).toEqual({ index: 7, message })
  })
})
