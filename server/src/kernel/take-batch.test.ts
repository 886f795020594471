import { expect, it } from 'vitest'
import { takeBatch } from './take-batch.ts'

it('takes from the front until the next one would be too much, and always one', () => {
  const queue = [2, 3, 1, 9, 1]
  const take = () => takeBatch(queue, (size) => size, 5)
  expect([take(), take(), take(), take(), take()]).toEqual([[2, 3], [1], [9], [1], []])
  expect(queue).toEqual([])
})
