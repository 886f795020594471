import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { createGzip, deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { createHttpServer } from '../../src/http/server.ts'
import { asAccount, asOfficer, memoryOf } from '../fault/fault-rig.ts'
import type { Answer } from '../support/lethe.ts'
import { owner, us } from '../support/provision.ts'
import {
  importPath,
  json,
  mebibyte,
  memoryBytesMax,
  newId,
  nowSeconds,
  openBadInputServer,
  tooLarge,
  unreadable,
} from './bad-input-rig.ts'

const { lethe, mark, goodEvent, exportText, checkAfterwards } = openBadInputServer()

describe('bytes that hurt', () => {
  const bomb = async (gibibytes: number): Promise<Buffer> => {
    const gzip = createGzip({ level: 9 })
    const chunks: Buffer[] = []
    gzip.on('data', (chunk: Buffer) => chunks.push(chunk))
    const zeros = Buffer.alloc(mebibyte)
    for (let at = 0; at < gibibytes * 1_024; at += 1) if (!gzip.write(zeros)) await once(gzip, 'drain')
    gzip.end()
    await once(gzip, 'end')
    return Buffer.concat(chunks)
  }

  it('refuses gzip that becomes a gigabyte, on every path, also many at once', async () => {
    const body = await bomb(1)
    const gzipped = { ...json, 'Content-Encoding': 'gzip' }
    const sent: readonly (readonly [string, Record<string, string>, object])[] = [
      ['/track', gzipped, tooLarge],
      ['/engage', gzipped, tooLarge],
      [importPath, { ...gzipped, ...asAccount }, tooLarge],
      [
        `/api/app/data-deletions/v3.0?token=${us.token}`,
        { ...gzipped, ...asOfficer },
        { error: expect.any(String), status: 'error' },
      ],
      ['/api/app/login', gzipped, { error: expect.any(String), status: 'error' }],
    ]
    const many = sent.flatMap((one) => Array(4).fill(one) as (typeof sent)[number][])
    await Promise.all(
      many.map(async ([path, headers, shape]) => {
        const answer = await lethe().post(path, { headers, body })
        expect(answer.status, path).toBe(413)
        expect(answer.json()).toEqual(shape)
      }),
    )
    const form = `data=${encodeURIComponent(body.toString('base64'))}`
    const inside = await lethe().post('/track', {
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: form,
    })
    expect([inside.status, inside.json()]).toEqual([413, tooLarge])
    const deflated = deflateSync(Buffer.alloc(64 * mebibyte))
    expect((await lethe().post('/track', { headers: { 'Content-Encoding': 'deflate' }, body: deflated })).status).toBe(
      413,
    )
  })

  it.each([
    ['cut off', gzipSync(JSON.stringify([{ event: mark }])).subarray(0, -12), 'gzip'],
    ['no gzip at all', Buffer.from(`[{"event":"${mark}"}]`), 'gzip'],
    ['of another kind', gzipSync('[]'), 'br'],
    ['twice', gzipSync(gzipSync('[]')), 'gzip, gzip'],
    ['of an invented kind', Buffer.from('[]'), mark],
  ])('refuses a compressed body that is %s', async (_name, body, encoding) => {
    for (const [path, headers] of [
      ['/track', {}],
      [importPath, asAccount],
    ] as const) {
      const answer = await lethe().post(path, { headers: { ...headers, ...json, 'Content-Encoding': encoding }, body })
      expect(answer.status).toBe(400)
      expect(answer.json()).toMatchObject(unreadable)
    }
  })

  it('refuses 2001 records and stores none of them', async () => {
    const ids = Array.from({ length: 2_001 }, newId)
    const events = ids.map((id) => ({
      event: 'Many',
      properties: { token: us.token, distinct_id: mark, time: nowSeconds(), $insert_id: id },
    }))
    const updates = ids.map((id) => ({ $token: us.token, $distinct_id: id, $set: { a: 1 } }))
    expect((await lethe().post('/track', { body: events })).status).toBe(413)
    expect((await lethe().post('/engage', { body: updates })).status).toBe(413)
    const imported = await lethe().post(importPath, { headers: asAccount, body: events })
    expect([imported.status, imported.json().num_records_imported]).toEqual([400, 0])
    expect(await exportText()).not.toContain('"event":"Many"')
  })

  it('refuses bodies over the bound, announced or not', async () => {
    const over = Buffer.alloc(20 * mebibyte + 1, 0x20)
    expect((await lethe().post('/track', { headers: json, body: over })).status).toBe(413)
    const overImport = over.subarray(0, 10 * mebibyte + 1)
    const answer = await lethe().post(importPath, { headers: { ...asAccount, ...json }, body: overImport })
    expect([answer.status, answer.json()]).toEqual([413, tooLarge])
    const chunk = `${(64 * 1_024).toString(16)}\r\n${' '.repeat(64 * 1_024)}\r\n`
    const head = 'POST /track HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n'
    expect(await rawStatus(`${head}${chunk.repeat(330)}0\r\n\r\n`)).toBe(413)
    // One that never ends is cut off.
    expect(await rawStatus(head + chunk.repeat(1_100))).toBe(413)
    expect((await lethe().post('/api/app/login', { body: { email: 'x'.repeat(70_000) } })).status).toBe(413)
  })
})

describe('requests that hurt', () => {
  it.each([
    '',
    'text/plain',
    'application/octet-stream',
    'multipart/form-data; boundary=x',
    'application/json; charset=utf-16',
    ';;;',
    'x/'.repeat(2_000),
  ])('takes a list of events as Content-Type %j', async (type) => {
    const headers = { 'Content-Type': type }
    expect((await lethe().post('/track', { headers, body: JSON.stringify([goodEvent()]) })).text).toBe('1')
  })

  it('takes the last of two parameters, and percent signs that escape nothing', async () => {
    const data = encodeURIComponent(JSON.stringify(goodEvent()))
    const twice = await lethe().get(`/track?verbose=0&data=%5B%5D&data=${data}&verbose=1`)
    expect(twice.json()).toEqual({ status: 1, error: null })
    for (const query of ['data=%E0%A4%A', 'data=%ZZ&%=%', 'data=%00', '%%%', '&&&&', 'data', '='.repeat(5_000)]) {
      const answer = await lethe().get(`/track?${query}`)
      expect([answer.status, answer.text], query).toEqual([200, '0'])
    }
    expect((await lethe().get(`/track?__proto__=1&constructor=2&data=${data}`)).text).toBe('1')
  })

  it.each([
    ['a path with a broken escape', 'GET /%zz HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
    ['a path with NUL', 'GET /track/%00 HTTP/1.1\r\nHost: a.test\r\n\r\n', 404],
    ['a URL of a megabyte', `GET /track?data=${'x'.repeat(mebibyte)} HTTP/1.1\r\nHost: a.test\r\n\r\n`, 431],
    ['a header of a megabyte', `GET /track HTTP/1.1\r\nHost: a.test\r\nX: ${'x'.repeat(mebibyte)}\r\n\r\n`, 431],
    ['no host', 'GET /healthz HTTP/1.1\r\n\r\n', 400],
    ['two lengths', 'POST /track HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n[]', 400],
    [
      'a length and chunks',
      'POST /track HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n[]',
      400,
    ],
    ['a negative length', 'POST /track HTTP/1.1\r\nHost: a.test\r\nContent-Length: -1\r\n\r\n', 400],
    ['a line break in a name', 'GET /track HTTP/1.1\r\nHost: a.test\r\nX\n: 1\r\n\r\n', 400],
    ['an invented method', 'BREW /track HTTP/1.1\r\nHost: a.test\r\n\r\n', 400],
    ['no HTTP', `${mark}\r\n\r\n`, 400],
  ])('answers %s', async (_name, text, status) => {
    expect(await rawStatus(text)).toBe(status)
  })

  it('is not held by those who send slowly, and lets go of them', async () => {
    const half = [
      `POST /track HTTP/1.1\r\nHost: a.test\r\nX-Slow: ${mark}`,
      `POST /track HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n[{"${mark}`,
    ]
    const slow = await Promise.all(Array.from({ length: 300 }, (_, at) => openSocket(half[at % 2] ?? '')))
    const startedAtMs = performance.now()
    expect((await lethe().post('/track', { body: [goodEvent()] })).text).toBe('1')
    expect(performance.now() - startedAtMs).toBeLessThan(2_000)
    for (const socket of slow) socket.destroy()
    const { server } = createHttpServer({ routes: [] as const, trustedProxies: [] as const, tls: null } as never)
    expect(server.headersTimeout).toBeGreaterThan(0)
    expect(server.headersTimeout).toBeLessThanOrEqual(60_000)
    expect(server.requestTimeout).toBeGreaterThan(0)
    expect(server.requestTimeout).toBeLessThanOrEqual(120_000)
  })

  it('does not keep more in memory than it may when many send large bodies and never end them', async () => {
    const head = `POST /track HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${20 * mebibyte}\r\n\r\n[`
    const slow = await Promise.all(Array.from({ length: 60 }, () => openSocket(head)))
    const piece = Buffer.alloc(mebibyte, 0x20)
    for (let at = 0; at < 19; at += 1) await Promise.all(slow.map((socket) => written(socket, piece)))
    expect((await lethe().post('/track', { body: [goodEvent()] })).text).toBe('1')
    const { bytes } = memoryOf(lethe().pid)
    for (const socket of slow) socket.destroy()
    expect(bytes).toBeLessThan(memoryBytesMax)
  })

  it('wrong passwords and e-mails of every type are refused, without a fault of ours', async () => {
    for (const value of [null, 1, [], {}, '', '\0', 'x'.repeat(10_000), { $ne: '' }]) {
      const bodies = [{ email: value, password: mark }, { email: owner.email, password: value }, value]
      for (const body of bodies) {
        const answer: Answer = await lethe().post('/api/app/login', { headers: json, body: JSON.stringify(body) })
        expect([400, 401, 413, 429]).toContain(answer.status)
      }
    }
  })
})

checkAfterwards()

const openSocket = async (text: string): Promise<Socket> => {
  const socket = connect(lethe().port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  socket.write(text)
  return socket
}

/** Resolves when the bytes are with the kernel, or the server has closed. */
const written = (socket: Socket, bytes: Buffer): Promise<void> =>
  new Promise((resolve) => {
    const giveUp = setTimeout(done, 5_000)
    function done() {
      clearTimeout(giveUp)
      socket.off('close', done)
      resolve()
    }
    if (socket.destroyed) return done()
    socket.once('close', done)
    socket.write(bytes, done)
  })

/** Sends bytes as they are; the status of the first answer, 0 when the connection ends without one. */
const rawStatus = async (text: string): Promise<number> => {
  const socket = connect(lethe().port, '127.0.0.1')
  socket.on('error', () => undefined)
  let received = ''
  const isAnswered = new Promise<void>((resolve) => {
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      if (received.includes('\r\n')) resolve()
    })
    socket.once('close', () => resolve())
  })
  socket.write(text)
  await isAnswered
  socket.destroy()
  return Number(/^HTTP\/1\.1 (\d+)/.exec(received)?.[1] ?? 0)
}
