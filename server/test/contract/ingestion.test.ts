import { randomUUID } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIngestion, type Ingestion } from '../../src/features/ingestion/index.ts'
import { createProfiles } from '../../src/features/profiles/index.ts'
import { createHttpServer } from '../../src/http/server.ts'
import { createLocate } from '../../src/http/steps/locate.ts'
import { createPlace } from '../../src/http/steps/place.ts'
import { Unauthenticated } from '../../src/kernel/errors.ts'
import type { Project } from '../../src/kernel/project.ts'
import type { Region } from '../../src/kernel/region.ts'
import { migrateClickhouse } from '../../src/platform/clickhouse/migrate.ts'
import { openTestEngines, type TestEngines } from '../support/engines.ts'

const region = (id: string): Region => ({
  id,
  cluster: `mixpanel-prod-${id.toLowerCase()}`,
  hosts: [`api-${id.toLowerCase()}.test`],
  apiHost: `api-${id.toLowerCase()}.test`,
  dataHost: `data-${id.toLowerCase()}.test`,
  webHost: `${id.toLowerCase()}.test`,
  publicUrl: `https://${id.toLowerCase()}.test`,
})
const regions = [region('US'), region('EU')]
const project = (id: number, regionId: string, token: string): Project => ({
  id,
  organizationId: 1,
  name: `P${id}`,
  region: regionId,
  cluster: 'c',
  token,
  timezone: 'UTC',
  identityMode: 'simplified',
  suppressErased: true,
  erasureEpoch: 0,
})
const shop = project(1001, 'US', 'shop-token')
const shopEu = project(2001, 'EU', 'eu-token')
const projects = [shop, shopEu]

let engines: TestEngines
let ingestion: Ingestion
let app: FastifyInstance
const outcomes: string[] = []
const now = () => Math.floor(Date.now() / 1_000)

beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  const directory = {
    byToken: async (token: string) => projects.find((known) => known.token === token) ?? null,
    byId: async (id: number) => projects.find((known) => known.id === id) ?? null,
  }
  const served = { regions, servedRegionIds: new Set(['US', 'EU']) }
  const locate = createLocate({ ...served, projects: directory, mayUse: () => true })
  const profiles = createProfiles({ control: engines.control, regionDbs: [engines.region] })
  const clock = { nowMs: () => Date.now() }
  ingestion = createIngestion({
    locate,
    clock,
    regionDbs: [engines.region],
    profiles,
    suppression: {
      isSuppressed: (_project, id) => (id === 'slow-suppressed' ? Promise.resolve(true) : id === 'suppressed'),
    },
    onOutcome: (surface, outcome, reason, count) => outcomes.push(`${surface} ${outcome} ${reason} ${count}`),
    anonymousIdKey: 'key',
  })
  app = createHttpServer({
    routes: ingestion.routes,
    place: createPlace({ ...served, strictHosts: false }),
    locate,
    clock,
    authenticator: {
      authenticate: async ({ headers }) => {
        const user = Buffer.from(headers.authorization?.slice(6) ?? '', 'base64')
          .toString()
          .split(':')[0]
        const found = projects.find(({ token }) => token === user)
        if (found === undefined) throw new Unauthenticated('Invalid credentials')
        return { kind: 'project-token', projectId: found.id }
      },
    },
    onAnswered: () => undefined,
    onFault: () => undefined,
    trustedProxies: [],
    requireHttps: false,
    tls: null,
  })
})
afterAll(async () => {
  await app.close()
  await engines.close()
})

const send = (options: InjectOptions & { readonly host?: string }) => {
  const { host = 'api-us.test', headers, ...rest } = options
  return app.inject({ method: 'POST', ...rest, headers: { host, ...headers } })
}
const form = (url: string, data: unknown, more = '') =>
  send({
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    payload: `data=${encodeURIComponent(Buffer.from(JSON.stringify(data)).toString('base64'))}${more}`,
  })
const jsonBody = (url: string, data: unknown, more: InjectOptions & { readonly host?: string } = {}) =>
  send({
    url,
    ...more,
    headers: { 'content-type': 'application/json', ...more.headers },
    payload: JSON.stringify(data),
  })
const basic = { authorization: `Basic ${Buffer.from('shop-token:').toString('base64')}` }
const importEvents = (data: unknown, query = '') => jsonBody(`/import${query}`, data, { headers: basic })

let nameCount = 0
/** A name of an event that no other test uses. */
const aName = () => {
  nameCount += 1
  return `Event ${nameCount}`
}
const anEvent = (event: string, properties: Record<string, unknown> = {}) => ({
  event,
  properties: { token: 'shop-token', distinct_id: 'u1', time: now(), ...properties },
})
const anImport = (event: string, properties: Record<string, unknown> = {}) => ({
  event,
  properties: { distinct_id: 'u1', time: 1_600_000_000, $insert_id: randomUUID(), ...properties },
})

interface Stored {
  readonly distinct_id: string
  readonly insert_id: string
  readonly time_ms: string
  readonly properties: Readonly<Record<string, string>>
}
const stored = (event: string): Promise<readonly Stored[]> =>
  engines.region.rows<Stored>(
    `SELECT distinct_id, insert_id, toString(toUnixTimestamp64Milli(time)) AS time_ms, properties
     FROM event WHERE project_id = 1001 AND event = {event:String} ORDER BY time`,
    { params: { event } },
  )

describe('answers of /track (ING-01…04)', () => {
  it.each([
    ['1 without a line break', '', '', 'text/plain', '1'],
    ['verbose in the query', '?verbose=1', '', 'application/json', '{"status":1,"error":null}'],
    ['verbose in the body', '?verbose=0', '&verbose=2', 'application/json', '{"status":1,"error":null}'],
    ['a call', '?callback=cb.done', '', 'text/javascript', 'cb.done(1);'],
    ['a call, verbose', '?callback=cb&verbose=1', '', 'text/javascript', 'cb({"status":1,"error":null});'],
    ['no call for what is no name', '?callback=alert(1)//', '', 'text/plain', '1'],
  ])('%s', async (_name, query, more, type, body) => {
    const event = aName()
    for (const path of ['/track', '/track/']) {
      const reply = await form(`${path}${query}`, [anEvent(event)], more)
      expect([reply.statusCode, reply.body]).toEqual([200, body])
      expect(reply.headers['content-type']).toContain(type)
    }
    expect(await stored(event)).toHaveLength(2)
  })

  it('an image for img=1', async () => {
    const data = Buffer.from(JSON.stringify(anEvent(aName()))).toString('base64')
    const reply = await send({ method: 'GET', url: `/track?img=1&verbose=1&data=${encodeURIComponent(data)}` })
    expect(reply.headers).toMatchObject({ 'content-type': 'image/gif', 'cache-control': 'no-store' })
    expect(reply.rawPayload.subarray(0, 6).toString()).toBe('GIF89a')
  })

  it.each([
    ['nothing', ''],
    ['no JSON', 'data=***'],
    ['an empty batch', 'data=[]'],
    ['no token', `data=${JSON.stringify([{ event: 'E', properties: {} }])}`],
  ])('0 for %s', async (_name, payload) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    expect((await send({ url: '/track', headers, payload })).body).toBe('0')
    const verbose = (await send({ url: '/track?verbose=1', headers, payload })).json()
    expect(verbose).toEqual({ status: 0, error: expect.stringMatching(/./) })
  })

  it('1 when at least one record is good, and the bad ones are not stored', async () => {
    const event = aName()
    const reply = await jsonBody('/track', [anEvent(event), anEvent(''), anEvent(event, { time: 'x' }), 7])
    expect(reply.body).toBe('1')
    expect(await stored(event)).toHaveLength(1)
  })

  it('1 and nothing kept for an unknown token, an old event, $ignore and suppressed ids', async () => {
    const event = aName()
    outcomes.length = 0
    const batch = [
      anEvent(event, { token: 'nobody' }),
      anEvent(event, { time: now() - 6 * 86_400 }),
      anEvent(event, { $ignore: true }),
      anEvent(event, { distinct_id: 'suppressed' }),
      anEvent(event, { distinct_id: 'slow-suppressed' }),
    ]
    for (const record of batch) expect((await jsonBody('/track', record)).body).toBe('1')
    expect(await stored(event)).toEqual([])
    expect(outcomes).toEqual([
      'track drop unknown-token 1',
      'track drop older-than-five-days 1',
      'track drop ignored 1',
      'track drop suppressed 1',
      'track drop suppressed 1',
    ])
  })

  it('ignores a Basic header', async () => {
    const event = aName()
    const reply = await jsonBody('/track', [anEvent(event)], { headers: { authorization: 'Basic nonsense' } })
    expect(reply.body).toBe('1')
    expect(await stored(event)).toHaveLength(1)
  })

  it('413 for more than 2000 records, so that browsers halve the batch', async () => {
    const reply = await jsonBody('/track', Array(2_001).fill(anEvent('Too many')))
    expect(reply.statusCode).toBe(413)
    expect(reply.json()).toMatchObject({ code: 413, status: 'Request Entity Too Large' })
    expect(await stored('Too many')).toEqual([])
  })

  it('403 that names the right host for a token of another region, after storing the others', async () => {
    const event = aName()
    outcomes.length = 0
    const reply = await jsonBody('/track', [anEvent(event), anEvent(event, { token: 'eu-token', distinct_id: 'lost' })])
    expect(reply.statusCode).toBe(403)
    expect(reply.json()).toEqual({ error: expect.stringContaining('api-eu.test'), status: 0 })
    expect(await stored(event)).toHaveLength(1)
    expect(outcomes.sort()).toEqual(['track accept  1', 'track wrong-region  1'])
  })

  it('echoes the origin with credentials', async () => {
    const reply = await jsonBody('/track', [anEvent(aName())], { headers: { origin: 'https://shop.test' } })
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.test',
      'access-control-allow-credentials': 'true',
    })
  })
})

describe('what is stored', () => {
  it('keeps values as the JSON that came in', async () => {
    const event = aName()
    const values =
      '"a":1e400,"b":12345678901234567890,"c":"é\\u0000✓\\"\\\\","d":{"e":{}},"f":[],"g":null,"h":1.5,"\\u0000n":"x"'
    const payload = `[{"event":${JSON.stringify(event)},"properties":{"token":"shop-token","distinct_id":"a\\u0000b","$insert_id":"i","time":${now() - 10}.25,${values}}}]`
    await send({ url: '/track', headers: { 'content-type': 'application/json' }, payload })
    const [row] = await stored(event)
    expect(row).toMatchObject({ distinct_id: 'a\u0000b', insert_id: 'i' })
    expect(row?.time_ms.endsWith('250')).toBe(true)
    expect(row?.properties).toMatchObject({
      a: '1e400',
      b: '12345678901234567890',
      c: '"é\\u0000✓\\"\\\\"',
      d: '{"e":{}}',
      f: '[]',
      g: 'null',
      h: '1.5',
      '\u0000n': '"x"',
      $mp_api_endpoint: '"api-us.test"',
    })
    expect(row?.properties).not.toHaveProperty('token')
  })

  it('stores broken characters of /track as U+FFFD', async () => {
    const event = aName()
    const head = `{"event":"${event}","properties":{"token":"shop-token","x":"`
    const payload = Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from('\\ud800"}}')])
    expect((await send({ url: '/track', headers: { 'content-type': 'application/json' }, payload })).body).toBe('1')
    expect((await stored(event))[0]?.properties['x']).toBe('"\ufffd\ufffd"')
  })

  it('makes an id of the address for ip=1, and stores no address', async () => {
    const event = aName()
    const record = { event, properties: { token: 'shop-token', ip: '203.0.113.9' } }
    for (const ip of ['1', '1', '0'])
      await send({
        url: `/track?ip=${ip}`,
        headers: { 'content-type': 'text/plain' },
        payload: JSON.stringify(record),
        remoteAddress: '203.0.113.9',
      })
    const rows = await stored(event)
    const ids = rows.map((row) => row.distinct_id).sort()
    expect(ids[0]).toBe('')
    expect(ids[1]).toMatch(/^[0-9a-f]{32}$/)
    expect(ids[2]).toBe(ids[1])
    expect(JSON.stringify(rows)).not.toContain('203.0.113.9')
  })

  it('reproduces the worked table of simplified identity: events and links', async () => {
    const event = aName()
    const rows: readonly (readonly [string, string | undefined])[] = [
      ['D1', undefined],
      ['D1', undefined],
      ['D1', 'U1'],
      ['D2', undefined],
      ['D1', 'U2'],
    ]
    for (const [at, [$device_id, $user_id]] of rows.entries()) {
      await jsonBody('/track', {
        event,
        properties: { token: 'shop-token', time: now() - 100 + at, $device_id, $user_id },
      })
    }
    const ids = (await stored(event)).map((row) => row.distinct_id)
    expect(ids).toEqual(['$device:D1', '$device:D1', 'U1', '$device:D2', 'U2'])
    const links = await engines.region.rows(
      `SELECT distinct_id, argMin(canonical_id, linked_at) AS canonical_id FROM identity_link
       WHERE project_id = 1001 AND distinct_id LIKE '$device:D%' GROUP BY distinct_id`,
    )
    expect(links).toEqual([{ distinct_id: '$device:D1', canonical_id: 'U1' }])
  })
})

describe('/import (ING-08…10)', () => {
  const ok = (count: number) => ({ code: 200, num_records_imported: count, status: 'OK' })

  it('takes JSON and gzipped NDJSON of any age', async () => {
    const event = aName()
    expect(
      (
        await importEvents([
          anImport(event),
          anImport(event, { time: 31_536_000 }),
          anImport(event, { time: 999_999_999.5 }),
        ])
      ).json(),
    ).toEqual(ok(3))
    const lines = Array.from({ length: 2_000 }, (_, at) =>
      JSON.stringify(anImport(event, { time: 1_300_000_000 + at * 200_000 })),
    )
    const reply = await send({
      url: '/import?strict=1',
      headers: { ...basic, 'content-type': 'application/x-ndjson', 'content-encoding': 'gzip' },
      payload: gzipSync(lines.join('\n')),
    })
    expect(reply.json()).toEqual(ok(2_000))
    const rows = await stored(event)
    expect(rows).toHaveLength(2_003)
    expect(rows.slice(0, 2).map((row) => row.time_ms)).toEqual(['31536000000', '999999999500'])
    expect(rows[0]?.properties).toMatchObject({ $import: 'true' })
  })

  it('reports the bad records and stores the good ones', async () => {
    const event = aName()
    const broken = Buffer.concat([
      Buffer.from(
        `[${JSON.stringify(anImport(event))},{"event":"${event}","properties":{"distinct_id":"u","time":1600000000,"$insert_id":"bad-1","utm_source":"`,
      ),
      Buffer.from([0xc3, 0x28]),
      Buffer.from(`"}},${JSON.stringify(anImport(event, { time: 'x', $insert_id: 'bad-2' }))},7]`),
    ])
    const reply = await send({
      url: '/import',
      headers: { ...basic, 'content-type': 'application/json' },
      payload: broken,
    })
    expect(reply.statusCode).toBe(400)
    const failed = (index: number, id: string, field: string, message: string) => ({
      index,
      insert_id: id,
      $insert_id: id,
      field,
      message,
    })
    expect(reply.json()).toEqual({
      code: 400,
      error: 'some data points in the request failed validation',
      failed_records: [
        failed(1, 'bad-1', 'properties.utm_source', 'properties.utm_source is invalid: string should be valid utf8'),
        failed(2, 'bad-2', 'properties.time', "'properties.time' is invalid: must be specified as seconds since epoch"),
        failed(3, '', 'record', "'record' is invalid: must be a JSON object"),
      ],
      num_records_imported: 1,
      status: 'Bad Request',
    })
    expect(await stored(event)).toHaveLength(1)
  })

  it('fails one bad line of NDJSON alone', async () => {
    const event = aName()
    const payload = `${JSON.stringify(anImport(event))}\n{"event":\n${JSON.stringify(anImport(event))}\n`
    const reply = await send({ url: '/import', headers: { ...basic, 'content-type': 'application/x-ndjson' }, payload })
    expect(reply.json()).toMatchObject({ num_records_imported: 2, failed_records: [{ index: 1 }] })
    expect(await stored(event)).toHaveLength(2)
  })

  it('with strict=0 drops the bad ones and says 200', async () => {
    const event = aName()
    const reply = await importEvents([anImport(event), anImport(event, { time: 'x' })], '?strict=0')
    expect(reply.json()).toEqual(ok(1))
    expect(await stored(event)).toHaveLength(1)
  })

  it('takes "" as nobody, refuses placeholders', async () => {
    const event = aName()
    expect((await importEvents([anImport(event, { distinct_id: '' })])).statusCode).toBe(200)
    expect((await importEvents([anImport(event, { distinct_id: 'undefined' })])).json()).toMatchObject({
      failed_records: [{ field: 'properties.distinct_id' }],
    })
    expect(await stored(event)).toHaveLength(1)
  })

  it.each([
    ['1', '', '1'],
    ['a status', '&verbose=1', '{"status":1,"error":null}'],
  ])('answers %s to the forms of old libraries, which send no $insert_id', async (_name, more, body) => {
    const event = aName()
    const data = encodeURIComponent(
      JSON.stringify({ event, properties: { distinct_id: 'u', time: 1_600_000_000_000 } }),
    )
    const headers = { ...basic, 'content-type': 'application/x-www-form-urlencoded' }
    const reply = await send({ url: '/import/', headers, payload: `data=${data}${more}` })
    expect([reply.statusCode, reply.body]).toEqual([200, body])
    const byGet = await send({ method: 'GET', url: `/import?data=${data}${more}`, headers: basic })
    expect(byGet.body).toBe(body)
    expect(await stored(event)).toHaveLength(2)
  })

  it.each<readonly [string, InjectOptions, number]>([
    ['401 without a credential', { payload: '[]' }, 401],
    ['400 for what cannot be read', { payload: '[{', headers: basic }, 400],
    ['400 for more than 2000', { payload: `[${Array(2_001).fill('{}').join(',')}]`, headers: basic }, 400],
    ['413 for more than 10 MB', { payload: `["${'x'.repeat(10 * 1_024 * 1_024)}"]`, headers: basic }, 413],
  ])('%s', async (_name, options, code) => {
    const reply = await send({
      url: '/import',
      ...options,
      headers: { ...options.headers, 'content-type': 'application/json' },
    })
    expect(reply.statusCode).toBe(code)
    expect(reply.json()).toMatchObject({ code, error: expect.any(String), status: expect.any(String) })
    if (code === 400) expect(reply.json()).toMatchObject({ failed_records: [], num_records_imported: 0 })
  })

  it('403 that names the right host for a project of another region', async () => {
    const reply = await jsonBody('/import', [anImport('Lost')], {
      headers: { authorization: `Basic ${Buffer.from('eu-token:').toString('base64')}` },
    })
    expect(reply.json()).toEqual({ code: 403, error: expect.stringContaining('api-eu.test'), status: 'Forbidden' })
  })
})

describe('/engage (ING-17…22)', () => {
  const anUpdate = (operation: Record<string, unknown>, id = 'p1') => ({
    $token: 'shop-token',
    $distinct_id: id,
    ...operation,
  })
  const profile = async (id: string) => {
    const rows = await engines.region.rows<{ properties: Record<string, string>; is_deleted: number }>(
      `SELECT properties, is_deleted FROM profile WHERE project_id = 1001 AND distinct_id = {id:String} ORDER BY version DESC LIMIT 1`,
      { params: { id } },
    )
    return rows[0]
  }

  it('applies operations in the order of the batch, by form, JSON and GET', async () => {
    expect((await form('/engage', [anUpdate({ $set: { a: 1 } }), anUpdate({ $add: { a: 2 } })])).body).toBe('1')
    expect(
      (await jsonBody('/engage/?verbose=1', anUpdate({ $append: { l: 'x' }, $ip: '203.0.113.9' }))).json(),
    ).toEqual({ status: 1, error: null })
    const data = Buffer.from(JSON.stringify(anUpdate({ $unset: ['b'] }))).toString('base64')
    expect((await send({ method: 'GET', url: `/engage?ip=0&data=${encodeURIComponent(data)}` })).body).toBe('1')
    const found = await profile('p1')
    expect(found?.properties).toMatchObject({
      a: '3',
      l: '["x"]',
      $last_seen: expect.stringMatching(/^"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"$/),
    })
    expect(JSON.stringify(found)).not.toContain('203.0.113.9')
    expect((await form('/engage', anUpdate({ $delete: '' }))).body).toBe('1')
    expect(await profile('p1')).toMatchObject({ is_deleted: 1, properties: {} })
  })

  it('0 when nothing was good, 1 when something was', async () => {
    expect((await form('/engage', [anUpdate({ $add: { a: 'x' } })])).body).toBe('0')
    expect((await form('/engage', [anUpdate({})])).body).toBe('0')
    expect((await form('/engage', [{ $distinct_id: 'p2', $set: { a: 1 } }])).body).toBe('0')
    expect((await form('/engage', [anUpdate({ $add: { a: 'x' } }), anUpdate({ $set: { b: 1 } }, 'p2')])).body).toBe('1')
    expect((await profile('p2'))?.properties).toMatchObject({ b: '1' })
  })

  it('with strict=1 says which records failed', async () => {
    const batch = [
      anUpdate({ $set: { s: 'x' } }, 'p3'),
      anUpdate({ $add: { s: 1 } }, 'p3'),
      anUpdate({ $set: 1 }, 'p3'),
    ]
    const reply = await jsonBody('/engage?strict=1&verbose=1', batch)
    expect(reply.statusCode).toBe(400)
    expect(reply.json()).toMatchObject({
      failed_records: [
        { index: 1, field: '$add.s' },
        { index: 2, field: '$set' },
      ],
      num_records_imported: 1,
    })
    expect((await jsonBody('/engage?strict=1&verbose=1', [batch[0]])).json()).toEqual({ status: 1, error: null })
  })

  it('drops unknown tokens and suppressed ids silently, refuses other regions loudly', async () => {
    for (const record of [
      { ...anUpdate({ $set: { a: 1 } }, 'p4'), $token: 'nobody' },
      anUpdate({ $set: { a: 1 } }, 'suppressed'),
    ]) {
      expect((await jsonBody('/engage', record)).body).toBe('1')
    }
    const reply = await jsonBody('/engage', [
      { ...anUpdate({ $set: { a: 1 } }, 'p5'), $token: 'eu-token' },
      anUpdate({ $set: { a: 1 } }, 'p6'),
    ])
    expect(reply.statusCode).toBe(403)
    expect(reply.json()).toEqual({ error: expect.stringContaining('api-eu.test'), status: 0 })
    expect(await profile('p4')).toBeUndefined()
    expect(await profile('p5')).toBeUndefined()
    expect(await profile('suppressed')).toBeUndefined()
    expect((await profile('p6'))?.properties).toMatchObject({ a: '1' })
  })
})

describe('when the engine cannot take rows', () => {
  it('answers 503 with Retry-After and never "accepted"', async () => {
    const directory = { byToken: async () => shop, byId: async () => shop }
    const locate = createLocate({ regions, servedRegionIds: new Set(['US']), projects: directory, mayUse: () => true })
    const full = createIngestion({
      locate,
      clock: { nowMs: () => Date.now() },
      regionDbs: [{ ...engines.region, insert: () => Promise.reject(new Error('disk full of secrets')) }],
      profiles: createProfiles({ control: engines.control, regionDbs: [engines.region] }),
      suppression: { isSuppressed: () => false },
      onOutcome: () => undefined,
      anonymousIdKey: 'key',
    })
    const broken = createHttpServer({
      routes: full.routes,
      place: createPlace({ regions, servedRegionIds: new Set(['US']), strictHosts: false }),
      locate,
      clock: { nowMs: () => Date.now() },
      authenticator: { authenticate: async () => ({ kind: 'project-token', projectId: 1001 }) },
      onAnswered: () => undefined,
      onFault: () => undefined,
      trustedProxies: [],
      requireHttps: false,
      tls: null,
    })
    for (const [url, record] of [
      ['/track', anEvent('X')],
      ['/import', anImport('X')],
    ] as const) {
      const reply = await broken.inject({
        method: 'POST',
        url,
        headers: { host: 'api-us.test', 'content-type': 'application/json' },
        payload: JSON.stringify([record]),
      })
      expect(reply.statusCode).toBe(503)
      expect(reply.headers['retry-after']).toBe('1')
      expect(reply.json()).toMatchObject({ code: 503, status: 'Service Unavailable' })
      expect(reply.body).not.toContain('secrets')
    }
    expect(full.held('US')).toEqual({ bytes: 0, rowCount: 0 })
    await broken.close()
  })
})
