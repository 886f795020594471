import { describe, expect, it } from 'vitest'
import { type Schema, schemaFaults } from './json-schema.ts'

const schema: Schema = {
  type: 'object',
  required: ['code', 'records'],
  additionalProperties: false,
  properties: {
    code: { const: 400 },
    error: { type: ['string', 'null'], minLength: 1, maxLength: 5, pattern: '^[a-z]+$' },
    records: { type: 'array', minItems: 1, maxItems: 2, items: { enum: ['a', 1] } },
  },
}

describe('schema faults', () => {
  it('are none for what fits', () => {
    expect(schemaFaults(schema, { code: 400, error: 'bad', records: ['a', 1] })).toEqual([])
  })

  it.each([
    ['a missing member', { code: 400 }, '$: lacks records'],
    ['a member too many', { code: 400, records: ['a'], extra: 1 }, '$: has extra, which is not documented'],
    ['another value', { code: '400', records: ['a'] }, '$.code: is "400", not 400'],
    ['another type', [], '$: is array, not object'],
    ['an item that is none', { code: 400, records: ['a', 2] }, '$.records[1]: is 2, none of ["a",1]'],
    ['too few items', { code: 400, records: [] }, '$.records: has fewer than 1 items'],
    ['too many items', { code: 400, records: [1, 1, 1] }, '$.records: has more than 2 items'],
    ['a text too short', { code: 400, error: '', records: [1] }, '$.error: is shorter than 1'],
    ['a text too long', { code: 400, error: 'abcdef', records: [1] }, '$.error: is longer than 5'],
    ['a text of another form', { code: 400, error: 'A', records: [1] }, '$.error: "A" does not match ^[a-z]+$'],
  ])('name %s by its path', (_name, value, fault) => {
    expect(schemaFaults(schema, value)).toContain(fault)
  })

  it('look into members that have no name of their own', () => {
    const byDay: Schema = { type: 'object', additionalProperties: { type: 'number' } }
    expect(schemaFaults(byDay, { a: 1 })).toEqual([])
    expect(schemaFaults(byDay, { a: 1, b: 'x' })).toEqual(['$.b: is string, not number'])
  })

  it('never pass over a word that is not known', () => {
    expect(() => schemaFaults({ oneOf: [] } as Schema, 1)).toThrow('oneOf')
  })
})
