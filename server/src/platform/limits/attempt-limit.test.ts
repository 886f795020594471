import { describe, expect, it } from 'vitest'
import { createAttemptLimit } from './attempt-limit.ts'

const setUp = (keyCountMax = 10) => {
  const clock = { ms: 0, nowMs: () => clock.ms }
  const limit = createAttemptLimit({ clock, attemptCountMax: 3, windowMs: 60_000, keyCountMax })
  const begin = (key: string, count: number) => {
    for (let i = 0; i < count; i += 1) limit.begin(key)
  }
  return { clock, limit, begin }
}

describe('attempt limit', () => {
  it('refuses beyond the count until the window ends, and says how long', () => {
    const { clock, limit, begin } = setUp()
    begin('a', 3)
    clock.ms = 30_500
    expect(() => limit.begin('a')).toThrow(expect.objectContaining({ status: 429, retryAfterSeconds: 30 }))
    limit.begin('b')
    clock.ms = 60_000
    begin('a', 3)
    expect(() => limit.begin('a')).toThrow()
  })

  it('does not count what was taken back or forgotten', () => {
    const { limit, begin } = setUp()
    begin('a', 3)
    limit.takeBack('a')
    limit.begin('a')
    expect(() => limit.begin('a')).toThrow()
    limit.forget('a')
    begin('a', 3)
  })

  it('holds a bounded number of keys', () => {
    const { limit, begin } = setUp(1)
    begin('a', 3)
    limit.begin('b')
    begin('a', 3)
    expect(() => limit.begin('a')).toThrow()
  })
})
