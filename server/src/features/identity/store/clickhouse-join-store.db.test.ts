import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import type { Project } from '../../../kernel/project.ts'
import { type ProjectScope, projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { Join } from '../domain/read-join.ts'
import { createClusterStore } from './clickhouse-clusters.ts'
import { createHiddenSet } from './clickhouse-hidden-set.ts'
import { createJoinStore, type JoinStore } from './clickhouse-join-store.ts'
import { canonicalIds } from './people-list-sql.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
})
afterAll(() => engines?.close())

const open = (db: RegionDb = engines.region): JoinStore =>
  createJoinStore({ db, control: engines.control, prepareProfileMerges: async () => async () => undefined })
const modeOf = (identityMode: Project['identityMode'], erasureEpoch = 0) => ({ identityMode, erasureEpoch })
const original = modeOf('original')
const merge = (to: string, from: string): Join => ({ kind: 'merge', from, to })
const alias = (from: string, to: string): Join => ({ kind: 'alias', from, to })

let projectCount = 0
/** A project of the test's own. */
const aScope = (): ProjectScope => {
  projectCount += 1
  return projectScope(projectCount, 'US')
}
const canonicalOf = async (scope: ProjectScope, ids: readonly string[]) => [
  ...(await canonicalIds(engines.region, scope, ids)).values(),
]
const rowCount = async (scope: ProjectScope): Promise<number> => {
  const [row] = await engines.region.rows<{ n: string }>(
    'SELECT count() AS n FROM identity_link WHERE project_id = {id:UInt64}',
    { params: { id: scope.projectId } },
  )
  return Number(row?.n)
}
const uuid = (at: number) => `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`

describe('join store', () => {
  it('joins across batches and servers, one step to the canonical id, and writes nothing twice', async () => {
    const scope = aScope()
    expect(await open().decide(scope, original, [merge('a', 'b'), merge('c', 'd')])).toEqual([null, null])
    expect(await open().decide(scope, original, [merge('c', 'e')])).toEqual([null])
    expect(await open().decide(scope, original, [merge('b', 'd')])).toEqual([null])
    expect(await canonicalOf(scope, ['a', 'b', 'c', 'd', 'e', 'x'])).toEqual(['c', 'c', 'c', 'c', 'c', 'x'])
    const rows = await rowCount(scope)
    const again = open()
    for (let round = 0; round < 2; round += 1) {
      expect(await again.decide(scope, original, [merge('a', 'b'), merge('e', 'a')])).toEqual([null, null])
    }
    expect(await rowCount(scope)).toBe(rows)
    expect(await canonicalOf(projectScope(scope.projectId + 1_000, 'US'), ['a'])).toEqual(['a'])
  })

  it('decides alike on two servers that race for the same ids', async () => {
    const scope = aScope()
    const stores = [open(), open()]
    const joins = Array.from({ length: 60 }, (_, at) => alias(`alias${at % 20}`, `user${at}`))
    const verdicts = await Promise.all(
      joins.map((join, at) => (stores[at % 2] as JoinStore).decide(scope, original, [join])),
    )
    // Each alias was taken once, by whoever came first, and refused to the other two.
    const taken = joins.filter((_, at) => verdicts[at]?.[0] === null)
    expect(taken.map(({ from }) => from).sort()).toEqual(
      joins
        .slice(0, 20)
        .map(({ from }) => from)
        .sort(),
    )
    expect(verdicts.flat().filter((failure) => failure === 'alias_already_used')).toHaveLength(40)
    expect(
      await canonicalOf(
        scope,
        taken.map(({ from }) => from),
      ),
    ).toEqual(taken.map(({ to }) => to))
  })

  it('makes one person of a chain that two servers close from both ends', async () => {
    const scope = aScope()
    const stores = [open(), open()]
    const ids = Array.from({ length: 40 }, (_, at) => `link${at}`)
    const joins = ids.slice(1).map((id, at) => merge(ids[at] as string, id))
    await Promise.all(joins.map((join, at) => (stores[at % 2] as JoinStore).decide(scope, original, [join])))
    expect(new Set(await canonicalOf(scope, ids)).size).toBe(1)
  })

  it('takes the 500th id of a person, and refuses the 501st (IDM-08)', async () => {
    const scope = aScope()
    const store = open()
    const identify = (at: number): Join => ({ kind: 'identify', from: uuid(at), to: 'U' })
    const all = await store.decide(
      scope,
      original,
      Array.from({ length: 498 }, (_, at) => identify(at)),
    )
    expect(new Set(all)).toEqual(new Set([null]))
    expect(await store.decide(scope, original, [identify(498)])).toEqual([null])
    expect(await open().decide(scope, original, [identify(499)])).toEqual(['cluster_limit_exceeded'])
    expect(new Set(await canonicalOf(scope, [uuid(0), uuid(498)]))).toEqual(new Set(['U']))
    expect(await canonicalOf(scope, [uuid(499)])).toEqual([uuid(499)])
  })

  it('joins nobody to a person who is being erased, and starts a new one above the hidden rows', async () => {
    const scope = aScope()
    const hidden = createHiddenSet(engines.region)
    await open().decide(scope, original, [merge('gone', 'device'), merge('gone', 'other')])
    const ids = ['gone', 'device', 'other'].map((distinctId) => ({ projectId: scope.projectId, distinctId }))
    await hidden.hide('b1', await hidden.engineNow(), ids)
    expect(await open().decide(scope, modeOf('original', 1), [merge('new', 'device')])).toEqual([null])
    expect(await canonicalOf(scope, ['device', 'other'])).toEqual(['new', 'other'])
    await hidden.reveal('b1')
    expect(await canonicalOf(scope, ['device'])).toEqual(['new'])
  })

  it('forgets at an erasure what it knew, and links again', async () => {
    const scope = aScope()
    const store = open()
    await store.decide(scope, original, [merge('a', 'b')])
    await engines.region.command(
      `ALTER TABLE identity_link DELETE WHERE project_id = ${scope.projectId} SETTINGS mutations_sync = 2`,
    )
    await store.decide(scope, original, [merge('a', 'b')])
    expect(await rowCount(scope)).toBe(0)
    await store.decide(scope, modeOf('original', 1), [merge('a', 'b')])
    expect(await rowCount(scope)).toBe(1)
  })

  it('says so when the engine does not answer, and decides again afterwards', async () => {
    const scope = aScope()
    let isAway = true
    const region = engines.region
    const insert: RegionDb['insert'] = (...args) =>
      isAway ? Promise.reject(new Error('a row of somebody')) : region.insert(...args)
    const store = open({ ...region, insert })
    const lost = await Promise.allSettled([
      store.decide(scope, original, [merge('a', 'b')]),
      store.decide(scope, original, [merge('c', 'd')]),
    ])
    for (const one of lost) expect(one).toMatchObject({ reason: { code: 'ENGINE_UNAVAILABLE', status: 503 } })
    isAway = false
    expect(await store.decide(scope, original, [merge('a', 'b')])).toEqual([null])
    expect(await canonicalOf(scope, ['b', 'd'])).toEqual(['a', 'd'])
  })

  it('refuses more than it may hold, and decides again when less waits', async () => {
    const scope = aScope()
    const store = open()
    const first = store.decide(scope, original, [merge('a', 'b')], 60 * 1_024 * 1_024)
    const refused = store.decide(scope, original, [merge('c', 'd')], 5 * 1_024 * 1_024)
    await expect(refused).rejects.toMatchObject({ code: 'OVERLOADED' })
    expect(await first).toEqual([null])
    expect(await store.decide(scope, original, [merge('c', 'd')], 5 * 1_024 * 1_024)).toEqual([null])
  })

  it('decides nothing in simplified mode', async () => {
    const scope = aScope()
    expect(await open().decide(scope, modeOf('simplified'), [merge('a', 'a')])).toEqual([null])
    expect(await rowCount(scope)).toBe(0)
  })

  it('keeps the time of a legacy alias that moves with its root', async () => {
    const scope = aScope()
    const legacy = modeOf('legacy')
    const store = open()
    expect(await store.decide(scope, legacy, [alias('B', 'A')])).toEqual([null])
    const times = () =>
      engines.region.rows<{ applies_from: string }>(
        `SELECT DISTINCT applies_from FROM identity_link WHERE project_id = ${scope.projectId} AND distinct_id = 'B'`,
      )
    expect(await open().decide(scope, legacy, [alias('C', 'B')])).toEqual([null])
    expect(await canonicalOf(scope, ['B', 'C'])).toEqual(['A', 'A'])
    const before = await times()
    expect(await store.decide(scope, legacy, [alias('A', 'Z'), alias('B', 'X')])).toEqual([null, 'alias_already_used'])
    expect(await canonicalOf(scope, ['A', 'B', 'C'])).toEqual(['Z', 'Z', 'Z'])
    expect(await times()).toEqual(before)
  })

  it('does not take along into an erasure whose root became an alias of somebody who came back', async () => {
    const scope = aScope()
    const legacy = modeOf('legacy')
    expect(await open().decide(scope, legacy, [alias('B', 'A'), alias('Y', 'X')])).toEqual([null, null])
    const hidden = createHiddenSet(engines.region)
    const cutoff = await hidden.engineNow()
    await hidden.hide(
      'b2',
      cutoff,
      ['X', 'Y'].map((distinctId) => ({ projectId: scope.projectId, distinctId })),
    )
    expect(await open().decide(scope, legacy, [alias('A', 'X')])).toEqual([null])
    expect(await canonicalOf(scope, ['A', 'B'])).toEqual(['X', 'X'])
    const clusters = createClusterStore(engines.region)
    expect([...(await clusters.expand(scope, ['X'], cutoff))].sort()).toEqual(['X', 'Y'])
    expect([...(await clusters.expand(scope, ['X']))].sort()).toEqual(['A', 'B', 'X', 'Y'])
  })
})
