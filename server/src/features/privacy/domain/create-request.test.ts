import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { AppError, InvalidRequest } from '../../../kernel/errors.ts'
import { parseJson } from '../../../kernel/json.ts'
import { parseBody, parseCreateRequest, parseDistinctIds, TooManyIds } from './create-request.ts'

const parse = (body: object, kind: 'retrieval' | 'deletion' = 'retrieval', maxIds = 2_000) =>
  parseCreateRequest(parseBody(Buffer.from(JSON.stringify(body))), kind, maxIds)

describe('the body of a create', () => {
  it('has defaults for everything but the ids', () => {
    expect(parse({ distinct_ids: ['a'], unknown: { x: 1 } })).toEqual({
      distinctIds: ['a'],
      complianceType: 'gdpr',
      disclosureType: 'DATA',
      suppress: undefined,
    })
  })

  it.each(['gdpr', 'GDPR', 'GdPr'])('takes the law in any case: %s', (compliance_type) => {
    expect(parse({ distinct_ids: ['a'], compliance_type }).complianceType).toBe('gdpr')
  })

  it.each([
    ['retrieval', 'ccpa', 'sources', 'SOURCES'],
    ['retrieval', 'CCPA', 'Categories', 'CATEGORIES'],
    ['retrieval', 'gdpr', 'Sources', 'DATA'],
    ['retrieval', 'gdpr', 'nonsense', 'DATA'],
    ['deletion', 'ccpa', 'Sources', 'DATA'],
  ] as const)('of a %s by %s, asked for %s, discloses %s', (kind, compliance_type, disclosure_type, expected) => {
    expect(parse({ distinct_ids: ['a'], compliance_type, disclosure_type }, kind).disclosureType).toBe(expected)
  })

  it.each([
    { compliance_type: 'lgpd' },
    { compliance_type: 1 },
    { compliance_type: '__proto__' },
    { compliance_type: 'constructor' },
    { compliance_type: 'ccpa', disclosure_type: 'toString' },
    { suppress: 'yes' },
  ])('is refused with %j', (extra) => {
    expect(() => parse({ distinct_ids: ['a'], ...extra })).toThrow(InvalidRequest)
  })

  it('allows as many different ids as it is told, and not one more', () => {
    expect(parse({ distinct_ids: ['a', 'b', 'a', 'b'] }, 'deletion', 2).distinctIds).toEqual(['a', 'b'])
    expect(() => parse({ distinct_ids: ['a', 'b', 'c'] }, 'deletion', 2)).toThrow(TooManyIds)
  })

  it.each([
    ['', 'is required'],
    ['  \n', 'is required'],
    ['{', 'not valid JSON'],
    ['null', 'must be a JSON object'],
    ['["a"]', 'must be a JSON object'],
    ['"a"', 'must be a JSON object'],
    ['12', 'must be a JSON object'],
    ['distinct_ids=a', 'not valid JSON'],
  ])('is no body: %j', (text, sentence) => {
    expect(() => parseBody(Buffer.from(text))).toThrow(sentence)
  })

  it('of any bytes is read or refused as a bad request, never worse', () => {
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), fc.json().map(Buffer.from)), (bytes) => {
        try {
          const { distinctIds } = parseCreateRequest(parseBody(Buffer.from(bytes)), 'deletion', 5)
          expect(distinctIds.length).toBeGreaterThan(0)
        } catch (error) {
          expect(error).toBeInstanceOf(AppError)
          expect((error as AppError).status).toBe(400)
        }
      }),
    )
  })
})

describe('distinct_ids', () => {
  const ids = (text: string) => parseDistinctIds(parseJson(text))

  it('may be the text of an array, and numbers', () => {
    expect(ids('"[\\"a\\", 2]"')).toEqual(['a', '2'])
    expect(ids('[1583792934719392965, 0.5, "b"]')).toEqual(['1583792934719392965', '0.5', 'b'])
  })

  it('lose duplicates and keep their order and their exact text', () => {
    expect(ids('["b", "a", "b", " a", "A", "é", "e\\u0301", 1, "1"]')).toEqual([
      'b',
      'a',
      ' a',
      'A',
      'é',
      'e\u0301',
      '1',
    ])
    expect(ids('["__proto__", "constructor"]')).toEqual(['__proto__', 'constructor'])
  })

  it.each(['null', '{}', '[]', '"[]"', '"a"', '""', '5', '[null]', '[true]', '[{}]', '[""]', '["  "]', '["\\ud800"]'])(
    'are refused as %s',
    (text) => {
      expect(() => ids(text)).toThrow(InvalidRequest)
    },
  )

  it('are at most 1024 bytes long', () => {
    expect(parseDistinctIds(['é'.repeat(512)])).toHaveLength(1)
    expect(() => parseDistinctIds([`${'é'.repeat(512)}x`])).toThrow('at most 1024 bytes')
  })
})
