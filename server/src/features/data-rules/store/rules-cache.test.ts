import { describe, expect, it } from 'vitest'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'
import { noRules } from '../domain/data-rules.ts'
import { type Blocked, createRulesCache } from './rules-cache.ts'

const setUp = () => {
  const lexicon: Blocked | null = { events: ['L'], properties: [{ name: 'p' }, { name: 'distinct_id' }] }
  const state = { readCount: 0, isDown: false, blocked: 'A', lexicon: lexicon as Blocked | null }
  const rows = async () => {
    state.readCount += 1
    if (state.isDown) throw new Error('no store')
    return [{ version: 1, updated_at: new Date(0), rules: { ...noRules, blocked_events: [state.blocked] } }]
  }
  const findBlocked = async () => state.lexicon
  const cache = createRulesCache({ rows } as unknown as ControlDb, findBlocked, () => (text) => text)
  const isBlocked = async (event: string, dataRulesVersion: number, lexiconVersion = 0): Promise<boolean> => {
    const door = await cache.doorOf({ id: 1, dataRulesVersion, lexiconVersion })
    return door?.event({ event, properties: {} }, { gpc: false, dnt: false }).kind === 'drop'
  }
  return { state, cache, isBlocked }
}

describe('the rules at hand', () => {
  it('are none, without asking, for a project that has none', () => {
    const { state, cache } = setUp()
    expect([cache.doorOf({ id: 1, dataRulesVersion: 0, lexiconVersion: 0 }), state.readCount]).toEqual([null, 0])
  })

  it('are read once for each version, also when many ask at once, and then are there at once', async () => {
    const { state, cache, isBlocked } = setUp()
    expect(await Promise.all([isBlocked('A', 1), isBlocked('A', 1), isBlocked('B', 1)])).toEqual([true, true, false])
    expect(cache.doorOf({ id: 1, dataRulesVersion: 1, lexiconVersion: 0 })).not.toBeInstanceOf(Promise)
    expect(state.readCount).toBe(1)
    state.blocked = 'B'
    expect(await isBlocked('B', 1)).toBe(false)
    expect(await isBlocked('B', 2)).toBe(true)
    expect(state.readCount).toBe(2)
  })

  it('are joined by what the lexicon blocks, under its own version', async () => {
    const { state, cache, isBlocked } = setUp()
    expect([await isBlocked('L', 1), await isBlocked('L', 1, 1), await isBlocked('A', 1, 1)]).toEqual([
      false,
      true,
      true,
    ])
    const door = await cache.doorOf({ id: 1, dataRulesVersion: 0, lexiconVersion: 1 })
    const properties = { p: 1, q: 2, distinct_id: 'ada' }
    const passed = door?.event({ event: 'E', properties }, { gpc: false, dnt: false })
    expect(passed).toMatchObject({ record: { event: 'E', properties: { q: 2, distinct_id: 'ada' } } })
    state.lexicon = null
    expect(await cache.doorOf({ id: 1, dataRulesVersion: 0, lexiconVersion: 2 })).toBe(null)
  })

  it('that cannot be read are not taken for none, and are asked for again', async () => {
    const { state, isBlocked } = setUp()
    state.isDown = true
    await expect(isBlocked('A', 1)).rejects.toThrow('no store')
    state.isDown = false
    expect(await isBlocked('A', 1)).toBe(true)
  })
})
