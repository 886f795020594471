import { expect, it } from 'vitest'
import type { PrivacyRequest } from '../../api/privacy.ts'
import { clockOf } from './clock.ts'

const deadline = '2026-04-09T12:00:00Z'
const on = (now: string, sent: Partial<PrivacyRequest> = {}) =>
  clockOf({ status: 'PENDING', finished_at: null, deadline, ...sent } as PrivacyRequest, Date.parse(now))

it.each([
  ['2026-03-10T12:00:00Z', 'plain', '30 days left'],
  ['2026-04-02T11:59:59Z', 'plain', '8 days left'],
  ['2026-04-02T12:00:00Z', 'warn', '7 days left'],
  ['2026-04-09T11:00:00Z', 'warn', '1 day left'],
  ['2026-04-09T13:00:00Z', 'danger', '1 day late'],
])('at %s is %s: %s', (now, tone, words) => {
  expect(on(now)).toEqual({ tone, words, isRunning: true })
})

it('says whether the answer came in time', () => {
  const at = (finished_at: string) => on('2026-06-01T00:00:00Z', { status: 'SUCCESS', finished_at }).words
  expect([at('2026-04-09T12:00:00Z'), at('2026-04-09T12:00:01Z')]).toEqual(['in time', 'late'])
  expect(on('2026-04-01T00:00:00Z', { status: 'FAILURE', finished_at: '2026-03-20T00:00:00Z' }).words).toBe(
    'not answered',
  )
})
