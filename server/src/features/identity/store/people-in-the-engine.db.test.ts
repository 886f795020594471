import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ErasureRig, openErasureRig } from '../../../../test/support/erasure-rig.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { createClusterStore } from './clickhouse-clusters.ts'
import { createHiddenSet, type HiddenSet } from './clickhouse-hidden-set.ts'

let rig: ErasureRig
let hidden: HiddenSet
beforeAll(async () => {
  rig = await openErasureRig()
  hidden = createHiddenSet(rig.db)
})
afterAll(() => rig?.close())

const link = (distinct_id: string, canonical_id: string, linked_at: string, project_id = 1) =>
  rig.db.insert('identity_link', JSON.stringify({ project_id, distinct_id, canonical_id, linked_at }))
const at = (second: number) => `2026-01-01 00:00:0${second}.000000`
const expand = async (ids: readonly string[], until?: string) =>
  [...(await createClusterStore(rig.db).expand(projectScope(1, 'US'), ids, until))].sort()

describe('identity clusters', () => {
  beforeAll(async () => {
    await link('d1', 'anna', at(1))
    await link('d2', 'anna', at(2))
    // The first link of a device counts: d3 stays ben's.
    await link('d3', 'ben', at(1))
    await link('d3', 'anna', at(2))
    await link('d9', 'carl', at(1), 2)
    await link('d1', 'carl', at(1), 2)
  })

  it('are found from any of their ids', async () => {
    for (const id of ['anna', 'd1', 'd2']) expect(await expand([id])).toEqual(['anna', 'd1', 'd2'])
    expect(await expand(['d3'])).toEqual(['ben', 'd3'])
    expect(await expand(['ben'])).toEqual(['ben', 'd3'])
    expect(await expand(['d1', 'ben'])).toEqual(['anna', 'ben', 'd1', 'd2', 'd3'])
  })

  it('of an unknown id are that id, and of another project are none of ours', async () => {
    expect(await expand(['nobody'])).toEqual(['nobody'])
    expect(await expand(['carl'])).toEqual(['carl'])
    expect(await expand([])).toEqual([])
  })

  it('can be asked for as they were at an instant', async () => {
    expect(await expand(['anna'], at(1))).toEqual(['anna', 'd1'])
    expect(await expand(['anna'], at(0))).toEqual(['anna'])
  })
})

describe('the hidden set', () => {
  const of = (...ids: readonly string[]) => ids.map((distinctId) => ({ projectId: 1, distinctId }))

  it('hides what was there, shows what came later, and shows all again when it ends', async () => {
    const ids = await rig.plant('hide')
    const before = await rig.seen(ids)
    expect(before).toContain('hide-value')
    const cutoff = await hidden.engineNow()
    await hidden.hide('b1', cutoff, of(...ids))
    expect(await rig.seen(ids)).toBe('')
    expect(await rig.rowsOf(ids)).toMatchObject({ event: 3, profile: 1, identity_link: 1 })
    // Somebody comes back: the device is nobody's again, because its link is hidden too.
    const [, device = ''] = ids
    const event = { project_id: 1, event: 'back', time: '2026-01-01 00:00:00.000', distinct_id: device, insert_id: 'i' }
    await rig.db.insert('event', JSON.stringify(event))
    const [line, ...more] = (await rig.seen(ids)).trim().split('\n')
    expect(more).toEqual([])
    expect(JSON.parse(line ?? '')).toMatchObject({ event: 'back', properties: { distinct_id: device } })
    await hidden.reveal('b1')
    expect(await rig.seen(ids)).toContain('hide-value')
    expect((await rig.rowsOf(ids)).hidden_id).toBe(0)
  })

  it('of one project hides nothing of another', async () => {
    const ids = await rig.plant('twice')
    await rig.plant('twice', 2)
    await hidden.hide('b2', await hidden.engineNow(), of(...ids))
    expect(await rig.seen(ids)).toBe('')
    expect(await rig.seen(ids, 2)).toContain('twice-value')
    await hidden.reveal('b2')
  })

  it('is replaced by hiding again, grows by extending, and ends batch by batch', async () => {
    const cutoff = await hidden.engineNow()
    const count = async (...ids: readonly string[]) => (await rig.rowsOf(ids)).hidden_id
    await hidden.hide('b3', cutoff, of('x', 'y'))
    await hidden.hide('b3', cutoff, of('x'))
    expect([await count('x'), await count('y')]).toEqual([1, 0])
    await hidden.extend('b3', cutoff, of('z'))
    await hidden.hide('b4', cutoff, of('z', 'w'))
    await hidden.hide('b5', cutoff, of('other'))
    expect([...(await hidden.batchIds())].sort()).toEqual(['b3', 'b4', 'b5'])
    expect(await hidden.overlapping('b3')).toEqual([{ batchId: 'b4', cutoff }])
    expect(await hidden.overlapping('b5')).toEqual([])
    await hidden.reveal('b3')
    expect([await count('x'), await count('z'), await count('w')]).toEqual([0, 1, 1])
    await hidden.hide('b4', cutoff, [])
    await hidden.reveal('b5')
    expect(await hidden.batchIds()).toEqual([])
  })
})
