import { describe, expect, it } from 'vitest'
import { createModel, type Model } from './model.ts'
import type { Properties } from './model-identities.ts'

// The model is what servers are compared with: here it is compared with the tables of the specification.

const says = (model: Model, event: string, properties: Properties) =>
  model.apply({ surface: 'import', records: [{ event, properties }] })
const owners = (model: Model): readonly unknown[] =>
  model
    .lines()
    .map(({ line }) => JSON.parse(line.slice(line.indexOf(' '))))
    .map((properties) => properties.distinct_id)

describe('the model of people', () => {
  it('knows the worked table of simplified mode (identity §3.3)', () => {
    const model = createModel('simplified')
    const rows = [['D1'], ['D1'], ['D1', 'U1'], ['D2'], ['D1', 'U2'], ['D1']]
    for (const [$device_id, $user_id] of rows) says(model, 'Did', { $device_id, $user_id })
    expect(owners(model)).toEqual(['U1', 'U1', 'U1', '$device:D2', 'U2', 'U1'])
    model.erase(['$device:D1'], false)
    expect(owners(model)).toEqual(['$device:D2', 'U2'])
    says(model, 'Did', { $device_id: 'D1' })
    expect(owners(model)).toEqual(['$device:D2', 'U2', '$device:D1'])
  })

  it('keeps the canonical id of the larger cluster in original mode, and one profile (identity §4)', () => {
    const model = createModel('original')
    const set = ($distinct_id: string, $set: Properties) =>
      model.apply({ surface: 'engage', records: [{ $distinct_id, $set }] })
    set('a', { plan: 'free', from: 'ad' })
    set('c', { plan: 'paid' })
    says(model, 'Did', { distinct_id: 'a' })
    says(model, '$create_alias', { distinct_id: 'b', alias: 'a' })
    says(model, '$merge', { $distinct_ids: ['c', 'b'] })
    says(model, '$create_alias', { distinct_id: 'd', alias: 'a' })
    expect(owners(model)).toEqual(['b', 'b', 'b', 'd'])
    expect(model.lines().at(-1)?.line).toContain('alias_already_used')
    expect(model.profiles()).toEqual(['b {"from":"ad","plan":"free"}'])
  })

  it('does not look back in legacy mode, and lets nobody back who is suppressed (identity §5)', () => {
    const model = createModel('legacy')
    const did = (distinct_id: string) => says(model, 'Did', { distinct_id })
    did('new')
    says(model, '$create_alias', { distinct_id: 'old', alias: 'new' })
    did('new')
    says(model, '$create_alias', { distinct_id: 'older', alias: 'old' })
    did('new')
    did('old')
    expect(owners(model)).toEqual(['new', 'old', 'older', 'older', 'older', 'older'])
    model.erase(['new'], true)
    did('old')
    did('else')
    expect(owners(model)).toEqual(['else'])
    expect([...model.gone()].sort()).toEqual(['new', 'old', 'older'])
  })
})
