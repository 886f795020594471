import { describe, expect, it } from 'vitest'
import { oneYearAfter } from './gdpr-token.ts'

const endOf = (text: string): string => new Date(oneYearAfter(Date.parse(text))).toISOString()

describe('a GDPR token ends', () => {
  it('on the same day and time a calendar year later', () => {
    expect(endOf('2026-07-31T23:59:59.999Z')).toBe('2027-07-31T23:59:59.999Z')
    expect(endOf('2027-06-01T12:00:00.000Z')).toBe('2028-06-01T12:00:00.000Z')
  })

  it('on February 28 when issued on a leap day', () => {
    expect(endOf('2028-02-29T08:00:00.000Z')).toBe('2029-02-28T08:00:00.000Z')
  })
})
