import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pageOfNext } from './next.ts'

const origin = 'https://us.acme.test'

describe('where to go after the login', () => {
  it('is the page that was asked for', () => {
    expect(pageOfNext('/projects/1/events?event=a#b', origin)).toBe(`${origin}/projects/1/events?event=a#b`)
    expect(pageOfNext(undefined, origin)).toBe(`${origin}/`)
  })

  it.each([
    'https://evil.test/',
    '//evil.test',
    '///evil.test',
    '/\\evil.test',
    '/\t/evil.test',
    '/\n/evil.test',
    '\t//evil.test',
    '\\\\evil.test',
    'javascript:alert(1)',
    'data:text/html,x',
    'evil.test',
    '@evil.test',
    '/..//evil.test',
    '/.//evil.test',
    '/%2f%2fevil.test',
  ])('is never another host: %j', (next) => {
    const url = new URL(pageOfNext(next, origin))
    expect([url.origin, url.protocol]).toEqual([origin, 'https:'])
  })

  it('is never another host, whatever is sent', () => {
    const piece = fc.constantFrom(
      '/',
      '\\',
      '\t',
      '\n',
      '.',
      '..',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      'evil.test',
      'javascript:',
      ' ',
    )
    const sent = fc.oneof(
      fc.array(piece, { maxLength: 8 }).map((all) => all.join('')),
      fc.string({ unit: 'binary' }),
    )
    fc.assert(
      fc.property(sent, (next) => {
        // Browsers resolve what they are given once more.
        expect(new URL(pageOfNext(next, origin), 'https://page.invalid').origin).toBe(origin)
      }),
      { numRuns: 5_000 },
    )
  })
})
