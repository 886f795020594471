import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { basicOf, type IngestionServer, openIngestionServer } from './ingestion-server.ts'

let server: IngestionServer
const requestIp = '198.51.100.7'
const recordIp = '203.0.113.9'
const places = new Map(
  [requestIp, recordIp].map((city) => [city, { city, region: null, countryCode: 'DE', timezone: null }]),
)
beforeAll(async () => {
  server = await openIngestionServer({}, (address) => places.get(address) ?? null)
})
afterAll(() => server.close())
beforeEach(() => server.outcomes.splice(0))

const jsonBody: IngestionServer['jsonBody'] = (...args) => server.jsonBody(...args)
const form: IngestionServer['form'] = (...args) => server.form(...args)
const get = (url: string) => server.send({ method: 'GET', url })

let groupCount = 0
/** An id of a company that no other test uses. */
const aGroup = (): string => {
  groupCount += 1
  return `company-${groupCount}`
}
const aChange = (id: unknown, operation: Record<string, unknown>, key: unknown = 'company') => ({
  $token: 'shop-token',
  $group_key: key,
  $group_id: id,
  ...operation,
})

/** Raw JSON text by name, without `$last_seen`; null: there is none, or no more. */
const group = async (id: string, key = 'company'): Promise<Record<string, string> | null> => {
  const rows = await server.engines.region.rows<{ properties: Record<string, string>; is_deleted: number }>(
    `SELECT properties, is_deleted FROM group_profile
     WHERE project_id = 1001 AND group_key = {key:String} AND group_id = {id:String} ORDER BY version DESC LIMIT 1`,
    { params: { key, id } },
  )
  const { $last_seen: _seen, ...properties } = rows[0]?.properties ?? {}
  return rows[0] === undefined || rows[0].is_deleted ? null : properties
}

describe('/groups (ING-23)', () => {
  it('does each operation, and several in one record in their order', async () => {
    const id = aGroup()
    const does = async (operation: Record<string, unknown>, after: Record<string, string> | null) => {
      expect((await jsonBody('/groups', aChange(id, operation))).body).toBe('1')
      expect(await group(id)).toEqual(after)
    }
    await does({ $unset: ['plan'] }, null)
    await does({ $remove: { tags: 'a' } }, null)
    await does({ $set: { plan: 'free', seats: 3 } }, { plan: '"free"', seats: '3' })
    await does({ $set_once: { plan: 'paid', since: 2020 } }, { plan: '"free"', seats: '3', since: '2020' })
    await does({ $unset: ['since'] }, { plan: '"free"', seats: '3' })
    await does({ $union: { tags: ['a', 'b', 'a'] } }, { plan: '"free"', seats: '3', tags: '["a","b"]' })
    await does({ $remove: { tags: 'a' } }, { plan: '"free"', seats: '3', tags: '["b"]' })
    await does({ $add: { seats: 2 } }, { plan: '"free"', seats: '5', tags: '["b"]' })
    await does({ $append: { tags: 'b' } }, { plan: '"free"', seats: '5', tags: '["b","b"]' })
    await does({ $delete: '' }, null)
    await does({ $delete: true, $set: { plan: 'new' } }, { plan: '"new"' })
  })

  it.each<readonly [string, (record: object) => ReturnType<IngestionServer['send']>]>([
    ['form of base64', (record) => form('/groups/', record)],
    ['batch by form', (record) => form('/groups', [record], '&verbose=0')],
    ['JSON object', (record) => jsonBody('/groups', record)],
    ['JSON batch with another credential', (record) => jsonBody('/groups?ip=0', [record], basicOf('nobody'))],
    [
      'form of plain JSON',
      (record) =>
        server.send({
          url: '/groups',
          headers: { 'content-type': 'application/x-www-form-urlencoded' },
          payload: `ip=1&data=${encodeURIComponent(JSON.stringify(record))}`,
        }),
    ],
    [
      'gzip',
      (record) =>
        server.send({
          url: '/groups',
          headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
          payload: gzipSync(JSON.stringify([record])),
        }),
    ],
    [
      'NDJSON',
      (record) =>
        server.send({
          url: '/groups',
          headers: { 'content-type': 'application/x-ndjson' },
          payload: `${JSON.stringify(record)}\n`,
        }),
    ],
    [
      'GET of base64',
      (record) =>
        get(`/groups?ip=0&data=${encodeURIComponent(Buffer.from(JSON.stringify(record)).toString('base64'))}`),
    ],
  ])('is taken as %s', async (_form, send) => {
    const id = aGroup()
    const reply = await send(aChange(id, { $set: { a: 1 }, $ip: '192.0.2.9' }))
    expect([reply.statusCode, reply.body]).toEqual([200, '1'])
    expect(await group(id)).toEqual({ a: '1' })
    expect(server.outcomes).toEqual(['groups accept  1'])
  })

  it('answers in each dialect', async () => {
    const good = Buffer.from(JSON.stringify(aChange(aGroup(), { $set: { a: 1 } }))).toString('base64')
    const url = (more: string) => `/groups/?data=${encodeURIComponent(good)}&${more}`
    expect((await get(url('verbose=1'))).json()).toEqual({ status: 1, error: null })
    expect((await get(url('callback=cb'))).body).toBe('cb(1);')
    expect((await get(url('img=1'))).headers['content-type']).toBe('image/gif')
    expect((await get('/groups/?data=nonsense')).body).toBe('0')
    const origin = await jsonBody('/groups', [], { origin: 'https://shop.test' })
    expect(origin.headers['access-control-allow-origin']).toBe('https://shop.test')
  })

  it('turns ids that are no texts into texts, and keeps groups of other keys apart', async () => {
    await jsonBody('/groups', [
      aChange(42, { $set: { a: 1 } }),
      aChange(true, { $set: { a: 2 } }),
      aChange('42', { $set: { a: 3 } }, 'team'),
    ])
    expect([await group('42'), await group('true'), await group('42', 'team')]).toEqual([
      { a: '1' },
      { a: '2' },
      { a: '3' },
    ])
  })

  it('refuses what names no group, and keys that name people', async () => {
    const operation = { $set: { a: 1 } }
    const bad: readonly (readonly [object, string])[] = [
      [aChange('x', operation, ''), '$group_key'],
      [aChange('x', operation, 7), '$group_key'],
      [aChange('x', operation, 'distinct_id'), '$group_key'],
      [aChange('x', operation, '$device_id'), '$group_key'],
      [aChange('', operation), '$group_id'],
      [aChange(null, operation), '$group_id'],
      [aChange(['x'], operation), '$group_id'],
      [aChange('x', {}), 'record'],
      [aChange('x', { $set: 'a' }), '$set'],
      [{ ...aChange('x', operation), $token: '' }, '$token'],
    ]
    const records = bad.map(([record]) => record)
    for (const record of records) expect((await jsonBody('/groups', record)).body).toBe('0')
    const id = aGroup()
    const reply = await jsonBody('/groups?strict=1', [...records, aChange(id, operation)])
    expect(reply.statusCode).toBe(400)
    expect(reply.json()).toMatchObject({ num_records_imported: 1, code: 400, status: 'Bad Request' })
    const failed: readonly { index: number; field: string }[] = reply.json().failed_records
    expect(failed.map(({ index, field }) => [index, field])).toEqual(bad.map(([, field], index) => [index, field]))
    expect(await group('x')).toBeNull()
    expect(await group(id)).toEqual({ a: '1' })
  })

  it('drops unknown tokens silently, refuses other regions loudly, and suppresses no group', async () => {
    const [unknown, elsewhere, here] = [aGroup(), aGroup(), aGroup()]
    const set = { $set: { a: 1 } }
    expect((await jsonBody('/groups', { ...aChange(unknown, set), $token: 'nobody' })).body).toBe('1')
    const reply = await jsonBody('/groups', [
      { ...aChange(elsewhere, set), $token: 'eu-token' },
      aChange(here, set),
      aChange('suppressed', set),
    ])
    expect([reply.statusCode, reply.json()]).toEqual([
      403,
      { error: expect.stringContaining('api-eu.test'), status: 0 },
    ])
    expect([await group(unknown), await group(elsewhere)]).toEqual([null, null])
    expect([await group(here), await group('suppressed')]).toEqual([{ a: '1' }, { a: '1' }])
  })

  it('takes 2000 records and refuses one more, and one that is too large', async () => {
    const id = aGroup()
    const batch = (count: number) => Array.from({ length: count }, () => aChange(id, { $add: { n: 1 } }))
    expect((await jsonBody('/groups', batch(2_000))).body).toBe('1')
    expect((await jsonBody('/groups', batch(2_001))).statusCode).toBe(413)
    expect(await group(id)).toEqual({ n: '2000' })
    const tooLarge = { $set: { a: 'x'.repeat(1_000_000) } }
    expect((await jsonBody('/groups?verbose=1', aChange(id, tooLarge))).json()).toMatchObject({ status: 0 })
    expect(await group(id)).toEqual({ n: '2000' })
  })

  it.each([
    ['?ip=1', requestIp],
    ['?ip=0', recordIp],
    ['', null],
  ])('takes the place of a group from the address that %j says', async (query, city) => {
    const id = aGroup()
    const payload = JSON.stringify(aChange(id, { $set: { a: 1 }, $ip: recordIp }))
    const headers = { 'content-type': 'application/json' }
    await server.send({ url: `/groups${query}`, headers, remoteAddress: requestIp, payload })
    expect(await group(id)).toEqual(
      city === null ? { a: '1' } : { a: '1', $city: JSON.stringify(city), $country_code: '"DE"' },
    )
  })

  it('sets $last_seen unless it is told not to', async () => {
    const [seen, unseen] = [aGroup(), aGroup()]
    await jsonBody('/groups', [
      aChange(seen, { $set: { a: 1 } }),
      aChange(unseen, { $set: { a: 1 }, $ignore_time: true }),
    ])
    const rows = await server.engines.region.rows<{ has: number }>(
      `SELECT mapContains(properties, '$last_seen') AS has FROM group_profile
       WHERE group_id IN {ids:Array(String)} ORDER BY group_id = {seen:String} DESC`,
      { params: { ids: [seen, unseen], seen } },
    )
    expect(rows.map(({ has }) => Number(has))).toEqual([1, 0])
  })
})
