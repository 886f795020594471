import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type IngestionServer, openIngestionServer } from './ingestion-server.ts'

let server: IngestionServer
beforeAll(async () => {
  server = await openIngestionServer()
})
afterAll(() => server.close())

const send: IngestionServer['send'] = (options) => server.send(options)
const jsonBody: IngestionServer['jsonBody'] = (...args) => server.jsonBody(...args)
const form: IngestionServer['form'] = (...args) => server.form(...args)

describe('/engage (ING-17…22)', () => {
  const anUpdate = (operation: Record<string, unknown>, id = 'p1') => ({
    $token: 'shop-token',
    $distinct_id: id,
    ...operation,
  })
  const profile = async (id: string) => {
    const rows = await server.engines.region.rows<{ properties: Record<string, string>; is_deleted: number }>(
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
