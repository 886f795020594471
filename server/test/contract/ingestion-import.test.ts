import { gzipSync } from 'node:zlib'
import type { InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { aName, anImport, basicOf, type IngestionServer, openIngestionServer } from './ingestion-server.ts'

let server: IngestionServer
beforeAll(async () => {
  server = await openIngestionServer()
})
afterAll(() => server.close())

const send: IngestionServer['send'] = (options) => server.send(options)
const jsonBody: IngestionServer['jsonBody'] = (...args) => server.jsonBody(...args)
const stored: IngestionServer['stored'] = (event) => server.stored(event)
const basic = basicOf('shop-token')
const importEvents = (data: unknown, query = '') => server.jsonBody(`/import${query}`, data, basic)

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
    const reply = await jsonBody('/import', [anImport('Lost')], basicOf('eu-token'))
    expect(reply.json()).toEqual({ code: 403, error: expect.stringContaining('api-eu.test'), status: 'Forbidden' })
  })
})
