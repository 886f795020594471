import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createQuery } from '../../src/features/query/index.ts'
import { noNames } from '../../src/features/query/names-view.ts'
import { createReports, type Reports } from '../../src/features/reports/index.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { createLocate } from '../../src/http/steps/locate.ts'
import { createPlace } from '../../src/http/steps/place.ts'
import type { Project } from '../../src/kernel/project.ts'
import { projectScope } from '../../src/kernel/scope.ts'
import { migrateClickhouse } from '../../src/platform/clickhouse/migrate.ts'
import { migratePostgres } from '../../src/platform/postgres/migrate.ts'
import { openTestEngines, type TestEngines } from '../support/engines.ts'

// Two servers over the same stores; what is hidden is put there as an erasure does, and stays.

let engines: TestEngines
let servers: readonly { ask(params: Record<string, string>): Promise<Page>; readonly reports: Reports }[]
const project: Project = {
  id: 1,
  organizationId: 1,
  name: 'Shop',
  region: 'US',
  cluster: 'c',
  token: 't1',
  timezone: 'UTC',
  hasProjectTime: false,
  identityMode: 'simplified',
  suppressErased: false,
  erasureEpoch: 0,
  dataRulesVersion: 0,
  lexiconVersion: 0,
}
const scope = projectScope(1, 'US')

interface Page {
  readonly status: number
  readonly ids: readonly string[]
  readonly sessionId: string
  readonly total: number
}

const openServer = () => {
  const { control, region } = engines
  const regionDb = () => region
  const reports = createReports({
    control,
    appendAudit: async () => undefined,
    regionDb,
    checkExpression: () => undefined,
    onProblem: (_regionId, error) => {
      throw error
    },
  })
  const query = createQuery({
    regionDb,
    control,
    clock: { nowMs: () => Date.now() },
    mayUse: () => true,
    classifiedFor: async () => ({ event: [], profile: [] }),
    namesFor: async () => noNames,
    duplicates: async () => null,
    definitions: reports.saved,
    saved: reports.saved,
    groupKey: async () => null,
    settings: {
      ...{ countPerHourMax: 10_000, concurrentMax: 10, timeoutMs: 30_000, memoryBytesMax: 1_000_000_000 },
      guardrails: { hourlyDaysMax: 31, dailyDaysMax: 366, anyEventDaysMax: 93, cohortIntervalsMax: 93 },
    },
  })
  const served = { regions: [], servedRegionIds: new Set(['US']) }
  const find = async () => project
  const locate = createLocate({ ...served, projects: { byToken: find, byId: find }, mayUse: () => true })
  const app = createHttpServer({
    routes: query.routes,
    place: createPlace({ ...served, strictHosts: false }),
    locate,
    clock: { nowMs: () => Date.now() },
    authenticator: { authenticate: async () => ({ kind: 'project-secret', projectId: 1 }) },
    onAnswered: () => undefined,
    onFault: (_id, error) => {
      throw error
    },
    trustedProxies: [],
    requireHttps: false,
    tls: null,
  })
  const ask = async (params: Record<string, string>): Promise<Page> => {
    const answer = await app.inject({ method: 'POST', url: '/api/2.0/engage', payload: params })
    const { results = [], session_id: sessionId, total } = answer.json()
    const ids = results.map((row: { $distinct_id: string }) => row.$distinct_id)
    return { status: answer.statusCode, ids, sessionId, total }
  }
  return { ask, reports }
}

const lines = (rows: readonly object[]) => rows.map((row) => JSON.stringify(row)).join('\n')
const put = (id: string) =>
  engines.region.insert(
    'profile',
    lines([{ project_id: 1, distinct_id: id, version: 1, is_deleted: 0, properties: {} }]),
  )
const hide = (id: string) =>
  engines.region.command(
    `INSERT INTO hidden_id (batch_id, project_id, distinct_id, cutoff) VALUES ('b', 1, {id:String}, now64(6, 'UTC'))`,
    { params: { id } },
  )
const countIn = async (table: string, id: string): Promise<number> => {
  const [row] = await engines.region.rows<{ n: string }>(
    `SELECT count() AS n FROM ${table} WHERE project_id = 1 AND distinct_id = {id:String}`,
    { params: { id } },
  )
  return Number(row?.n)
}

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  await migratePostgres(engines.controlConnection, 'server/migrations/postgres')
  await engines.control.rows(`INSERT INTO organization (id, name) VALUES (1, 'Acme')`)
  await engines.control.rows(
    `INSERT INTO project (id, organization_id, name, region, cluster, identity_mode, token, secret_hash)
     VALUES (1, 1, 'Shop', 'US', 'c', 'simplified', 't1', 't1')`,
  )
  for (const id of ['a', 'b', 'c', 'd', 'e']) await put(id)
  servers = [openServer(), openServer()]
})
afterAll(() => engines?.close())

const [one, two] = [
  (params: Record<string, string>) => (servers[0] as (typeof servers)[0]).ask(params),
  (params: Record<string, string>) => (servers[1] as (typeof servers)[0]).ask(params),
]

describe('pages of one session at two servers (QRY-11)', () => {
  it('are of the same people, and begin where the others do', async () => {
    const first = await one({ page_size: '2' })
    await put('aa')
    const session = { session_id: first.sessionId }
    const pages = [first, await two({ ...session, page: '1' }), await one({ ...session, page: '2' })]
    expect(pages.map(({ ids }) => ids)).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect(await two({ ...session, page: '3' })).toMatchObject({ status: 200, ids: [], total: 5 })
    expect((await two({})).ids).toContain('aa')
  })

  it('end after a day', async () => {
    const { sessionId } = await one({ page_size: '2' })
    await engines.control.rows(
      `UPDATE engage_session SET created_at = now() - interval '25 hours' WHERE session_id = $1`,
      [sessionId],
    )
    expect((await two({ session_id: sessionId, page: '1' })).status).toBe(400)
    await engines.control.rows(
      `UPDATE engage_session SET created_at = now() - interval '3 days' WHERE session_id = $1`,
      [sessionId],
    )
    await one({ page_size: '2' })
    expect(await engines.control.rows('SELECT 1 FROM engage_session WHERE session_id = $1', [sessionId])).toEqual([])
  })

  it('show nobody who is being erased, and stay full', async () => {
    const first = await one({ page_size: '2' })
    await hide('c')
    // a, aa | b, c | d, e: where c was, d comes a page early.
    const session = { session_id: first.sessionId }
    expect([(await two({ ...session, page: '1' })).ids, (await one({ ...session, page: '2' })).ids]).toEqual([
      ['b', 'd'],
      ['d', 'e'],
    ])
    expect((await two({ page_size: '10' })).ids).not.toContain('c')
  })

  it('are taken anew when an erasure begins or ends while they are being written down', async () => {
    const epoch = () => engines.control.rows('UPDATE project SET erasure_epoch = erasure_epoch + 1 WHERE id = 1')
    const id = `racing-${randomUUID()}`
    await put(id)
    // The trigger is the erasure that ends between the copy and the second look.
    let bumped = 0
    const command = engines.region.command.bind(engines.region)
    Object.assign(engines.region, {
      command: async (sql: string, options: Parameters<typeof command>[1]) => {
        await command(sql, options)
        if (sql.includes('INSERT INTO engage_page_row') && bumped === 0) {
          bumped += 1
          await epoch()
        }
      },
    })
    const page = await one({ page_size: '2' })
    Object.assign(engines.region, { command })
    expect([page.status, bumped]).toEqual([200, 1])
    const sessions = await engines.region.rows<{ session_id: string }>(
      'SELECT DISTINCT session_id FROM engage_page_row WHERE distinct_id = {id:String}',
      { params: { id } },
    )
    expect(sessions).toEqual([{ session_id: page.sessionId }])
  })
})

describe('static cohorts', () => {
  it('leave out who is being erased, unless uploaded again after', async () => {
    const { saved } = (servers[0] as (typeof servers)[0]).reports
    const version = randomUUID()
    const [row] = await engines.control.rows<{ id: number }>(
      `INSERT INTO saved_definition (project_id, kind, name, definition, creator_type, creator_id, creator_name)
       VALUES (1, 'cohort', 'x', '{"type":"static"}', 'user', 1, 'x') RETURNING id`,
    )
    const cohortId = row?.id ?? 0
    await engines.control.rows('INSERT INTO cohort_state (cohort_id, member_version) VALUES ($1, $2)', [
      cohortId,
      version,
    ])
    const member = (id: string) => ({ project_id: 1, cohort_id: cohortId, version, distinct_id: id })
    await engines.region.insert('cohort_member', lines([member('m1'), member('m2')]))
    await hide('m1')
    expect((await saved.cohort(scope, cohortId))?.memberVersion).toBe(version)
    const asked = { filter_by_cohort: JSON.stringify({ id: cohortId }) }
    expect((await one(asked)).ids).toEqual(['m2'])
    await engines.region.insert('cohort_member', lines([member('m1')]))
    expect((await two(asked)).ids).toEqual(['m1', 'm2'])
  })

  it('lose versions that nobody reads, when they are old', async () => {
    const { reports } = servers[0] as (typeof servers)[0]
    const stray = (id: string, ingestedAt: string) => ({
      project_id: 1,
      cohort_id: 77,
      version: randomUUID(),
      distinct_id: id,
      ingested_at: ingestedAt,
    })
    const now = new Date().toISOString().slice(0, 19).replace('T', ' ')
    await engines.region.insert('cohort_member', lines([stray('stray-old', '2024-01-01 00:00:00')]))
    await engines.region.insert('cohort_member', lines([stray('stray-new', now)]))
    await reports.sweep('US')
    expect([await countIn('cohort_member', 'stray-old'), await countIn('cohort_member', 'stray-new')]).toEqual([0, 1])
    expect(await countIn('cohort_member', 'm2')).toBe(1)
  })
})
