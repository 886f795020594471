import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  aName,
  anEvent,
  anImport,
  basicOf,
  type IngestionServer,
  nowSeconds,
  openIngestionServer,
} from './ingestion-server.ts'

let server: IngestionServer
beforeAll(async () => {
  server = await openIngestionServer()
})
afterAll(() => server.close())

const send: IngestionServer['send'] = (options) => server.send(options)
const jsonBody: IngestionServer['jsonBody'] = (...args) => server.jsonBody(...args)
const stored: IngestionServer['stored'] = (event) => server.stored(event)

describe('what is stored', () => {
  it('keeps values as the JSON that came in', async () => {
    const event = aName()
    const values =
      '"a":1e400,"b":12345678901234567890,"c":"é\\u0000✓\\"\\\\","d":{"e":{}},"f":[],"g":null,"h":1.5,"\\u0000n":"x"'
    const payload = `[{"event":${JSON.stringify(event)},"properties":{"token":"shop-token","distinct_id":"a\\u0000b","$insert_id":"i","time":${nowSeconds() - 10}.25,${values}}}]`
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
        properties: { token: 'shop-token', time: nowSeconds() - 100 + at, $device_id, $user_id },
      })
    }
    const ids = (await stored(event)).map((row) => row.distinct_id)
    expect(ids).toEqual(['$device:D1', '$device:D1', 'U1', '$device:D2', 'U2'])
    const links = await server.engines.region.rows(
      `SELECT distinct_id, argMin(canonical_id, linked_at) AS canonical_id FROM identity_link
       WHERE project_id = 1001 AND distinct_id LIKE '$device:D%' GROUP BY distinct_id`,
    )
    expect(links).toEqual([{ distinct_id: '$device:D1', canonical_id: 'U1' }])
  })
})

describe('when the engine cannot take rows', () => {
  it('answers 503 with Retry-After, never "accepted", and nothing of the fault', async () => {
    const broken = await openIngestionServer({ insert: () => Promise.reject(new Error('a row of somebody')) })
    const requests = [
      broken.jsonBody('/track', [anEvent('X')]),
      broken.jsonBody('/import', [anImport('X')], basicOf('shop-token')),
      broken.jsonBody('/engage', [{ $token: 'shop-token', $distinct_id: 'u', $set: { a: 1 } }]),
    ]
    for (const reply of await Promise.all(requests)) {
      expect(reply.statusCode).toBe(503)
      expect(reply.headers['retry-after']).toBe('1')
      expect(reply.json()).toMatchObject({ code: 503, status: 'Service Unavailable' })
      expect(reply.body).not.toContain('somebody')
    }
    expect(broken.ingestion.held('US')).toEqual({ bytes: 0, rowCount: 0 })
    await broken.close()
  })
})
