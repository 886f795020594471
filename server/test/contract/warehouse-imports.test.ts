// Long: one server and one warehouse, and every promise of imports from it.

import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, eu, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'
import { type PostgresSource, startPostgresSource } from '../support/warehouse-source.ts'

let lethe: Lethe
let warehouse: PostgresSource
beforeAll(async () => {
  warehouse = await startPostgresSource()
  lethe = await startLethe({
    env: { LETHE_OUTBOUND_ALLOW: '127.0.0.1/32', LETHE_EVENT_DELETION_GRACE_SECONDS: '3600' },
  })
})
afterAll(async () => {
  await lethe?.stop()
  await warehouse?.close()
})

const admin = basic(adminAccount.username, adminAccount.secret)
const sources = (id: number = us.id) => `/api/app/projects/${id}/warehouse-sources`
const call = async (method: string, rest: string, body?: object, headers = admin) => {
  const answer = await lethe.send(method, `${sources()}${rest}`, { headers, ...(body === undefined ? {} : { body }) })
  const operation = `${method} /api/app/projects/:projectId/warehouse-sources${rest.replace(/imports\/\d+/, 'imports/:importId')}`
  if (rest.startsWith('/imports') && answer.status === 200) expectDocumented(operation, '200', answer)
  return { status: answer.status, body: answer.json(), retryAfter: answer.headers['retry-after'] }
}
const connection = (name: string) => ({
  name,
  type: 'postgres',
  host: '127.0.0.1',
  port: warehouse.port,
  database: warehouse.database,
  user: warehouse.user,
  password: warehouse.password,
  sslmode: 'disable',
})
let count = 0
let sourceId: number
beforeEach(async () => {
  count += 1
  const made = await call('POST', '', connection(`source ${count}`))
  expect([made.status, made.body]).toEqual([200, expect.anything()])
  sourceId = made.body.results.id
})
const stream = (table: string, more: object = {}) => ({
  import_type: 'event_stream',
  warehouse_source_id: sourceId,
  table_params: { schema: 'public', table },
  time_column_name: 'happened',
  event_name: `Event of ${table}`,
  user_column_name: 'who',
  sync_mode: 'one_time',
  ...more,
})
const create = async (path: string, body: object) => {
  const made = await call('POST', `/imports/${path}`, body)
  expect([made.status, made.body]).toEqual([200, expect.anything()])
  return made.body.results
}
interface ShownRun {
  readonly status: string
  readonly num_events_imported: number
  readonly num_rows_failed: number
  readonly error: string | null
}
const runs = async (id: number): Promise<readonly ShownRun[]> =>
  (await call('GET', `/imports/${id}/history`)).body.results.runs
const ended = (id: number, runCount = 1) =>
  waitFor(`the end of run ${runCount} of import ${id}`, async () => {
    const all = await runs(id)
    return all.length === runCount && all[0]?.status !== 'RUNNING' ? all[0] : null
  })
interface Event {
  readonly event: string
  readonly properties: Record<string, unknown>
}
const exported = async (table: string, id: number = us.id): Promise<readonly Event[]> => {
  const today = new Date().toISOString().slice(0, 10)
  const query = `from_date=2020-01-01&to_date=${today}&event=${encodeURIComponent(JSON.stringify([`Event of ${table}`]))}`
  const answer = await lethe.get(`/api/2.0/export?project_id=${id}&${query}`, { headers: admin })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  return answer.text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as Event]))
}

describe('events of a table', () => {
  it('come in once, with their columns as properties and the marks of the import', async () => {
    await warehouse.query(
      `CREATE TABLE orders (id bigint, who text, happened timestamptz, price numeric, note text, more jsonb)`,
    )
    await warehouse.query(
      `INSERT INTO orders VALUES (9007199254740993, 'ada', '2024-05-01T10:00:00Z', 12.5, NULL, '{"color": "red", "price": 1}'),
        (2, 'bob', '2024-05-01T11:00:00.250Z', 3, 'x', NULL), (3, 'eve', '1960-01-01', 3, 'too old', NULL)`,
    )
    const more = { json_properties_column_name: 'more', property_mappings: { note: null, id: 'order' } }
    const made = await create('event-stream', stream('orders', more))
    expect(made).toMatchObject({
      ...{ import_type: 'event_stream', sync_mode: 'one_time', paused: false, run_every: 0, is_deleted: false },
      ...{ creator_name: adminAccount.username, warehouse_source_id: sourceId, user_column_name: 'who' },
    })
    expect(await ended(made.id)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 2, num_rows_failed: 1 })
    const events = await exported('orders')
    expect(events).toHaveLength(2)
    expect(events[0]).toMatchObject({
      event: 'Event of orders',
      properties: {
        ...{ distinct_id: 'ada', $user_id: 'ada', time: 1_714_557_600, price: 12.5, color: 'red' },
        ...{ $warehouse_import_id: made.id, $warehouse_type: 'postgres', $warehouse_table: 'public.orders' },
      },
    })
    for (const name of ['note', 'more', 'who', 'happened', 'id']) expect(events[0]?.properties).not.toHaveProperty(name)
    const detail = await call('GET', `/imports/${made.id}`)
    expect(detail.body.results).toMatchObject({ event_name: 'Event of orders', last_dispatch: expect.any(Number) })
    expect((await call('GET', '/imports')).body.results.map(({ id }: { id: number }) => id)).toContain(made.id)
    expect((await call('PUT', `/imports/${made.id}/manual-sync`, {})).status).toBe(400)
    // Rows of a project go to its region, and to no other.
    expect(await exported('orders', eu.id)).toEqual([])
  })

  it('are appended by the time of their insertion', async () => {
    await warehouse.query('CREATE TABLE clicks (who text, happened timestamptz, put timestamp)')
    const put = (who: string, at: string) =>
      warehouse.query(`INSERT INTO clicks VALUES ($1, '2024-06-01T00:00:00Z', $2)`, [who, at])
    for (let at = 0; at < 1_203; at += 1) await put(`u${at}`, `2024-06-02 00:00:${String(at % 60).padStart(2, '0')}.5`)
    const made = await create(
      'event-stream',
      stream('clicks', { sync_mode: 'time_based', insert_time_column_name: 'put' }),
    )
    expect(await runs(made.id)).toEqual([])
    const first = await call('PUT', `/imports/${made.id}/manual-sync`)
    expect(first.body.results).toEqual({ run_id: expect.stringMatching(/^[0-9a-f-]{36}$/) })
    expect(await ended(made.id)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 1_203 })
    await put('new', '2024-06-02 00:01:00')
    await put('late', '2024-06-02 00:00:59')
    await call('PUT', `/imports/${made.id}/manual-sync`)
    expect(await ended(made.id, 2)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 1 })
    const ids = (await exported('clicks')).map(({ properties }) => properties['distinct_id'])
    expect(ids).toHaveLength(1_204)
    expect(new Set(ids)).toEqual(new Set([...Array.from({ length: 1_203 }, (_, at) => `u${at}`), 'new']))
  })

  it('are hidden and deleted with their import when that is asked for, those of others not', async () => {
    await warehouse.query('CREATE TABLE views (name text, who text, happened timestamptz)')
    await warehouse.query(
      `INSERT INTO views VALUES ('Event of views', 'a', '2021-01-01'), ('Event of more', 'b', '2022-01-01')`,
    )
    const { event_name: _, ...columns } = stream('views')
    const made = await create('event-stream', { ...columns, event_column_name: 'name' })
    const kept = await create('event-stream', stream('views', { event_name: 'Event of views' }))
    await ended(made.id)
    await ended(kept.id)
    expect(await exported('views')).toHaveLength(3)
    expect(await call('DELETE', `/imports/${made.id}`, { delete_data: true })).toMatchObject({
      status: 200,
      body: { status: 'ok' },
    })
    await waitFor('the events to be hidden', async () => (await exported('views')).length === 2)
    expect(await exported('more')).toEqual([])
    for (const { properties } of await exported('views')) expect(properties['$warehouse_import_id']).toBe(kept.id)
    expect((await call('GET', `/imports/${made.id}`)).status).toBe(404)
    expect(await call('DELETE', `/imports/${kept.id}`)).toMatchObject({ status: 200 })
    expect(await exported('views')).toHaveLength(2)
  })
})

describe('other rows', () => {
  it('become profiles, again at each full sync', async () => {
    await warehouse.query('CREATE TABLE users (who text, plan text, age int)')
    await warehouse.query(`INSERT INTO users VALUES ('carol', 'free', 40), (NULL, 'x', 1)`)
    const made = await create('people', {
      ...{ import_type: 'people', warehouse_source_id: sourceId, sync_mode: 'full_sync' },
      ...{ table_params: { schema: 'public', table: 'users' }, user_column_name: 'who' },
    })
    const plan = async () => {
      const answer = await lethe.get(`/api/query/engage?project_id=${us.id}`, { headers: admin })
      const all = answer.json().results as readonly { $distinct_id: string; $properties: Record<string, unknown> }[]
      return all.find(({ $distinct_id }) => $distinct_id === 'carol')?.$properties
    }
    await call('PUT', `/imports/${made.id}/manual-sync`)
    expect(await ended(made.id)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 1, num_rows_failed: 1 })
    expect(await plan()).toMatchObject({ plan: 'free', age: 40 })
    await warehouse.query(`UPDATE users SET plan = 'pro', age = NULL WHERE who = 'carol'`)
    await call('PUT', `/imports/${made.id}/manual-sync`)
    await ended(made.id, 2)
    // NULL says nothing.
    expect(await plan()).toMatchObject({ plan: 'pro', age: 40 })
  })

  it('become groups', async () => {
    await warehouse.query('CREATE TABLE companies (key text, size int)')
    await warehouse.query(`INSERT INTO companies VALUES ('acme', 7)`)
    const made = await create('groups', {
      ...{ import_type: 'groups', warehouse_source_id: sourceId, sync_mode: 'one_time', group_key: 'company' },
      ...{ table_params: { schema: 'public', table: 'companies' }, group_id_column: 'key' },
    })
    expect(await ended(made.id)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 1 })
  })

  it('become a lookup table, wholly or not at all', async () => {
    await warehouse.query('CREATE TABLE products (sku text, title text)')
    await warehouse.query(`INSERT INTO products VALUES ('s1', 'A "thing", red'), ('s2', NULL)`)
    const made = await create('lookup-table', {
      ...{ import_type: 'lookup_table', warehouse_source_id: sourceId, sync_mode: 'full_sync' },
      ...{ table_params: { schema: 'public', table: 'products' }, property_key_column_name: 'sku' },
      mixpanel_property: { value: 'Product', resourceType: 'event', customPropertyId: null },
    })
    await call('PUT', `/imports/${made.id}/manual-sync`)
    expect(await ended(made.id)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 2 })
    await warehouse.query(`INSERT INTO products VALUES ('s1', 'twice')`)
    await call('PUT', `/imports/${made.id}/manual-sync`)
    expect(await ended(made.id, 2)).toMatchObject({ status: 'FAILED', error: expect.stringContaining('rows') })
  })
})

describe('an import', () => {
  it('is not begun by a paused one, and at most five times an hour by hand', async () => {
    await warehouse.query('CREATE TABLE quiet (who text, happened timestamptz, put timestamptz)')
    const more = { sync_mode: 'time_based', insert_time_column_name: 'put' }
    const made = await create('event-stream', stream('quiet', more))
    const path = `/imports/${made.id}`
    const changed = await call('PATCH', path, { paused: true, run_every: 86_400_000_000_000 })
    expect(changed.body.results).toMatchObject({ paused: true, run_every: 86_400_000_000_000 })
    expect((await call('PUT', `${path}/manual-sync`)).status).toBe(400)
    expect(await runs(made.id)).toEqual([])
    // Without run_every the old one stays; its time has come, so it runs.
    expect((await call('PATCH', path, { paused: false })).body.results).toMatchObject({ run_every: 86_400_000_000_000 })
    expect(await ended(made.id)).toMatchObject({ status: 'SUCCEEDED', num_events_imported: 0 })
    for (let at = 1; at <= 5; at += 1) {
      expect((await call('PUT', `${path}/manual-sync`)).status).toBe(200)
      await ended(made.id, at + 1)
    }
    const sixth = await call('PUT', `${path}/manual-sync`)
    expect([sixth.status, sixth.body.status]).toEqual([429, 'error'])
    expect(Number(sixth.retryAfter)).toBeGreaterThan(3_000)
    const types = (await lethe.get(`/api/app/projects/${us.id}/audit-log`, { headers: admin })).text
    for (const type of ['warehouse_source.created', 'warehouse_source_sync.updated', 'warehouse_source_sync.started']) {
      expect(types).toContain(type)
    }
    expect(types).not.toContain(warehouse.password)
  })

  it.each([
    ['no event name', { event_name: null }],
    ['two event names', { event_column_name: 'name' }],
    ['full_sync', { sync_mode: 'full_sync' }],
    ['mirror_mode', { sync_mode: 'mirror_mode' }],
    ['time_based without a column', { sync_mode: 'time_based' }],
    ['an unknown source', { warehouse_source_id: 424_242 }],
    ['no table', { table_params: {} }],
    ['another rhythm', { run_every: 5 }],
    ['an unknown field', { surprise: 1 }],
  ])('is refused for %s', async (_what, more) => {
    const answer = await call('POST', '/imports/event-stream', stream('orders', more))
    expect([answer.status, answer.body]).toEqual([400, { error: expect.any(String), status: 'error' }])
  })

  it('says in its history why the table cannot be read, without a value of it', async () => {
    const missing = await create('event-stream', stream('nowhere'))
    expect(await ended(missing.id)).toMatchObject({ status: 'FAILED', error: 'the warehouse has no such table' })
    await warehouse.query('CREATE TABLE texts (who text, happened timestamptz, put text)')
    const wrong = await create('event-stream', stream('texts', { time_column_name: 'nothing' }))
    expect(await ended(wrong.id)).toMatchObject({ status: 'FAILED', error: 'the table has no column nothing' })
  })
})

describe('a source', () => {
  it('is never shown with its password, and can be tested before', async () => {
    const shown = await call('GET', '')
    expect(JSON.stringify(shown.body)).not.toContain(warehouse.password)
    expect(await call('POST', '/test', connection('x'))).toMatchObject({ status: 200 })
    const wrong = await call('POST', '/test', { ...connection('x'), password: 'wrong' })
    expect(wrong).toMatchObject({ status: 400, body: { error: 'the warehouse refused the password' } })
    const tls = await call('POST', '/test', { ...connection('x'), sslmode: 'verify-full' })
    expect(tls).toMatchObject({ status: 400, body: { error: 'the warehouse does not offer TLS' } })
    expect(await call('DELETE', `/${sourceId}`)).toMatchObject({ status: 200 })
    expect((await call('DELETE', `/${sourceId}`)).status).toBe(404)
  })

  it.each([
    '10.0.0.1',
    '169.254.169.254',
    '::1',
    '::ffff:10.0.0.1',
    '0x7f.2',
    '2130706434',
    '0177.0.0.2',
    '/var/run/postgresql',
  ])('is not connected to at %s', async (host) => {
    const before = warehouse.connectionCount()
    for (const path of ['', '/test']) {
      const answer = await call('POST', path, { ...connection(`at ${host}`), host, port: 9 })
      expect([answer.status, answer.body.status]).toEqual([400, 'error'])
    }
    expect(warehouse.connectionCount()).toBe(before)
  })

  it('is of a kind that this server reads, by an address that is one', async () => {
    for (const type of ['snowflake', 'bigquery', 'redshift', 'databricks']) {
      const answer = await call('POST', '', { ...connection('x'), type })
      expect([answer.status, answer.body.error]).toEqual([400, expect.stringContaining('postgres and clickhouse')])
    }
    for (const url of [
      'file:///etc/passwd',
      'gopher://127.0.0.1:70/',
      'http://169.254.169.254/',
      'http://u:p@127.0.0.1/',
    ]) {
      const answer = await call('POST', '/test', { name: 'x', type: 'clickhouse', url, password: '' })
      expect([url, answer.status]).toEqual([url, 400])
    }
  })

  it('is for owners and admins', async () => {
    const analyst = basic(analystAccount.username, analystAccount.secret)
    for (const [method, path] of [
      ['GET', ''],
      ['POST', ''],
      ['GET', '/imports'],
      ['POST', '/imports/event-stream'],
    ] as const) {
      expect((await call(method, path, method === 'POST' ? {} : undefined, analyst)).status).toBe(403)
    }
  })
})

it('has seen every documented good answer', () => {
  expect(notChecked((key) => key.endsWith('200'), ['warehouse-connectors'])).toEqual([])
})
