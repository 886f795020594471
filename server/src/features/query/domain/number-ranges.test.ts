import { describe, expect, it } from 'vitest'
import { rangeName, rangesFor } from './number-ranges.ts'

const rangeCount = (min: number, max: number): number => {
  const { width } = rangesFor(min, max)
  return Math.floor(max / width) - Math.floor(min / width) + 1
}

describe('ranges of numbers', () => {
  it.each([
    [0, 99, 5],
    [0, 100, 10],
    [2_000, 2_450, 50],
    [0, 1, 0.1],
    [-50, 49, 5],
    [1e9, 3e9, 2e8],
    [7, 7, 1],
    [0, 0, 1],
    [0.5, 0.5, 1],
  ])('from %d to %d are %d wide', (min, max, width) => {
    expect(rangesFor(min, max).width).toBeCloseTo(width, 12)
  })

  it('are at most 20, and as many as that allows', () => {
    for (const [min, max] of [
      [0, 1e-9],
      [-3, 1_000_000],
      [12.5, 13.7],
      [-1e15, 1e15],
    ] as const) {
      expect(rangeCount(min, max)).toBeLessThanOrEqual(20)
      // The next narrower width would be at most 2.5 times narrower.
      expect(rangeCount(min, max)).toBeGreaterThanOrEqual(8)
    }
  })

  it('are named by their bounds', () => {
    expect(rangeName(rangesFor(2_000, 2_450), 40)).toBe('2,000 - 2,050')
    expect(rangeName(rangesFor(0, 1), 2)).toBe('0.2 - 0.3')
    expect(rangeName(rangesFor(-50, 49), -1)).toBe('-5 - 0')
    expect(rangeName(rangesFor(0, 4_000_000), 4)).toBe('2,000,000 - 2,500,000')
  })
})
