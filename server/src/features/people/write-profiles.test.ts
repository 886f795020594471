import { describe, expect, it } from 'vitest'
import type { Project } from '../../kernel/project.ts'
import { type WriteDeps, writableOf } from './write-profiles.ts'

const project = { id: 7 } as Project
const deps = (door: Partial<WriteDeps['rules']> = {}): WriteDeps => ({
  storeOf: () => {
    throw new Error('nothing is stored here')
  },
  suppressed: { isSuppressed: async (_, id) => id === 'erased' },
  rules: { doorOf: () => null, ...door },
})
const write = (id: string, asked = deps(), set: object = { plan: 'pro' }) =>
  writableOf(asked, project, { $distinct_id: id, $ignore_time: true, $set: set as never }, 0)

describe('what a member writes to a profile', () => {
  it('is refused for an id that was erased and may not come back', async () => {
    expect(await write('erased')).toMatchObject({ kind: 'refuse', why: 'suppressed' })
    expect(await write('known')).toMatchObject({ kind: 'accept', update: { id: 'known', lastSeen: null } })
  })

  it('is what the rules of the project leave of it, or nothing', async () => {
    const cut = deps({
      doorOf: async () => ({
        update: () => ({ kind: 'pass', record: { $distinct_id: 'known', $set: { plan: 'p' } } }),
      }),
    })
    expect(await write('known', cut)).toMatchObject({ update: { set: new Map([['plan', 'p']]) } })
    const refuse = deps({ doorOf: () => ({ update: () => ({ kind: 'drop' }) }) })
    expect(await write('known', refuse)).toMatchObject({ kind: 'refuse', why: 'rules' })
  })

  it('is checked as what a client sends', async () => {
    const deep = JSON.parse(`${'{"a":'.repeat(40)}1${'}'.repeat(40)}`)
    expect(await write('known', deps(), { deep })).toMatchObject({ kind: 'refuse', why: 'invalid' })
  })
})
