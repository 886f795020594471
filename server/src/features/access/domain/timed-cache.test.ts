import { describe, expect, it } from 'vitest'
import { createTimedCache } from './timed-cache.ts'

const setUp = (capacity = 2) => {
  const asked: string[] = []
  const clock = { ms: 0, nowMs: () => clock.ms }
  const answer = { of: async (key: string): Promise<string | null> => key }
  const cache = createTimedCache({
    clock,
    capacity,
    ttlMs: 5_000,
    load: (key) => {
      asked.push(key)
      return answer.of(key)
    },
  })
  return { asked, clock, answer, cache }
}

describe('timed cache', () => {
  it('asks once per time to live, also by many at once and for nothing', async () => {
    const { asked, clock, answer, cache } = setUp()
    answer.of = async () => null
    expect(await Promise.all([cache.get('a'), cache.get('a')])).toEqual([null, null])
    clock.ms = 4_999
    await cache.get('a')
    expect(asked).toEqual(['a'])
    clock.ms = 5_000
    await cache.get('a')
    expect(asked).toEqual(['a', 'a'])
  })

  it('forgets the least recently used one', async () => {
    const { asked, cache } = setUp()
    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) await cache.get(key)
    expect(asked).toEqual(['a', 'b', 'c', 'b'])
    expect(cache.size()).toBe(2)
  })

  it('does not keep a failure, nor an answer that was asked for before a change', async () => {
    const { asked, answer, cache } = setUp()
    answer.of = () => Promise.reject(new Error('down'))
    await expect(cache.get('a')).rejects.toThrow('down')
    let release = (_: string): void => undefined
    answer.of = () => new Promise((resolve) => (release = resolve))
    const before = cache.get('a')
    cache.clear()
    release('old')
    expect(await before).toBe('old')
    answer.of = async () => 'new'
    expect(await cache.get('a')).toBe('new')
    expect(asked).toEqual(['a', 'a', 'a'])
  })
})
