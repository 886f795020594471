import { expect, it } from 'vitest'
import { withSessionEvents } from './session-events.ts'

it('begins and ends each session once, also where one lies in another', () => {
  const person = { times: [1, 2, 3, 4], parts: [[0], [0], [], [0]] }
  const virtual = [
    { part: 8, at: 'start' },
    { part: 9, at: 'end' },
  ] as const
  const { times, parts, sessions } = withSessionEvents(virtual, person, [0, 1, -1, 0])
  expect(times).toEqual([1, 1, 2, 2, 2, 3, 4, 4])
  expect(parts).toEqual([[8], [0], [8], [0], [9], [], [0], [9]])
  expect(sessions).toEqual([0, 0, 1, 1, 1, -1, 0, 0])
})
