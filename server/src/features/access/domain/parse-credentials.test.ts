import { describe, expect, it } from 'vitest'
import { parseCredentials } from './parse-credentials.ts'

const base64 = (text: string): string => Buffer.from(text).toString('base64')
const basic = (username: string, password = '') => ({ kind: 'basic', username, password })

describe('credentials', () => {
  it.each([
    ['base64', `Basic ${base64('user:se:cret')}`, basic('user', 'se:cret')],
    ['plain text', 'Basic user:secret', basic('user', 'secret')],
    ['plain text, empty password', 'Basic 0123abcd:', basic('0123abcd')],
    ['base64 without a colon', `Basic ${base64('0123456789abcdef')}`, basic('0123456789abcdef')],
    ['url-safe alphabet, no padding', `basic ${Buffer.from('ü?>:ÿ').toString('base64url')}`, basic('ü?>', 'ÿ')],
    ['extra spaces', `  BASIC   ${base64('u:p')} `, basic('u', 'p')],
    ['a bearer', 'Bearer abc', { kind: 'bearer', token: 'abc' }],
  ])('are read from %s', (_name, header, expected) => {
    expect(parseCredentials(header, undefined)).toEqual(expected)
  })

  it.each([
    ['no text', 'Basic '],
    ['not base64', 'Basic §§§'],
    ['base64 of bytes that are no text', `Basic ${Buffer.from([0xff, 0xfe]).toString('base64')}`],
    ['no user name', `Basic ${base64(':secret')}`],
    ['an empty bearer', 'Bearer'],
    ['another scheme', 'Digest username="x"'],
  ])('are unreadable as %s', (_name, header) => {
    expect(parseCredentials(header, 'lethe_session=t')).toEqual({ kind: 'unreadable' })
  })

  it('come from the cookie when there is no header', () => {
    expect(parseCredentials(undefined, 'a=b; lethe_session=tok; c=d')).toEqual({ kind: 'cookie', token: 'tok' })
    expect(parseCredentials('Bearer abc', 'lethe_session=tok')).toEqual({ kind: 'bearer', token: 'abc' })
    expect(parseCredentials(undefined, 'xlethe_session=tok; lethe_session=')).toEqual({ kind: 'none' })
  })

  it('come from the cookie of this very host first, and from no other where everybody uses HTTPS', () => {
    const both = 'lethe_session=planted; __Host-lethe_session=own; __Host-lethe_session=late'
    expect(parseCredentials(undefined, both)).toEqual({ kind: 'cookie', token: 'own' })
    const strict = { hostCookieOnly: true }
    expect(parseCredentials(undefined, both, strict)).toEqual({ kind: 'cookie', token: 'own' })
    expect(parseCredentials(undefined, 'lethe_session=planted', strict)).toEqual({ kind: 'none' })
  })
})
