import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { type ProjectScope, projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { canonicalIds, createJoinStore, type Join, type JoinStore } from '../../identity/index.ts'
import { checkUpdate, type ProfileUpdate } from '../domain/profile-update.ts'
import { createProfileStore, type ProfileStore } from './clickhouse-profile-store.ts'
import { createProfileMerger } from './merge-profiles.ts'
import { personProfiles } from './person-profiles.ts'
import { lockAllProfileSlots } from './profile-slots.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
})
afterAll(() => engines?.close())

let projectCount = 0
/** One server, as far as people are concerned; another one shares nothing with it but the stores. */
const openServer = (db: RegionDb = engines.region) => ({
  profiles: createProfileStore({ db, control: engines.control, table: personProfiles }),
  joins: createJoinStore({ db, control: engines.control, prepareProfileMerges: createProfileMerger(db) }),
})
const aScope = (): ProjectScope => {
  projectCount += 1
  return projectScope(projectCount, 'US')
}
const update = (id: string, operation: Record<string, JsonValue>): ProfileUpdate => {
  const checked = checkUpdate({ $distinct_id: id, $ignore_time: true, ...operation }, 0)
  if (checked.kind !== 'accept') throw new Error(checked.message)
  return checked.value
}
const merge = (to: string, from: string): Join => ({ kind: 'merge', from, to })
const project = { identityMode: 'original', erasureEpoch: 0 } as const
const join = (joins: JoinStore, scope: ProjectScope, ...asked: readonly Join[]) => joins.decide(scope, project, asked)
const profileOf = async (store: ProfileStore, scope: ProjectScope, id: string) => {
  const found = (await store.get(scope, [id])).get(id)
  return found === undefined ? null : Object.fromEntries(found)
}

describe('profiles of people who become one', () => {
  it('become one: the canonical side wins, missing names are filled in, the other is gone', async () => {
    const scope = aScope()
    const { profiles, joins } = openServer()
    await profiles.apply(scope, [
      update('anna', { $set: { plan: 'paid', n: 1 } }),
      update('guest', { $set: { plan: 'free', from: 'ad' } }),
      update('bystander', { $set: { plan: 'none' } }),
    ])
    expect(await join(joins, scope, merge('anna', 'guest'), merge('x', 'y'))).toEqual([null, null])
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ plan: '"paid"', n: '1', from: '"ad"' })
    expect(await profileOf(profiles, scope, 'guest')).toBeNull()
    expect(await profileOf(profiles, scope, 'bystander')).toEqual({ plan: '"none"' })
    // Nothing is filled in a second time.
    await profiles.apply(scope, [update('guest', { $unset: ['from'] })], true)
    await join(openServer().joins, scope, merge('anna', 'guest'))
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ plan: '"paid"', n: '1' })
  })

  it('become one where only one side has a profile, and none appears where nobody has one', async () => {
    const scope = aScope()
    const { profiles, joins } = openServer()
    await profiles.apply(scope, [update('guest', { $set: { a: 1 } })])
    await join(joins, scope, merge('anna', 'guest'), merge('x', 'y'))
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ a: '1' })
    expect(await profileOf(profiles, scope, 'guest')).toBeNull()
    expect(await profileOf(profiles, scope, 'x')).toBeNull()
  })

  it('take updates under any of the ids, unless an update is for the id alone', async () => {
    const scope = aScope()
    const { profiles, joins } = openServer()
    await join(joins, scope, merge('anna', 'guest'))
    const updates = [
      update('guest', { $set: { a: 1 } }),
      update('anna', { $add: { a: 1 } }),
      update('guest', { $add: { a: 2 } }),
    ]
    await profiles.apply(scope, updates, true)
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ a: '4' })
    await profiles.apply(scope, [update('guest', { $set: { b: 1 }, $ignore_alias: true })], true)
    expect(await profileOf(profiles, scope, 'guest')).toEqual({ b: '1' })
    await profiles.apply(scope, [update('guest', { $delete: '', $ignore_alias: 'true' })], true)
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ a: '4' })
    await profiles.apply(scope, [update('guest', { $delete: '' })], true)
    expect(await profileOf(profiles, scope, 'anna')).toBeNull()
  })

  it('lose no update that races with a merge on another server', async () => {
    const scope = aScope()
    const servers = [openServer(), openServer()]
    const ids = Array.from({ length: 12 }, (_, at) => `id${at}`)
    const updates = Array.from({ length: 20 }, async (_, round) => {
      const { profiles } = servers[round % 2] as (typeof servers)[number]
      await profiles.apply(
        scope,
        ids.map((id) => update(id, { $union: { seen: [`${id}/${round}`] } })),
        true,
      )
    })
    const merges = ids
      .slice(1)
      .map((id, at) => join((servers[at % 2] as (typeof servers)[number]).joins, scope, merge(ids[at] as string, id)))
    await Promise.all([...updates, ...merges])
    const [canonical] = new Set((await canonicalIds(engines.region, scope, ids)).values())
    const left = await openServer().profiles.get(scope, ids)
    expect([...left.keys()]).toEqual([canonical])
    // The canonical side's value wins where both have one, so what counts is that no profile of a loser came later.
    await Promise.all(
      Array.from({ length: 10 }, (_, round) =>
        (servers[round % 2] as (typeof servers)[number]).profiles.apply(
          scope,
          ids.map((id) => update(id, { $add: { n: 1 } })),
          true,
        ),
      ),
    )
    expect(await profileOf(openServer().profiles, scope, canonical as string)).toMatchObject({ n: '120' })
  })

  it('lose no name that only one update says, whenever the merge comes', async () => {
    const servers = [openServer(), openServer()] as const
    for (let round = 0; round < 15; round += 1) {
      const scope = aScope()
      await Promise.all([
        servers[0].profiles.apply(scope, [update('guest', { $set: { guest: 1 } })], true),
        join(servers[1].joins, scope, merge('anna', 'guest')),
        servers[0].profiles.apply(scope, [update('anna', { $set: { anna: 1 } })], true),
        servers[1].profiles.apply(scope, [update('guest', { $set: { late: 1 } })], true),
      ])
      const left = await servers[0].profiles.get(scope, ['anna', 'guest'])
      expect([...left.keys()]).toEqual(['anna'])
      expect(Object.fromEntries(left.get('anna') ?? [])).toEqual({ guest: '1', anna: '1', late: '1' })
    }
  })

  it('take an update that waited for the merge to end where it belongs then', async () => {
    const scope = aScope()
    const { profiles } = openServer()
    let applied: Promise<unknown> = Promise.resolve()
    await engines.control.tx(async (tx) => {
      await lockAllProfileSlots(tx, 'US')
      applied = profiles.apply(scope, [update('guest', { $set: { a: 1 } }), update('anna', { $add: { a: 1 } })], true)
      const isWaiting = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
      for (let n = 0; n === 0; ) n = (await engines.control.rows<{ n: number }>(isWaiting))[0]?.n ?? 0
      const link = { project_id: scope.projectId, distinct_id: 'guest', canonical_id: 'anna', revision: 1 }
      await engines.region.insert('identity_link', JSON.stringify(link))
    })
    await applied
    expect(await profileOf(profiles, scope, 'guest')).toBeNull()
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ a: '2' })
  })

  it('are merged by the next join of the same person when a server died in between', async () => {
    const scope = aScope()
    const region = engines.region
    let isDying = false
    const insert: RegionDb['insert'] = (table, ...rest) =>
      isDying && table === 'profile' ? Promise.reject(new Error('gone')) : region.insert(table, ...rest)
    const { profiles, joins } = openServer({ ...region, insert })
    await profiles.apply(scope, [update('guest', { $set: { a: 1 } })])
    isDying = true
    await expect(join(joins, scope, merge('anna', 'guest'))).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    isDying = false
    expect(await join(joins, scope, merge('anna', 'guest'))).toEqual([null])
    expect(await profileOf(profiles, scope, 'anna')).toEqual({ a: '1' })
    expect(await profileOf(profiles, scope, 'guest')).toBeNull()
  })
})
