import { describe, expect, it } from 'vitest'
import { createRollingLimit } from './rolling-limit.ts'

const setUp = (countMax: number, keyCountMax = 10) => {
  const clock = { ms: 1_000_000 }
  const limit = createRollingLimit({ windowMs: 60_000, countMax, nowMs: () => clock.ms, keyCountMax })
  const isRefused = (key: string): boolean => {
    try {
      limit.check(key)
      return false
    } catch {
      return true
    }
  }
  return { clock, limit, isRefused }
}

describe('a rolling limit', () => {
  it('refuses when the window is full, and says how long', () => {
    const { clock, limit } = setUp(3)
    limit.take('a')
    clock.ms += 30_000
    limit.take('a', 2)
    expect(() => limit.take('a')).toThrow(expect.objectContaining({ status: 429, retryAfterSeconds: 31 }))
    limit.take('b')
  })

  it('rolls: what is older than the window counts no more, what is younger does', () => {
    const { clock, limit, isRefused } = setUp(3)
    limit.take('a')
    clock.ms += 30_000
    limit.take('a', 2)
    clock.ms += 30_000
    expect(isRefused('a')).toBe(true)
    // A second, the width of a slice, later at most.
    clock.ms += 1_000
    limit.take('a')
    expect(isRefused('a')).toBe(true)
    clock.ms += 30_000
    limit.take('a', 2)
    expect(isRefused('a')).toBe(true)
  })

  it('waits for as many slices as have to go', () => {
    const { clock, limit } = setUp(10)
    limit.add('a', 1)
    clock.ms += 10_000
    limit.add('a', 20)
    expect(() => limit.check('a')).toThrow(expect.objectContaining({ retryAfterSeconds: 61 }))
  })

  it('says whether there is room for several', () => {
    const { clock, limit } = setUp(10)
    limit.check('a', 10)
    expect(() => limit.check('a', 11)).toThrow(expect.objectContaining({ retryAfterSeconds: 60 }))
    limit.add('a', 4)
    limit.check('a', 6)
    clock.ms += 20_000
    expect(() => limit.check('a', 7)).toThrow(expect.objectContaining({ retryAfterSeconds: 41 }))
  })

  it('lets one that takes several fill it beyond its bound, and then nobody', () => {
    const { limit, isRefused } = setUp(10)
    limit.take('a', 9)
    limit.take('a', 500)
    expect(isRefused('a')).toBe(true)
  })

  it('never lets more than the bound through in any window, however they come', () => {
    const { clock, limit, isRefused } = setUp(7)
    const takenAtMs: number[] = []
    let seed = 20_261_123
    for (let call = 0; call < 5_000; call += 1) {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648
      clock.ms += seed % 9_000
      if (isRefused('a')) continue
      limit.take('a')
      takenAtMs.push(clock.ms)
      expect(takenAtMs.filter((ms) => ms > clock.ms - 60_000).length).toBeLessThanOrEqual(7)
    }
    expect(takenAtMs.length).toBeGreaterThan(1_000)
  })

  it('holds a bounded number of keys', () => {
    const { limit, isRefused } = setUp(1, 2)
    for (const key of ['a', 'b', 'c']) limit.take(key)
    expect([isRefused('a'), isRefused('b'), isRefused('c')]).toEqual([false, true, true])
  })
})
