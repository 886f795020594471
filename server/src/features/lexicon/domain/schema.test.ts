import { describe, expect, it } from 'vitest'
import { patched, sizeOf, uploaded } from './schema.ts'

const ours = (marks: object) => ({ metadata: { 'com.mixpanel': marks } })

describe('an upload', () => {
  it('is kept as it is, without what it takes away', () => {
    const sent = { properties: { p: { type: 'string' } }, ...ours({ hidden: null, tags: ['a'] }) }
    expect(uploaded(null, sent)).toEqual({ ...sent, ...ours({ tags: ['a'] }) })
    expect(uploaded(null, { metadata: { 'other.tool': 1 } })).toEqual({ metadata: { 'other.tool': 1 } })
  })

  it('replaces all but the marks that it does not name', () => {
    const before = { description: 'old', properties: { p: { type: 'string', ...ours({ hidden: true }) } } }
    const after = uploaded(
      { ...before, ...ours({ hidden: true, tags: ['a'] }) },
      { properties: { q: { type: 'null' } } },
    )
    expect(after).toEqual({ properties: { q: { type: 'null' } }, ...ours({ hidden: true, tags: ['a'] }) })
  })

  it('takes names of the prototype for names', () => {
    const sent = JSON.parse('{"properties":{"constructor":{"type":"null"},"toString":{"type":"null"}}}')
    expect(uploaded({ properties: {} }, sent)).toEqual(sent)
  })
})

it('a patch changes what it names, at every level', () => {
  expect(patched({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] })).toEqual({
    a: { c: 2, e: 3 },
    d: [2],
  })
  expect(patched({ a: 'text' }, { a: { b: null } })).toEqual({ a: {} })
  expect(patched(null, { a: { b: 1 } })).toEqual({ a: { b: 1 } })
})

it('an entity counts with its properties', () => {
  expect([sizeOf({}), sizeOf({ properties: { a: {}, b: {} } })]).toEqual([1, 3])
})
