import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import type { Scoped } from '../../http/route.ts'
import { projectScope } from '../../kernel/scope.ts'
import { migrateClickhouse } from '../../platform/clickhouse/migrate.ts'
import { createHiddenSet, createProjectFacts } from '../identity/index.ts'
import { noNames } from '../query/names-view.ts'
import { noCustomFacts } from '../query/read-view.ts'
import { createPeople } from './create-people.ts'

// PRIV-21, invariant 5: from STARTED on a person is in the hidden set, and on no page.

let engines: TestEngines
let facts: ReturnType<typeof createProjectFacts>
beforeAll(async () => {
  engines = await openTestEngines()
  facts = createProjectFacts(() => engines.region)
  await migrateClickhouse(engines.region, join(import.meta.dirname, '../../../migrations/clickhouse'), (_name, work) =>
    work(),
  )
})
afterAll(() => engines?.close())

const projectId = 7
const atMs = Date.parse('2026-03-10T12:00:00Z')
const timeOf = (ms: number) => new Date(ms).toISOString().slice(0, 23).replace('T', ' ')
const insert = (table: string, rows: readonly object[]) =>
  engines.region.insert(table, rows.map((row) => JSON.stringify({ project_id: projectId, ...row })).join('\n'))
const did = (who: string, event: string, at = atMs) =>
  insert('event', [
    { event, time: timeOf(at), distinct_id: who, insert_id: `${event}-${who}`, properties: { note: '"x"' } },
  ])
const profile = (who: string, version = 1) =>
  insert('profile', [{ distinct_id: who, version, is_deleted: 0, properties: { note: '"x"' } }])

const ask = async (name: string, query: Readonly<Record<string, string>> = {}) => {
  const regionDb = () => engines.region
  const unused = async () => {
    throw new Error('is not asked for')
  }
  const { routes } = createPeople({
    regionDb,
    clock: { nowMs: () => atMs + 3_600_000 },
    audit: { append: async () => undefined },
    saved: {} as never,
    groupKey: unused,
    storeOf: unused as never,
    suppressed: { isSuppressed: () => false },
    rules: { doorOf: () => null },
    query: {
      regionDb,
      clock: { nowMs: () => atMs + 3_600_000 },
      mayUse: () => true,
      limits: { timeoutMs: 60_000, memoryBytesMax: 1_000_000_000 } as never,
      facts: {
        ...facts,
        duplicates: async () => null,
        dataView: async () => null,
        classified: async () => ({ event: [], profile: [] }),
        names: async () => noNames,
        custom: async () => noCustomFacts,
      },
    },
  })
  const route = routes.find(({ method, path }) => method === 'GET' && path === `/api/app/projects/:projectId/${name}`)
  const request = {
    query,
    body: Buffer.alloc(0),
    principal: { kind: 'session', userId: 1, email: 'owner@acme.test' },
    scope: projectScope(projectId, 'US'),
    project: { id: projectId, organizationId: 1, timezone: 'UTC' },
    requestId: 'r',
    signal: AbortSignal.timeout(60_000),
  } as unknown as Scoped
  const { body } = await (route as { handle: (asked: Scoped) => Promise<{ body: unknown }> }).handle(request)
  if (typeof body === 'string') return body
  let text = ''
  for await (const piece of body as AsyncIterable<Buffer>) text += piece.toString()
  return text
}
const pages = async () => ({
  feed: await ask('events'),
  feedCsv: await ask('events/csv'),
  byName: await ask('events', { event: '["Seen"]' }),
  list: await ask('people'),
  everybody: await ask('people', { include_all_users: 'true' }),
  listCsv: await ask('people/csv'),
  search: await ask('people', { search: 'gone' }),
})

it('shows nobody who is hidden, by none of their ids, and whoever comes back as somebody new', async () => {
  await did('gone', 'Seen')
  await did('gone-device', 'Seen', atMs + 1)
  await insert('identity_link', [{ distinct_id: 'gone-device', canonical_id: 'gone' }])
  await profile('gone')
  await did('stays', 'Seen')
  await profile('stays')
  const before = await pages()
  for (const text of Object.values(before)) expect(text).toContain('gone')
  expect(JSON.parse(await ask('person', { distinct_id: 'gone-device' })).results).toMatchObject({
    distinct_id: 'gone',
    distinct_ids: ['gone', 'gone-device'],
    event_count: 2,
  })

  const hidden = createHiddenSet(engines.region)
  const ids = ['gone', 'gone-device'].map((distinctId) => ({ projectId, distinctId }))
  await hidden.hide('batch', await hidden.engineNow(), ids)
  const { search, ...others } = await pages()
  expect(JSON.parse(search)).toMatchObject({ total: 0, results: [] })
  for (const text of Object.values(others)) {
    expect(text).toContain('stays')
    expect(text).not.toContain('gone')
  }
  for (const id of ['gone', 'gone-device']) {
    await expect(ask('person', { distinct_id: id })).rejects.toMatchObject({ status: 404 })
    expect(JSON.parse(await ask('events', { distinct_id: id })).results.events).toEqual([])
  }

  await did('gone-device', 'Back', atMs + 2)
  const back = JSON.parse(await ask('person', { distinct_id: 'gone-device' })).results
  expect(back).toMatchObject({ distinct_id: 'gone-device', distinct_ids: ['gone-device'], event_count: 1 })
  expect(back.has_profile).toBe(false)
  await expect(ask('person', { distinct_id: 'gone' })).rejects.toMatchObject({ status: 404 })
})
