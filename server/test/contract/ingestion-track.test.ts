import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { DataDoor } from '../../src/features/ingestion/ports.ts'
import { aName, anEvent, type IngestionServer, nowSeconds, openIngestionServer } from './ingestion-server.ts'

let server: IngestionServer
beforeAll(async () => {
  server = await openIngestionServer()
})
afterAll(() => server.close())

const send: IngestionServer['send'] = (options) => server.send(options)
const jsonBody: IngestionServer['jsonBody'] = (...args) => server.jsonBody(...args)
const form: IngestionServer['form'] = (...args) => server.form(...args)
const stored: IngestionServer['stored'] = (event) => server.stored(event)

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
    server.outcomes.length = 0
    const batch = [
      anEvent(event, { token: 'nobody' }),
      anEvent(event, { time: nowSeconds() - 6 * 86_400 }),
      anEvent(event, { $ignore: true }),
      anEvent(event, { distinct_id: 'suppressed' }),
      anEvent(event, { distinct_id: 'slow-suppressed' }),
    ]
    for (const record of batch) expect((await jsonBody('/track', record)).body).toBe('1')
    expect(await stored(event)).toEqual([])
    expect(server.outcomes).toEqual([
      'track drop unknown-token 1',
      'track drop older-than-five-days 1',
      'track drop ignored 1',
      'track drop suppressed 1',
      'track drop suppressed 1',
    ])
  })

  it('keeps nothing of a suppressed person, not as nobody either', async () => {
    const door: DataDoor = {
      event: (sent) => {
        const { event, properties } = sent as { event: string; properties: object }
        return { kind: 'pass', record: { event, properties: { ...properties, distinct_id: '' } }, isAnonymous: true }
      },
      update: (record) => ({ kind: 'pass', record, isAnonymous: true }),
    }
    const anonymising = await openIngestionServer({}, null, { dataRules: { doorOf: () => door } })
    try {
      const event = aName()
      await anonymising.jsonBody('/track', [anEvent(event), anEvent(event, { distinct_id: 'suppressed' })])
      await anonymising.jsonBody('/track', [anEvent(event, { distinct_id: 'slow-suppressed' })])
      expect((await anonymising.stored(event)).map(({ distinct_id: id }) => id)).toEqual([''])
      expect(anonymising.outcomes.sort()).toEqual([
        'track accept anonymised 1',
        'track drop suppressed 1',
        'track drop suppressed 1',
      ])
    } finally {
      await anonymising.close()
    }
  })

  it('ignores a Basic header', async () => {
    const event = aName()
    const reply = await jsonBody('/track', [anEvent(event)], { authorization: 'Basic nonsense' })
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
    server.outcomes.length = 0
    const reply = await jsonBody('/track', [anEvent(event), anEvent(event, { token: 'eu-token', distinct_id: 'lost' })])
    expect(reply.statusCode).toBe(403)
    expect(reply.json()).toEqual({ error: expect.stringContaining('api-eu.test'), status: 0 })
    expect(await stored(event)).toHaveLength(1)
    expect(server.outcomes.sort()).toEqual(['track accept  1', 'track wrong-region  1'])
  })

  it('echoes the origin with credentials', async () => {
    const reply = await jsonBody('/track', [anEvent(aName())], { origin: 'https://shop.test' })
    expect(reply.headers).toMatchObject({
      'access-control-allow-origin': 'https://shop.test',
      'access-control-allow-credentials': 'true',
    })
  })
})
