import { describe, expect, it } from 'vitest'
import { chanceOfFewer, significanceOf } from './significance.ts'

const choose = (n: number, k: number): bigint => {
  let [top, bottom] = [1n, 1n]
  for (let at = 1; at <= k; at += 1) [top, bottom] = [top * BigInt(n - k + at), bottom * BigInt(at)]
  return top / bottom
}
/** By adding up whole numbers. */
const exactly = (N: number, K: number, n: number, k: number): number => {
  let ways = 0n
  for (let x = 0; x < k; x += 1) if (x <= K && n - x <= N - K && x <= n) ways += choose(K, x) * choose(N - K, n - x)
  return Number((ways * 10n ** 15n) / choose(N, n)) / 1e15
}

describe('significance of a segment', () => {
  it('is the hypergeometric distribution', () => {
    for (const [N, K] of [
      [10, 4],
      [60, 30],
      [200, 3],
      [200, 197],
      [90, 0],
      [90, 90],
    ] as const) {
      for (const n of [0, 1, 7, Math.floor(N / 2), N]) {
        for (let k = 0; k <= n + 1; k += 1) {
          const got = chanceOfFewer({ entries: N, conversions: K }, { entries: n, conversions: k })
          expect(Math.abs(got - exactly(N, K, n, k)), `${N} ${K} ${n} ${k}`).toBeLessThan(1e-9)
        }
      }
    }
  })

  it('is sure of a large difference, not of a small one, and says nothing about few', () => {
    const all = { entries: 200, conversions: 100 }
    const of = (entries: number, conversions: number) => significanceOf(all, all, { entries, conversions })
    expect(of(100, 70)).toEqual({ confidence: expect.closeTo(1, 5), is_significant: true })
    expect(of(100, 30)).toEqual({ confidence: expect.closeTo(1, 5), is_significant: true })
    expect(of(100, 51)?.is_significant).toBe(false)
    expect(of(29, 0)).toBeNull()
    expect(significanceOf(all, { entries: 29, conversions: 1 }, { entries: 100, conversions: 70 })).toBeNull()
    // More of those who did not convert than there are.
    expect(of(150, 40)).toBeNull()
  })

  it('takes millions', () => {
    const population = { entries: 4_000_000, conversions: 1_000_000 }
    const found = significanceOf(population, population, { entries: 2_000_000, conversions: 501_000 })
    // 1000 more than expected, at a standard deviation of 433.
    expect(found).toEqual({ confidence: expect.closeTo(0.9895, 3), is_significant: true })
    expect(chanceOfFewer(population, { entries: 2_000_000, conversions: 500_000 })).toBeCloseTo(0.5, 2)
  })
})
