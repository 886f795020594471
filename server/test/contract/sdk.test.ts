import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encode, type Recorded, recordedRequests } from '../fixtures/recorded.ts'
import { type Answer, basic, type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { adminAccount, eu, other, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'

// ING-28: what SDKs ask beside sending data, with the requests that the browser SDK made to a stub.

let lethe: Lethe
let dataDir = ''
beforeAll(async () => {
  dataDir = await newDataDir()
  lethe = await startLethe({ dataDir, env: { LETHE_METRICS: 'true', LETHE_LOG_LEVEL: 'debug' } })
})
afterAll(async () => {
  await lethe?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

const usHost = 'us.lethe.localhost'
const euHost = 'eu.lethe.localhost'
const taken = { code: 200, status: 'OK' }

const calls: readonly (readonly [method: string, path: string, answer: object])[] = [
  ['GET', '/flags', { code: 200, flags: {} }],
  ['POST', '/flags', { code: 200, flags: {} }],
  ['GET', '/flags/definitions', { code: 200, flags: [] }],
  ['POST', '/flags/11111111-2222-3333-4444-555555555555/first-time-events', taken],
  ['GET', '/settings', { sdk_config: { config: {} } }],
  ['POST', '/record', taken],
  ['GET', '/decide', { notifications: [], surveys: [], config: {} }],
  ['POST', '/decide', { notifications: [], surveys: [], config: {} }],
]

describe('recorded requests of the browser', () => {
  const recordings = recordedRequests('mixpanel-browser-2.83.0-side')
  const replay = (recorded: Recorded, host = usHost): Promise<Answer> => {
    const { path, body } = encode({ ...recorded, query: recorded.query.replace('token=TOKENBR', `token=${us.token}`) })
    const isNamed = recorded.headers['authorization'] !== undefined
    const headers = { ...recorded.headers, ...(isNamed ? basic(us.token) : {}) }
    return lethe.send(recorded.method, path, { host, headers, ...(body === undefined ? {} : { body }) })
  }

  it.each(recordings.map((recorded) => [recorded.name, recorded] as const))('%s', async (_name, recorded) => {
    const answer = await replay(recorded)
    const { status, body, type } = recorded.expect
    expect([answer.status, answer.text]).toEqual([status, body])
    if (type !== undefined) expect(answer.headers['content-type']).toContain(type)
    expect(answer.headers['access-control-allow-origin']).toBe(recorded.headers['origin'])
    expect(answer.headers['access-control-allow-credentials']).toBe('true')
    expect(answer.headers['retry-after']).toBeUndefined()
    if (recorded.method !== 'OPTIONS') return
    const allowed = String(answer.headers['access-control-allow-headers']).toLowerCase().split(/, ?/)
    const wanted = recorded.headers['access-control-request-headers'] as string
    expect(allowed).toEqual(expect.arrayContaining(wanted.split(',')))
    const methods = String(answer.headers['access-control-allow-methods'])
    expect(methods).toContain(recorded.headers['access-control-request-method'])
  })

  it('are refused where the project does not live, so that the browser can read it', async () => {
    for (const recorded of recordings.filter(({ method }) => method !== 'OPTIONS')) {
      const answer = await replay(recorded, euHost)
      expect([recorded.name, answer.status]).toEqual([recorded.name, 403])
      expect(answer.json()).toEqual({ error: expect.stringContaining('api.mixpanel.com'), status: 0 })
      expect(answer.headers['access-control-allow-origin']).toBe('http://localhost:9280')
    }
  })
})

describe.each(calls)('%s %s', (method, path, answer) => {
  const send = (query: string, options: object = {}) => lethe.send(method, `${path}${query}`, options)

  it('answers with and without a slash, whoever asks', async () => {
    const account = basic(adminAccount.username, adminAccount.secret)
    for (const [query, headers] of [
      [`?token=${us.token}`, {}],
      [`/?token=${us.token}&mp_lib=web`, {}],
      ['/', basic(us.token)],
      [`?token=${us.token}&project_id=${us.id}`, account],
      ['', basic('nobody knows this')],
      ['?token=nobody-knows-this', {}],
      ['', {}],
    ] as const) {
      const got = await send(query, { host: usHost, headers })
      expect([query, got.status]).toEqual([query, 200])
      expect(got.headers['content-type']).toContain('application/json')
      expect(got.json()).toEqual(answer)
    }
  })

  it('refuses a project of another region, wherever its token stands', async () => {
    for (const [query, headers] of [
      [`?token=${eu.token}`, {}],
      ['/', basic(eu.token)],
      [`?token=${us.token}`, basic(eu.token)],
    ] as const) {
      const got = await send(query, { host: usHost, headers })
      expect([query, got.status]).toEqual([query, 403])
      expect(got.json()).toEqual({ error: expect.stringContaining('api-eu.mixpanel.com'), status: 0 })
    }
    expect((await send(`?token=${eu.token}`, { host: euHost })).status).toBe(200)
  })
})

it('takes bodies within its bounds', async () => {
  const mebibyte = 1_024 * 1_024
  // Small on the wire: a refusal comes before a large body is sent to its end.
  const statusOf = async (path: string, bytes: number) =>
    (await lethe.post(path, { headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(bytes)) })).status
  expect(await statusOf('/flags', mebibyte)).toBe(200)
  expect(await statusOf('/flags', mebibyte + 1)).toBe(413)
  expect(await statusOf('/record', 10 * mebibyte)).toBe(200)
  expect(await statusOf('/record', 10 * mebibyte + 1)).toBe(413)
})

describe('POST /api/app/validate-project-credentials', () => {
  const ask = (sent: object | string, host = 'mixpanel.com') =>
    lethe.post('/api/app/validate-project-credentials/', {
      host,
      headers: { 'Content-Type': 'text/plain;charset=UTF-8' },
      body: typeof sent === 'string' ? sent : JSON.stringify(sent),
    })

  it('says yes to a token and the secret of the same project, of any region, at any host', async () => {
    for (const { token, secret } of [us, eu, other]) {
      for (const host of ['mixpanel.com', 'eu.mixpanel.com']) {
        const answer = await ask({ api_secret: secret, project_token: token }, host)
        expect([answer.status, answer.json()]).toEqual([200, { status: 'ok', results: { valid: true } }])
      }
    }
  })

  it('says the same no to every other pair', async () => {
    for (const [api_secret, project_token] of [
      [us.secret, other.token],
      [us.secret, 'unknown'],
      ['unknown', us.token],
      [us.token, us.token],
      [adminAccount.secret, us.token],
    ]) {
      const answer = await ask({ api_secret, project_token })
      expect([answer.status, answer.json()]).toEqual([401, { error: 'Invalid credentials', status: 'error' }])
    }
  })

  it.each(['', 'no JSON', '[]', '{}', '{"api_secret":7,"project_token":"x"}', '{"api_secret":"","project_token":"x"}'])(
    'refuses %j with 400',
    async (sent) => {
      const answer = await ask(sent)
      expect([answer.status, answer.json().status]).toEqual([400, 'error'])
    },
  )
})

it('counts recordings, and keeps no byte of any side call', async () => {
  const countOf = async () => {
    const line = /^lethe_records_total\{surface="record",outcome="drop",reason="recording"\} (\d+)$/m
    return Number(line.exec((await lethe.get('/metrics')).text)?.[1])
  }
  const before = await countOf()
  const canaries: string[] = []
  for (const [method, path] of calls) {
    const canary = `canary${randomUUID().replaceAll('-', '')}`
    canaries.push(canary)
    const body = method === 'POST' ? { body: { distinct_id: canary } } : {}
    const context = encodeURIComponent(JSON.stringify({ distinct_id: canary }))
    const url = `${path}?token=${us.token}&distinct_id=${canary}&context=${context}`
    expect((await lethe.send(method, url, { host: usHost, ...body })).status).toBe(200)
  }
  expect(await countOf()).toBe(before + 1)
  await lethe.stop({ keepData: true })
  expect((await scanFolder(dataDir, canaries)).found).toEqual(new Map())
  expect(lethe.logs()).toContain('"route":"/record"')
  for (const canary of canaries) expect(lethe.logs()).not.toContain(canary)
})
