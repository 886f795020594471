import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { checkUpdate, type ProfileUpdate } from '../domain/profile-update.ts'
import { createProfileStore, defaultProfileSettings, type ProfileStore } from './clickhouse-profile-store.ts'
import { personProfiles } from './person-profiles.ts'
import { lockAllProfileSlots } from './profile-slots.ts'

let engines: TestEngines
const scope = projectScope(1, 'US')

const update = (record: Record<string, JsonValue>): ProfileUpdate => {
  const checked = checkUpdate({ $ignore_time: true, ...record }, 0)
  if (checked.kind !== 'accept') throw new Error(checked.message)
  return checked.value
}
const open = (db: RegionDb = engines.region): ProfileStore =>
  createProfileStore({ db, control: engines.control, table: personProfiles })
const propertiesOf = async (store: ProfileStore, id: string, of = scope) => {
  const profile = (await store.get(of, [id])).get(id)
  return profile === undefined ? undefined : Object.fromEntries(profile)
}

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
})
afterAll(() => engines.close())

describe('profile store', () => {
  it('keeps raw JSON text, and says what became of each update', async () => {
    const store = open()
    const outcomes = await store.apply(scope, [
      update({ $distinct_id: 'u1', $set: { s: 'a\u0000"\\é', o: { a: [] }, ['na\u0000me']: null } }),
      update({ $distinct_id: 'u1', $add: { s: 1 } }),
      update({ $distinct_id: 'u1', $add: { n: 2 } }),
    ])
    expect(outcomes.map(({ kind }) => kind)).toEqual(['accept', 'reject', 'accept'])
    expect(await propertiesOf(open(), 'u1')).toEqual({
      s: JSON.stringify('a\u0000"\\é'),
      o: '{"a":[]}',
      ['na\u0000me']: 'null',
      n: '2',
    })
  })

  it('never answers for another project', async () => {
    const store = open()
    await store.apply(scope, [update({ $distinct_id: 'mine', $set: { a: 1 } })])
    expect(await propertiesOf(store, 'mine', projectScope(2, 'US'))).toBeUndefined()
    await store.apply(projectScope(2, 'US'), [update({ $distinct_id: 'mine', $set: { b: 1 } })])
    expect(await propertiesOf(store, 'mine')).toEqual({ a: '1' })
  })

  it('loses no $add when two servers change the same profiles', async () => {
    const stores = [open(), open()]
    const ids = Array.from({ length: 10 }, (_, at) => `shared${at}`)
    const rounds = Array.from({ length: 40 }, (_, round) =>
      (stores[round % 2] as ProfileStore).apply(
        scope,
        ids.map((id) => update({ $distinct_id: id, $add: { n: 1 }, $append: { l: round } })),
      ),
    )
    await Promise.all(rounds)
    for (const id of ids) {
      const { n, l } = (await propertiesOf(open(), id)) ?? {}
      expect(n).toBe('40')
      expect((JSON.parse(l ?? '[]') as number[]).sort((a, b) => a - b)).toEqual(
        Array.from({ length: 40 }, (_, at) => at),
      )
    }
  })

  it('ends a profile by $delete, and starts a new one after it', async () => {
    const store = open()
    await store.apply(scope, [update({ $distinct_id: 'gone', $set: { a: 1 } })])
    await store.apply(scope, [update({ $distinct_id: 'gone', $delete: '' })])
    expect(await propertiesOf(store, 'gone')).toBeUndefined()
    await store.apply(scope, [update({ $distinct_id: 'gone', $set_once: { a: 2 } })])
    expect(await propertiesOf(store, 'gone')).toEqual({ a: '2' })
  })

  it('takes a hidden profile for absent, and writes the next one above it', async () => {
    const store = open()
    await store.apply(scope, [update({ $distinct_id: 'hidden', $set: { old: 1 } })])
    await store.apply(scope, [update({ $distinct_id: 'hidden', $set: { old: 2 } })])
    await engines.region.command(`INSERT INTO hidden_id SELECT 'b1', 1, 'hidden', now64(6, 'UTC')`)
    expect(await propertiesOf(store, 'hidden')).toBeUndefined()
    await store.apply(scope, [update({ $distinct_id: 'hidden', $set_once: { fresh: 1 } })])
    expect(await propertiesOf(store, 'hidden')).toEqual({ fresh: '1' })
    const [row] = await engines.region.rows<{ version: string }>(
      `SELECT max(version) AS version FROM profile WHERE distinct_id = 'hidden'`,
    )
    expect(Number(row?.version)).toBe(3)
  })

  it('changes nothing while all slots are held', async () => {
    const store = open()
    let isApplied = false
    let applied: Promise<void> = Promise.resolve()
    await engines.control.tx(async (tx) => {
      await lockAllProfileSlots(tx, 'US')
      applied = store.apply(scope, [update({ $distinct_id: 'held', $set: { a: 1 } })]).then(() => {
        isApplied = true
      })
      const isWaiting = `SELECT count(*)::int AS n FROM pg_locks WHERE locktype = 'advisory' AND NOT granted`
      for (let n = 0; n === 0; ) n = (await engines.control.rows<{ n: number }>(isWaiting))[0]?.n ?? 0
      expect(isApplied).toBe(false)
      expect(await propertiesOf(store, 'held')).toBeUndefined()
    })
    await applied
    expect(await propertiesOf(store, 'held')).toEqual({ a: '1' })
  })

  it('answers 503 when the engine is away, and nothing is half done', async () => {
    let isAway = true
    const region = engines.region
    const store = open({
      ...region,
      insert: async (...args) => {
        if (isAway) throw new Error('connection reset')
        return region.insert(...args)
      },
    })
    const add = () => store.apply(scope, [update({ $distinct_id: 'away', $add: { n: 1 } })])
    await expect(add()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', status: 503 })
    isAway = false
    await add()
    expect(await propertiesOf(store, 'away')).toEqual({ n: '1' })
  })

  it('refuses beyond its bound and while it drains', async () => {
    const stores = { db: engines.region, control: engines.control, table: personProfiles }
    const store = createProfileStore(stores, { ...defaultProfileSettings, queueUpdateCountMax: 1 })
    const first = store.apply(scope, [update({ $distinct_id: 'q', $add: { n: 1 } })])
    await expect(store.apply(scope, [update({ $distinct_id: 'q', $add: { n: 1 } })])).rejects.toMatchObject({
      code: 'OVERLOADED',
    })
    await store.drain()
    await first
    await expect(store.apply(scope, [update({ $distinct_id: 'q', $add: { n: 1 } })])).rejects.toMatchObject({
      code: 'OVERLOADED',
    })
    expect(await propertiesOf(store, 'q')).toEqual({ n: '1' })
  })
})
