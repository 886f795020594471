import { describe, expect, it } from 'vitest'
import { averageRetention } from './average.ts'

describe('the average of an interval over cohorts', () => {
  it('is weighted by their sizes', () => {
    const average = averageRetention([
      { first: 1_000, count: 500, isComplete: true },
      { first: 500, count: 400, isComplete: true },
    ])
    expect(average?.count).toBeCloseTo(466.67, 2)
    expect(average?.first).toBeCloseTo(833.33, 2)
    expect(average?.rate).toBeCloseTo(0.56, 2)
  })

  it('leaves out cohorts of nobody, and those that have not completed it', () => {
    const average = averageRetention([
      { first: 10, count: 5, isComplete: true },
      { first: 90, count: 0, isComplete: false },
      { first: 0, count: 0, isComplete: true },
    ])
    expect(average).toEqual({ count: 5, first: 10, rate: 0.5 })
    expect(averageRetention([{ first: 90, count: 1, isComplete: false }])).toBeNull()
    expect(averageRetention([])).toBeNull()
  })
})
