import { describe, expect, it } from 'vitest'
import { RateLimited } from '../../kernel/errors.ts'
import { createRateLimit } from './rate-limit.ts'

const refusal = (work: () => void): RateLimited => {
  try {
    work()
  } catch (error) {
    if (error instanceof RateLimited) return error
  }
  throw new Error('was not refused')
}

describe('the limit of calls', () => {
  it('allows a burst, then as many as come back with time', () => {
    let nowMs = 0
    const limit = createRateLimit(2, 5, () => nowMs)
    for (let call = 0; call < 5; call += 1) limit.take(1)
    expect(refusal(() => limit.take(1))).toMatchObject({ status: 429, retryAfterSeconds: 1 })
    nowMs = 499
    refusal(() => limit.take(1))
    nowMs = 500
    limit.take(1)
    refusal(() => limit.take(1))
  })

  it('counts each project by itself', () => {
    const limit = createRateLimit(1, 1, () => 0)
    limit.take(1)
    refusal(() => limit.take(1))
    limit.take(2)
  })

  it('never saves up more than the burst', () => {
    let nowMs = 0
    const limit = createRateLimit(1, 2, () => nowMs)
    limit.take(1)
    nowMs = 3_600_000
    limit.take(1)
    limit.take(1)
    refusal(() => limit.take(1))
  })
})
