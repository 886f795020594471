import { describe, expect, it } from 'vitest'
import { createHotIds } from './hot-ids.ts'

const dayMs = 86_400_000
const setUp = (threshold: number) => {
  const clock = { ms: 100 * dayMs }
  const hot = createHotIds(threshold, () => clock.ms)
  const many = (count: number, id: string, timeMs = clock.ms, projectId = 1): string[] =>
    Array.from({ length: count }, () => hot.count(projectId, id, timeMs))
  return { clock, hot, many }
}

describe('ids with more events a day than anybody makes (IDM-10)', () => {
  it('are hot from the event beyond the threshold on, and are said to become so once', () => {
    const { many } = setUp(3)
    expect(many(6, 'bot')).toEqual(['usual', 'usual', 'usual', 'becomes-hot', 'hot', 'hot'])
  })

  it('are counted by project and event date', () => {
    const { clock, many } = setUp(3)
    many(4, 'bot')
    expect(many(1, 'bot', clock.ms, 2)).toEqual(['usual'])
    expect(many(1, 'bot', clock.ms - dayMs)).toEqual(['usual'])
    expect(many(1, 'bot')).toEqual(['hot'])
  })

  it('are forgotten when the day ends', () => {
    const { clock, many } = setUp(3)
    many(4, 'bot')
    clock.ms += dayMs
    expect(many(1, 'bot')).toEqual(['usual'])
  })

  it('are found late by a sixteenth of the threshold at most, and never early', () => {
    const { many } = setUp(1_600)
    const said = many(2_000, 'bot')
    const at = said.indexOf('becomes-hot')
    expect(at).toBeGreaterThanOrEqual(1_600)
    expect(at).toBeLessThanOrEqual(1_700)
    expect(said.filter((answer) => answer === 'becomes-hot')).toHaveLength(1)
  })

  it('are not mistaken among many others: nobody with few events is hot, however many there are', () => {
    const { hot, clock, many } = setUp(1_600)
    for (let round = 0; round < 5; round += 1) {
      for (let id = 0; id < 100_000; id += 1) {
        if (hot.count(1, `user-${id}`, clock.ms) !== 'usual') throw new Error(`user-${id}`)
      }
    }
    expect(many(1_701, 'bot').at(-1)).toBe('hot')
  })

  it('find room when others, frequent for a moment, have filled it', () => {
    const { hot, clock, many } = setUp(32)
    for (let id = 0; id < 200_000; id += 1) hot.count(1, `user-${id}`, clock.ms)
    expect(many(30_000, 'bot')).toContain('becomes-hot')
  })
})
