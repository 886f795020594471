import { expect, it } from 'vitest'
import { askAgainMs } from './events.ts'

const page = (tookMs: number) => ({ events: [], older: null, tookMs })
const after = (...tookMs: readonly number[]) => askAgainMs(3_000)({ state: { data: { pages: tookMs.map(page) } } })

it('a live page asks soon, later when its question takes long, and at least every minute', () => {
  expect(askAgainMs(3_000)({ state: {} })).toBe(3_000)
  expect([after(20), after(400, 200), after(30_000)]).toEqual([3_000, 6_000, 60_000])
})
