import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ErasureRig, nothing, openErasureRig } from '../../../../test/support/erasure-rig.ts'
import { waitFor } from '../../../../test/support/wait-for.ts'
import { projectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { canonicalIds, createJoinStore, type Join, type PrepareProfileMerges } from '../../identity/index.ts'
import { runDeletions } from './run-deletions.ts'

let rig: ErasureRig
beforeAll(async () => {
  rig = await openErasureRig()
})
afterAll(() => rig?.close())

const scope = projectScope(1, 'US')
const merge = (to: string, from: string): Join => ({ kind: 'merge', from, to })
const noProfiles: PrepareProfileMerges = async () => async () => undefined
const join = (joins: readonly Join[], db: RegionDb = rig.db) =>
  createJoinStore({ db, control: rig.control, prepareProfileMerges: noProfiles }).decide(
    scope,
    { identityMode: 'original', erasureEpoch: 0 },
    joins,
  )
const idsOf = (name: string, count: number) => [name, ...Array.from({ length: count }, (_, at) => `${name}-${at}`)]
/** A person with further ids, and an event of each. */
const plant = async (name: string, count: number): Promise<readonly string[]> => {
  const ids = idsOf(name, count)
  await join(ids.slice(1).map((id) => merge(name, id)))
  const event = { project_id: 1, event: 'e', time: '2026-01-01 00:00:00.000', insert_id: 'i' }
  await rig.db.insert('event', ids.map((distinct_id) => JSON.stringify({ ...event, distinct_id })).join('\n'))
  return ids
}
const eraseAll = async (): Promise<void> => {
  while (await runDeletions(rig.deletionDeps()));
}

describe('an erasure that starts while people are joined', () => {
  it('waits for a join that was decided before: who was joined is erased as well', async () => {
    const [leaver, friend] = [await plant('leaver', 4), await plant('friend', 8)]
    const hasBegun = async (): Promise<boolean> => {
      const [waiting] = await rig.control.rows<{ n: number }>(
        `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`,
      )
      return waiting?.n !== 0 || (await rig.rowsOf(leaver)).hidden_id !== 0
    }
    let isDecided = false
    const insert: RegionDb['insert'] = async (...args) => {
      isDecided = true
      await waitFor('the erasure to begin', hasBegun)
      await rig.db.insert(...args)
    }
    const joined = join([merge('friend', 'leaver')], { ...rig.db, insert })
    await waitFor('the join to be decided', () => isDecided)
    const task = await rig.request('deletion', ['leaver-0'])
    await Promise.all([eraseAll(), joined])
    await eraseAll()
    expect(await rig.task(task)).toMatchObject({ state: 'SUCCESS' })
    expect(await rig.rowsOf([...leaver, ...friend])).toEqual(nothing)
  })

  it('leaves alone who is joined to the person that comes back', async () => {
    const [leaver, friend] = [await plant('returner', 4), await plant('host', 8)]
    const task = await rig.request('deletion', ['returner'])
    await eraseAll()
    await join([merge('host', 'returner')])
    expect(await rig.task(task)).toMatchObject({ state: 'SUCCESS' })
    const who = await canonicalIds(rig.db, scope, [...leaver, ...friend])
    expect([...who.values()]).toEqual(['host', ...leaver.slice(1), ...friend.map(() => 'host')])
    expect((await rig.rowsOf(friend)).event).toBe(9)
  })
})
