import { connect } from 'node:net'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, basic, type Lethe, type SendOptions, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, consumerAccount, defaultProvision, eu, other, us } from '../support/provision.ts'

// ING-25, as the public API says it (ingestion §15).

const accounts = '55b4fb2b-e8de-466c-930f-8b36640b9b5e'
const catalog = '1297297a-43a7-4cac-82b0-635d2bd88aac'
const foreign = 'f077cb07-008a-4955-8a4a-b4c163db3a87'
const european = '9ff2a3d4-5f0f-4d4e-9b8c-2b1a4f6f0c11'
const tablesOf: Readonly<Record<number, readonly { id: string; name: string }[]>> = {
  [us.id]: [
    { id: catalog, name: 'Product Catalog' },
    { id: accounts, name: 'Accounts' },
  ],
  [eu.id]: [{ id: european, name: 'Accounts' }],
  [other.id]: [{ id: foreign, name: 'Theirs' }],
}

let lethe: Lethe
beforeAll(async () => {
  const { organizations } = defaultProvision()
  const withTables = organizations.map((organization) => ({
    ...organization,
    projects: organization.projects.map((project) => ({ ...project, lookup_tables: tablesOf[project.id] ?? [] })),
  }))
  lethe = await startLethe({ provision: { organizations: withTables } })
})
afterAll(() => lethe?.stop())

const account = basic(adminAccount.username, adminAccount.secret)
const analyst = basic(analystAccount.username, analystAccount.secret)
const consumer = basic(consumerAccount.username, consumerAccount.secret)
const ok = { code: 200, status: 'OK' }
const good = 'id,field1,field2\nkey1,v1,z1\nkey2,z1,z2\n'

const put = (id: string, body: string | Buffer, options: SendOptions = {}, projectId: number = us.id) =>
  lethe.send('PUT', `/lookup-tables/${id}?project_id=${projectId}`, {
    body,
    ...options,
    headers: { ...account, 'Content-Type': 'text/csv', ...options.headers },
  })
const list = (path = `/lookup-tables?project_id=${us.id}`, headers = account) => lethe.get(path, { headers })
const expectAnswer = (answer: Answer, status: number, body: object) => {
  expect([answer.status, answer.json()]).toEqual([status, body])
  expect(answer.headers['content-type']).toContain('application/json')
}
const importError = (code: number, error: unknown, status: string) => ({ code, error, status })

describe('the list of tables', () => {
  const results = [
    { id: accounts, name: 'Accounts' },
    { id: catalog, name: 'Product Catalog' },
  ]
  it.each([
    [`/lookup-tables?project_id=${us.id}`, account],
    [`/lookup-tables/?project_id=${us.id}`, consumer],
    ['/lookup-tables', basic(us.secret)],
    [`/lookup-tables?project_id=${us.id}`, basic(us.secret)],
  ])('%s is those of the project', async (path, headers) => {
    expectAnswer(await list(path, headers), 200, { ...ok, results })
  })

  it('is for nobody else', async () => {
    const unauthorized = importError(401, 'Invalid credentials', 'Unauthorized')
    for (const headers of [basic(us.token), basic('nobody', 'x')]) {
      expectAnswer(await list(undefined, headers), 401, unauthorized)
    }
    const forbidden = importError(403, expect.any(String), 'Forbidden')
    expectAnswer(await list(`/lookup-tables?project_id=${other.id}`), 403, forbidden)
    expectAnswer(await lethe.post('/lookup-tables'), 405, importError(405, expect.any(String), 'Method Not Allowed'))
  })
})

describe('a PUT', () => {
  it('is taken plain, gzipped, with a slash at the end, by every role and the secret', async () => {
    expectAnswer(await put(accounts, good), 200, ok)
    expectAnswer(await put(accounts, gzipSync(good), { headers: { 'Content-Encoding': 'gzip' } }), 200, ok)
    expectAnswer(await put(accounts, good, { headers: { 'Content-Type': 'application/json' } }), 200, ok)
    expectAnswer(await put(`${accounts.toUpperCase()}/`, good, { headers: analyst }), 200, ok)
    expectAnswer(await put(accounts, good, { headers: consumer }), 200, ok)
    expectAnswer(await put(accounts, good, { headers: basic(us.secret) }), 200, ok)
    expectAnswer(await put(european, good, { host: 'eu.lethe.localhost' }, eu.id), 200, ok)
  })

  it('is taken as mixpanel-import sends it: with an empty Content-Encoding', async () => {
    const path = `/lookup-tables/${accounts}?ip=0&verbose=1&strict=1&project_id=${us.id}`
    const headers = {
      'user-agent': 'got (https://github.com/sindresorhus/got)',
      ...account,
      'content-type': 'text/csv',
      'content-encoding': '',
      accept: 'application/json',
      'accept-encoding': 'gzip, deflate, br',
    }
    const answer = await lethe.send('PUT', path, { host: 'api.mixpanel.com', headers, body: 'id,name\n1,a\n2,b\n' })
    expect([answer.status, answer.text]).toEqual([200, '{"code":200,"status":"OK"}'])
  })

  it('names each bad row', async () => {
    const answer = await put(accounts, 'id,a\nk1,1\n,2\nk3\nk1,3\n')
    expectAnswer(answer, 400, {
      code: 400,
      error: 'Some data points in the request failed validation.',
      status: 'Bad Request',
      failed_records: [
        { index: 2, message: 'primary key is required and cannot be blank' },
        { index: 3, message: 'invalid row: wrong number of fields' },
        { index: 4, message: 'invalid row: row indexes 1 and 4 have the same primary key' },
      ],
    })
    const many = await put(accounts, `id,a\n${'k\n'.repeat(1_000_000)}`)
    expect([many.status, many.json().failed_records.length]).toEqual([400, 10])
  })

  it.each([
    ['', 'begins with a header'],
    ['id\n1\n', 'at least two columns'],
    ['id,a,a\n1,2,3\n', 'must be unique'],
    [`id,a\n1,"${'x'.repeat(1_100_000)}\n`, 'a row is longer than'],
    [Buffer.from([0x69, 0x64, 0x2c, 0xff]), 'not valid UTF-8'],
  ])('of no table is refused: %#', async (body, text) => {
    const answer = await put(accounts, body)
    const { error } = answer.json()
    expect(error).toContain(text)
    expectAnswer(answer, 400, { code: 400, error, failed_records: [], num_records_imported: 0, status: 'Bad Request' })
  })

  it.each([foreign, european, '00000000-0000-4000-8000-000000000000', 'tbl-1'])('to %s is 404', async (id) => {
    const error = `Lookup table with id '${id}' was not found.`
    expectAnswer(await put(id, good), 404, importError(404, error, 'Not Found'))
  })

  it('by nobody, or for the project of others, is refused before its body is read', async () => {
    for (const headers of [basic('nobody', 'x'), basic(us.token)]) {
      const unauthorized = importError(401, 'Invalid credentials', 'Unauthorized')
      expectAnswer(await put(accounts, 'x'.repeat(10_000_000), { headers }), 401, unauthorized)
    }
    const forbidden = importError(403, expect.any(String), 'Forbidden')
    expectAnswer(await put(foreign, good, {}, other.id), 403, forbidden)
    expectAnswer(await put(foreign, good, { host: 'us.lethe.localhost' }, eu.id), 403, {
      ...forbidden,
      error: expect.stringContaining('send this request to api-eu.mixpanel.com'),
    })
  })

  it('of more than 100 MB after gunzip is 413', async () => {
    const bytesMax = 100 * 1_024 * 1_024
    const headers = { 'Content-Encoding': 'gzip' }
    const tooLarge = importError(413, `request exceeds max limit of ${bytesMax} bytes`, 'Request Entity Too Large')
    expectAnswer(await put(accounts, gzipSync(Buffer.alloc(bytesMax + 1, '\n')), { headers }), 413, tooLarge)
  })

  it('that is refused early leaves its connection to the next request', async () => {
    const socket = connect(lethe.port, '127.0.0.1')
    const head = (name: string, length: number) =>
      [`PUT /lookup-tables/${accounts}?project_id=${us.id} HTTP/1.1`, `Host: x`, `Content-Type: text/csv`]
        .concat([`Authorization: ${account.Authorization}`, `X-Name: ${name}`, `Content-Length: ${length}`])
        .concat('', '')
        .join('\r\n')
    const bad = `id,id\n${'k,v\n'.repeat(1_000_000)}`
    socket.write(head('first', bad.length))
    socket.write(bad)
    socket.write(head('second', good.length) + good)
    let received = ''
    for await (const chunk of socket) {
      received += chunk
      if ((received.match(/HTTP\/1\.1 /g) ?? []).length === 2 && received.endsWith('}')) break
    }
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400', 'HTTP/1.1 200'])
  })
})

describe('tables', () => {
  const path = `/api/app/projects/${us.id}/lookup-tables`
  const create = (body: object, headers = account) => lethe.post(path, { headers, body })

  it('are made and removed by those who administer the project', async () => {
    const made = await create({ name: ' Stores ' })
    const { id } = made.json().results
    expectAnswer(made, 201, { status: 'ok', results: { id, name: 'Stores' } })
    expectAnswer(await put(id, good), 200, ok)
    expect((await list()).json().results).toContainEqual({ id, name: 'Stores' })
    expectAnswer(await create({ name: 'Stores' }), 409, {
      error: 'a lookup table of this name exists',
      status: 'error',
    })
    const remove = (headers = account) => lethe.send('DELETE', `${path}/${id}`, { headers })
    expect((await remove(analyst)).status).toBe(403)
    expectAnswer(await remove(), 200, { status: 'ok' })
    const notFound = { error: `Lookup table with id '${id}' was not found.`, status: 'error' }
    expectAnswer(await remove(), 404, notFound)
    expect((await put(id, good)).status).toBe(404)
    expect((await list()).text).not.toContain('Stores')
  })

  it('need a name, and the right', async () => {
    for (const body of [{}, { name: ' ' }, { name: 1 }, { name: 'a', id: accounts }, { name: 'a'.repeat(256) }]) {
      expect([body, (await create(body)).status]).toEqual([body, 400])
    }
    for (const [headers, status] of [
      [analyst, 403],
      [basic(us.secret), 401],
    ] as const) {
      expect((await create({ name: 'Mine' }, headers)).status).toBe(status)
    }
    expect((await lethe.send('DELETE', `${path}/${foreign}`, { headers: account })).status).toBe(404)
  })
})

it('the hundredth PUT of a day is taken, the next is 429', async () => {
  const statuses = new Set<number>()
  // One was sent above.
  for (let count = 1; count < 100; count += 1) statuses.add((await put(european, 'id', {}, eu.id)).status)
  expect([...statuses]).toEqual([400])
  const answer = await put(european, good, {}, eu.id)
  const error = 'Project exceeded rate limits. Please retry the request with exponential backoff.'
  expectAnswer(answer, 429, importError(429, error, 'Too Many Requests'))
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(86_000)
})
