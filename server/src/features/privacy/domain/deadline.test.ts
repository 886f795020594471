import { expect, it } from 'vitest'
import { deadlineOf } from './deadline.ts'

it.each([
  ['2026-03-09T22:28:55.078Z', 'gdpr', '2026-04-09T22:28:55.078Z'],
  ['2026-01-31T12:00:00.000Z', 'gdpr', '2026-02-28T12:00:00.000Z'],
  ['2028-01-30T12:00:00.000Z', 'gdpr', '2028-02-29T12:00:00.000Z'],
  ['2026-12-31T23:59:59.999Z', 'gdpr', '2027-01-31T23:59:59.999Z'],
  ['2026-05-31T00:00:00.000Z', 'gdpr', '2026-06-30T00:00:00.000Z'],
  ['2026-01-31T12:00:00.000Z', 'ccpa', '2026-03-17T12:00:00.000Z'],
] as const)('asked %s under %s: due %s', (asked, compliance, due) => {
  expect(new Date(deadlineOf(Date.parse(asked), compliance)).toISOString()).toBe(due)
})
