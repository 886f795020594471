import { expect, it } from 'vitest'
import { cumulative, rollingAverage } from './analysis.ts'

it('averages over the last values that there are', () => {
  expect(rollingAverage([1, 2, 3, null, 8, null, null, null], 3)).toEqual([1, 1.5, 2, 2.5, 5.5, 8, 8, null])
})

it('adds up', () => {
  expect(cumulative([1, 2, null, 4])).toEqual([1, 3, 3, 7])
})
