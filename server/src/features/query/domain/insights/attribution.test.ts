import { expect, it } from 'vitest'
import { positionModels, sharesOf } from './attribution.ts'

it('shares out by place, and what is not there among the two that are', () => {
  expect(sharesOf(positionModels.u_shaped, 3)).toEqual([0.4, 0.2, 0.4])
  expect(sharesOf(positionModels.u_shaped, 2)).toEqual([0.5, 0.5])
  expect(sharesOf(positionModels.j_shaped, 2)).toEqual([0.25, 0.75])
  expect(sharesOf(positionModels.inverse_j, 2)).toEqual([0.75, 0.25])
  expect(sharesOf({ first: 1, middle: 1, last: 2 }, 3)).toEqual([0.25, 0.25, 0.5])
  expect(sharesOf({ first: 0, middle: 1, last: 0 }, 2)).toEqual([0.5, 0.5])
})
