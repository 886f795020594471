import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import { checkGroupUpdate, type GroupId } from '../domain/group-update.ts'
import type { ProfileUpdate } from '../domain/profile-update.ts'
import { createProfileStore, type ProfileStore } from './clickhouse-profile-store.ts'
import { groupProfiles } from './group-profiles.ts'
import { lockAllProfileSlots } from './profile-slots.ts'

let engines: TestEngines
const scope = projectScope(1, 'US')

const update = (id: GroupId, operation: Record<string, JsonValue>): ProfileUpdate<GroupId> => {
  const checked = checkGroupUpdate(
    { $ignore_time: true, $group_key: id.groupKey, $group_id: id.groupId, ...operation },
    0,
  )
  if (checked.kind !== 'accept') throw new Error(checked.message)
  return checked.value
}
const open = (): ProfileStore<GroupId> =>
  createProfileStore({ db: engines.region, control: engines.control, table: groupProfiles })
const company = (groupId: string): GroupId => ({ groupKey: 'company', groupId })
const propertiesOf = async (id: GroupId, of = scope) => {
  const profile = (await open().get(of, [id])).get(groupProfiles.textOf(id))
  return profile === undefined ? undefined : Object.fromEntries(profile)
}

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
})
afterAll(() => engines.close())

describe('group profile store', () => {
  it('tells groups apart by project, key and id together', async () => {
    const awkward = { groupKey: `co"mp','any`, groupId: 'a\u0000\\"é\n' }
    // Each part is one of another group: only the pair is a name.
    const ids = [company('x'), { groupKey: 'team', groupId: 'y' }, company('y'), awkward]
    await open().apply(
      scope,
      ids.map((id, n) => update(id, { $set: { n } })),
    )
    expect(await propertiesOf({ groupKey: 'team', groupId: 'x' })).toBeUndefined()
    expect(await propertiesOf(company('x'), projectScope(2, 'US'))).toBeUndefined()
    const found = await open().get(scope, ids)
    expect(ids.map((id) => found.get(groupProfiles.textOf(id))?.get('n'))).toEqual(['0', '1', '2', '3'])
    expect(found.size).toBe(4)
  })

  it('loses no change when two servers work on the same groups', async () => {
    const stores = [open(), open()]
    const ids = Array.from({ length: 10 }, (_, at) => company(`shared${at}`))
    const rounds = Array.from({ length: 40 }, (_, round) =>
      (stores[round % 2] as ProfileStore<GroupId>).apply(
        scope,
        ids.map((id) => update(id, { $add: { n: 1 }, $union: { l: [round] } })),
      ),
    )
    await Promise.all(rounds)
    for (const id of ids) {
      const { n, l } = (await propertiesOf(id)) ?? {}
      expect(n).toBe('40')
      const added: number[] = JSON.parse(l ?? '[]')
      expect(added.sort((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, at) => at))
    }
  })

  it('ends a group by $delete, and starts a new one above it, also after a merge', async () => {
    const store = open()
    await store.apply(scope, [update(company('gone'), { $set: { a: 1 } })])
    await store.apply(scope, [update(company('gone'), { $delete: '' })])
    await engines.region.command('OPTIMIZE TABLE group_profile FINAL')
    expect(await propertiesOf(company('gone'))).toBeUndefined()
    await store.apply(scope, [update(company('gone'), { $set_once: { a: 2 } })])
    await engines.region.command('OPTIMIZE TABLE group_profile FINAL')
    expect(await propertiesOf(company('gone'))).toEqual({ a: '2' })
  })

  it('neither hides nor waits with people of the same id', async () => {
    await engines.region.command(`INSERT INTO hidden_id SELECT 'b1', 1, 'hidden', now64(6, 'UTC') + 60`)
    await engines.control.tx(async (tx) => {
      await lockAllProfileSlots(tx, 'US')
      await open().apply(scope, [update(company('hidden'), { $set: { a: 1 } })])
    })
    expect(await propertiesOf(company('hidden'))).toEqual({ a: '1' })
  })

  it('finds its rows by the key of the table', async () => {
    const plan = await engines.region.rows<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT version FROM group_profile WHERE project_id = {projectId:UInt64}
       AND (group_key, group_id) IN arrayZip({keys:Array(String)}, {ids:Array(String)})`,
      { params: { projectId: 1, keys: ['company'], ids: ['x'] } },
    )
    const text = plan.map(({ explain }) => explain).join('\n')
    expect(text).toMatch(/Keys:\s+project_id\s+group_key\s+group_id/)
  })
})
