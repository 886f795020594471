import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createProjectDirectory } from '../../src/features/access/store/project-directory.ts'
import { createDataRules } from '../../src/features/data-rules/index.ts'
import type { FoundEvent } from '../../src/features/lexicon/domain/dictionary.ts'
import { blockedNames } from '../../src/features/lexicon/domain/effects.ts'
import { createKnownNames } from '../../src/features/lexicon/known-names.ts'
import { createApprovedEvents } from '../../src/features/lexicon/store/clickhouse-approved-events.ts'
import { createDictionary } from '../../src/features/lexicon/store/clickhouse-dictionary.ts'
import { createEffectsReader } from '../../src/features/lexicon/store/postgres-effects.ts'
import { createEntryStore } from '../../src/features/lexicon/store/postgres-entry-store.ts'
import { projectScope } from '../../src/kernel/scope.ts'
import { migrateClickhouse } from '../../src/platform/clickhouse/migrate.ts'
import { migratePostgres } from '../../src/platform/postgres/migrate.ts'
import { openPgControlDb } from '../../src/platform/postgres/pg-control-db.ts'
import { openTestEngines, type TestEngines } from '../support/engines.ts'
import { waitFor } from '../support/wait-for.ts'

// Two servers over the same stores: what one is told, both do. And what is counted says nothing of who is hidden or gone.

let engines: TestEngines
const scope = projectScope(1, 'US')
const appendAudit = async () => undefined
const who = { actor: { type: 'system', id: null, name: null }, organizationId: 1, requestId: 'r' } as const

const openServer = async () => {
  const control = openPgControlDb(engines.controlConnection)
  const clock = { nowMs: () => Date.now() }
  const projects = await createProjectDirectory(control, clock)
  const effects = createEffectsReader(control)
  const findBlocked = async (projectId: number) => blockedNames(await effects.current(projectId))
  const rules = createDataRules({ control, appendAudit, hashKey: 'k', findBlocked })
  const entries = createEntryStore({ control, appendAudit, entryCountMax: 100, deletionCountMax: 100 })
  const isTaken = async (event: string): Promise<boolean> => {
    const project = await projects.byId(1)
    const door = project === null ? null : await rules.doorOf(project)
    return door?.event({ event, properties: {} }, { gpc: false, dnt: false }).kind !== 'drop'
  }
  return { control, entries, effects, isTaken }
}
let servers: readonly Awaited<ReturnType<typeof openServer>>[]

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  await migratePostgres(engines.controlConnection, 'server/migrations/postgres')
  await engines.control.rows(`INSERT INTO organization (id, name) VALUES (1, 'Acme')`)
  await engines.control.rows(
    `INSERT INTO project (id, organization_id, name, region, cluster, identity_mode, token, secret_hash)
     VALUES (1, 1, 'Shop', 'US', 'c', 'simplified', 't1', 't1')`,
  )
  servers = [await openServer(), await openServer()]
})
afterAll(async () => {
  for (const { control } of servers ?? []) await control.close()
  await engines?.close()
})

const mark = (server: number, name: string, marks: object) =>
  servers[server]?.entries.write(
    scope,
    {
      entries: [{ kind: 'event', name, write: () => ({ metadata: { 'com.mixpanel': marks } }) }],
      truncated: [],
    },
    who,
  )

describe('two servers', () => {
  it('block what one of them was told: that one at once, the other when it hears of it', async () => {
    const [one, two] = servers
    expect([await one?.isTaken('Spam'), await two?.isTaken('Spam')]).toEqual([true, true])
    await mark(0, 'Spam', { dropped: true })
    expect(await one?.isTaken('Spam')).toBe(false)
    await waitFor('the other server hears of it', async () => (await two?.isTaken('Spam')) === false)
    await mark(1, 'Spam', {})
    expect(await two?.isTaken('Spam')).toBe(true)
    await waitFor('the first server hears of it', () => one?.isTaken('Spam'))
  })

  it('answer questions by what was said before they were asked', async () => {
    const [one, two] = servers
    expect((await two?.effects.current(1))?.hiddenEvents).toEqual([])
    await mark(0, 'Debug', { hidden: true })
    expect((await two?.effects.current(1))?.hiddenEvents).toEqual(['Debug'])
    expect((await one?.effects.current(1))?.hiddenEvents).toEqual(['Debug'])
  })

  it('keep both of two changes that come together', async () => {
    await Promise.all(Array.from({ length: 10 }, (_, at) => mark(at % 2, `E${at}`, { hidden: true })))
    const found = (await servers[0]?.effects.current(1))?.hiddenEvents.filter((name) => name.startsWith('E'))
    expect(found).toHaveLength(10)
  })
})

describe('what is counted', () => {
  const insert = (table: string, rows: readonly object[]) =>
    engines.region.insert(table, rows.map((row) => JSON.stringify({ project_id: 1, ...row })).join('\n'))
  const signal = AbortSignal.timeout(60_000)

  it('leaves out who is hidden at once, and an erasure ends what is remembered', async () => {
    const time = new Date(Date.now() - 60_000).toISOString().slice(0, 23).replace('T', ' ')
    const event = (who_: string, name: string, properties: object) => ({
      event: name,
      time,
      distinct_id: who_,
      insert_id: `${who_}${name}`,
      properties,
    })
    await insert('event', [
      event('ada', 'Shared', { plan: '"free"' }),
      event('bob', 'Shared', { plan: '3' }),
      event('ada', 'signed up ada', { 'note of ada': '1' }),
    ])
    await insert('profile', [{ distinct_id: 'ada', version: 1, is_deleted: 0, properties: { 'pet of ada': '1' } }])
    const dictionary = createDictionary(() => engines.region)
    let epoch = 0
    const known = createKnownNames({
      dictionary,
      approvedEvents: createApprovedEvents(() => engines.region, dictionary),
      erasureEpoch: async () => epoch,
      nowMs: () => Date.now(),
    })
    const asking = { scope, signal }
    const events = async () => (await known.events(asking, false)).map(({ name, volume }) => [name, volume])
    expect(await events()).toEqual([
      ['Shared', 2],
      ['signed up ada', 1],
    ])
    expect(await known.eventProperties(asking, 'Shared', false)).toEqual([
      { name: 'plan', count: 2, types: ['string', 'number'] },
    ])
    expect((await known.profileProperties(asking, false)).map(({ name }) => name)).toEqual(['pet of ada'])
    await engines.region.command(
      `INSERT INTO hidden_id (batch_id, project_id, distinct_id, cutoff) VALUES ('b', 1, 'ada', now64(6, 'UTC'))`,
    )
    // What was counted a moment ago, for as long as nothing has begun.
    expect(await events()).toHaveLength(2)
    epoch = 1
    expect(await events()).toEqual([['Shared', 1]])
    expect(await known.eventProperties(asking, null, false)).toEqual([{ name: 'plan', count: 1, types: ['number'] }])
    expect(await known.profileProperties(asking, false)).toEqual([])
    const { volumes } = await dictionary.dailyVolumes(scope, 'UTC', 30, signal)
    expect(volumes.map(({ event: name }) => name)).toEqual(['Shared'])
  })

  it('goes on for the others when who asked first goes away', async () => {
    let endOf: AbortSignal | undefined
    const counting = Promise.withResolvers<readonly FoundEvent[]>()
    const known = createKnownNames({
      dictionary: {
        ...createDictionary(() => engines.region),
        events: async (_scope, ending) => {
          endOf = ending
          return counting.promise
        },
      },
      approvedEvents: async () => [],
      erasureEpoch: async () => 0,
      nowMs: () => Date.now(),
    })
    const first = new AbortController()
    const left = known.events({ scope, signal: first.signal }, false)
    await waitFor('the counting to begin', async () => endOf !== undefined)
    const other = known.events({ scope, signal }, false)
    first.abort(new Error('gone'))
    await expect(left).rejects.toThrow('gone')
    counting.resolve([])
    expect(await other).toEqual([])
    expect(endOf?.aborted).toBe(false)
  })

  it('keeps which events needed no approval when the last of them has ended', async () => {
    const time = new Date(Date.now() - 60_000).toISOString().slice(0, 23).replace('T', ' ')
    const named = (event: string) => ({ event, time, distinct_id: 'eve', insert_id: event, properties: {} })
    await insert('event', [named('Seasonal')])
    const dictionary = createDictionary(() => engines.region)
    const since = await dictionary.now(scope)
    const ask = () => createApprovedEvents(() => engines.region, dictionary)(scope, since)
    expect(await ask()).toContain('Seasonal')
    await engines.region.command(`ALTER TABLE event DELETE WHERE event = 'Seasonal' SETTINGS mutations_sync = 2`)
    await insert('event', [named('Later')])
    expect(await dictionary.eventsBefore(scope, since)).not.toContain('Seasonal')
    expect(await ask()).toContain('Seasonal')
    expect(await ask()).not.toContain('Later')
  })

  it('is estimated by a share of the people where there is very much', async () => {
    const time = new Date(Date.now() - 60_000).toISOString().slice(0, 23).replace('T', ' ')
    const many = Array.from({ length: 400 }, (_, at) => ({
      event: 'Many',
      time,
      distinct_id: `person ${at}`,
      insert_id: `many ${at}`,
      properties: { plan: '"free"' },
    }))
    await insert('event', many)
    const [exact] = await createDictionary(() => engines.region).eventProperties(scope, 'Many', signal)
    expect(exact).toEqual({ name: 'plan', count: 400, types: ['string'] })
    const some = createDictionary(() => engines.region, { rowCountMax: 100 })
    const [estimate] = await some.eventProperties(scope, 'Many', signal)
    expect(Number(estimate?.count) % 4).toBe(0)
    expect(Number(estimate?.count)).not.toBe(400)
    expect(Math.abs(Number(estimate?.count) - 400)).toBeLessThan(150)
  })
})
