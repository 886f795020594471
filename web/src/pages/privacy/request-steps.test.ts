import { expect, it } from 'vitest'
import type { PrivacyRequest } from '../../api/privacy.ts'
import { stepsOf } from './request-steps.ts'

const request = (sent: Partial<PrivacyRequest>): PrivacyRequest =>
  ({ kind: 'deletion', requested_at: 'r', started_at: null, finished_at: null, ...sent }) as PrivacyRequest
const line = (sent: Partial<PrivacyRequest>): string =>
  stepsOf(request(sent))
    .map(({ code, state, at }) => `${code} ${state} ${at}`)
    .join(', ')

it.each([
  [{ status: 'PENDING' }, 'PENDING now r, STAGING next null, STARTED next null, SUCCESS next null'],
  [{ status: 'STAGING' }, 'PENDING done r, STAGING now null, STARTED next null, SUCCESS next null'],
  [{ status: 'STARTED', started_at: 's' }, 'PENDING done r, STAGING done null, STARTED now s, SUCCESS next null'],
  [
    { status: 'SUCCESS', started_at: 's', finished_at: 'f' },
    'PENDING done r, STAGING done null, STARTED done s, SUCCESS done f',
  ],
  [{ status: 'REVOKED', finished_at: 'f' }, 'PENDING done r, REVOKED bad f'],
  [
    { status: 'FAILURE', started_at: 's', finished_at: 'f' },
    'PENDING done r, STAGING done null, STARTED done s, FAILURE bad f',
  ],
] as const)('%j', (sent, expected) => {
  expect(line(sent)).toBe(expected)
})
