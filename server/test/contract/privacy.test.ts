import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, type SendOptions, startLethe } from '../support/lethe.ts'
import { adminAccount, analyst, eu, expiredGdprToken, other, owner, stranger, us } from '../support/provision.ts'

let lethe: Lethe
beforeAll(async () => {
  // Deletions stay PENDING here; what becomes of them when they run is asked elsewhere.
  const env = {
    LETHE_GDPR_GRACE_SECONDS: '3600',
    LETHE_GDPR_RATE_PER_SECOND: '1000000',
    LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
  }
  lethe = await startLethe({ env })
})
afterAll(() => lethe?.stop())

const as = { headers: bearer(owner.gdprToken) }
const deletions = '/api/app/data-deletions/v3.0'
const retrievals = '/api/app/data-retrievals/v3.0'
const ofUs = `?token=${us.token}`
const create = (path: string, body: SendOptions['body'], query = ofUs) =>
  lethe.post(`${path}${query}`, { ...as, ...(body === undefined ? {} : { body }) })
const status = (path: string, id: string, query = ofUs) => lethe.get(`${path}/${id}${query}`, as)
const createdId = async (path: string, ids: readonly string[], query = ofUs): Promise<string> => {
  const answer = await create(path, { distinct_ids: ids }, query)
  expect(answer.status).toBe(201)
  return answer.json().results[0].tracking_id
}
const refusal = (error: RegExp) => ({ error: expect.stringMatching(error), status: 'error' })
const newId = () => `c-${randomUUID()}`

describe('a request for retrieval or deletion', () => {
  it('is taken beside others that come at the same moment, when the rate allows them', async () => {
    const answers = await Promise.all(Array.from({ length: 12 }, () => create(deletions, { distinct_ids: [newId()] })))
    expect(answers.map((answer) => answer.status)).toEqual(Array(12).fill(201))
  })

  it.each([
    [retrievals, /^\d{19}$/],
    [deletions, /^[0-9a-f-]{36}$/],
  ])('%s is created with 201 and one element that says everything', async (path, idPattern) => {
    const answer = await create(path, { distinct_ids: ['a', 'b', 'a', 7], compliance_type: 'CCPA' })
    expect(answer.status).toBe(201)
    const body = answer.json()
    expect(body).toEqual({
      status: 'ok',
      results: [
        {
          status: 'PENDING',
          disclosure_type: 'DATA',
          date_requested: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}$/),
          tracking_id: expect.stringMatching(idPattern),
          task_id: body.results[0].tracking_id,
          project_id: us.id,
          compliance_type: 'ccpa',
          destination_url: null,
          requesting_user: owner.email,
          distinct_id_count: 3,
        },
      ],
    })
    expect(answer.headers['location']).toBe(`${path}/${body.results[0].tracking_id}`)
    const found = (await status(path, body.results[0].tracking_id)).json().results
    expect(found.distinct_ids).toEqual(['a', 'b', '7'])
  })

  it.each(['', '/'].flatMap((slash) => [retrievals, deletions].map((path) => [path + slash])))(
    '%s is taken, asked for and canceled without a redirect',
    async (path) => {
      const answer = await create(path, { distinct_ids: [newId()] })
      expect(answer.status).toBe(201)
      const bare = path.replace(/\/$/, '')
      const slash = path.endsWith('/') ? '/' : ''
      const id = answer.json().results[0].tracking_id
      expect((await lethe.get(`${bare}/${id}${slash}${ofUs}`, as)).status).toBe(200)
      if (!bare.includes('deletions')) return
      expect((await lethe.send('DELETE', `${bare}/${id}${slash}${ofUs}`, as)).status).toBe(204)
    },
  )

  it.each(['application/x-www-form-urlencoded', 'text/plain', 'application/json; charset=utf-8', undefined])(
    'is JSON under the content type %s',
    async (type) => {
      const headers = { ...as.headers, ...(type === undefined ? {} : { 'Content-Type': type }) }
      const body = JSON.stringify({ distinct_ids: ['a'] })
      expect((await lethe.post(`${deletions}${ofUs}`, { headers, body })).status).toBe(201)
    },
  )

  it('is also taken in the shape of version 2, with the token in the body and the ids as text', async () => {
    for (const kind of ['data-deletions', 'data-retrievals']) {
      const path = `/api/app/${kind}/v2.0/`
      const body = { token: us.token, distinct_ids: '["x","y"]' }
      const answer = await lethe.post(path, { ...as, body })
      expect([answer.status, answer.json().results[0].distinct_id_count]).toEqual([201, 2])
      const { tracking_id } = answer.json().results[0]
      expect((await status(`/api/app/${kind}/v2.0`, tracking_id)).json().results.distinct_ids).toEqual(['x', 'y'])
    }
    // Version 3 has the token in the query only.
    expect((await lethe.post(deletions, { ...as, body: { token: us.token, distinct_ids: ['x'] } })).status).toBe(400)
  })

  it('takes 2000 ids and refuses 2001', async () => {
    const ids = Array.from({ length: 2_000 }, (_, index) => `many-${index}`)
    for (const path of [retrievals, deletions]) {
      expect((await create(path, { distinct_ids: ids })).json().results[0].distinct_id_count).toBe(2_000)
      const refused = await create(path, { distinct_ids: [...ids, 'one more'] })
      expect([refused.status, refused.json()]).toEqual([400, refusal(/^at most 2000 distinct_ids per request$/)])
    }
  })

  it.each<[string, SendOptions['body'], RegExp]>([
    ['no body', undefined, /distinct_ids is required/],
    ['no JSON', '{"distinct_ids":', /not valid JSON/],
    ['no object', '["a"]', /must be a JSON object/],
    ['no ids', {}, /at least one id/],
    ['an empty list', { distinct_ids: [] }, /at least one id/],
    ['a blank id', { distinct_ids: ['a', ' '] }, /not blank/],
    ['a nested id', { distinct_ids: [['a']] }, /not blank/],
    ['an unknown law', { distinct_ids: ['a'], compliance_type: 'LGPD' }, /compliance_type must be one of gdpr, ccpa/],
  ])('is refused with 400 and a sentence for %s', async (_name, body, sentence) => {
    for (const path of [retrievals, deletions]) {
      const answer = await create(path, body)
      expect([answer.status, answer.json()]).toEqual([400, refusal(sentence)])
    }
  })

  it('needs the token of a project, the right to it, and the region of it', async () => {
    const body = { distinct_ids: ['a'] }
    const sent = (query: string, options: SendOptions) => lethe.post(`${deletions}${query}`, { body, ...options })
    const cases = [
      [400, await sent('', as)],
      [403, await sent('?token=unknown', as)],
      [403, await sent(`?token=${other.token}`, as)],
      [403, await sent(ofUs, { headers: bearer(stranger.gdprToken) })],
      [403, await sent(ofUs, { headers: bearer(analyst.gdprToken) })],
      [401, await sent(ofUs, {})],
      [401, await sent(ofUs, { headers: bearer('nonsense') })],
      [401, await sent(ofUs, { headers: bearer(expiredGdprToken) })],
      [401, await sent(ofUs, { headers: basic(adminAccount.username, adminAccount.secret) })],
      [401, await sent(ofUs, { headers: basic(us.secret) })],
      [403, await sent(`?token=${eu.token}`, { ...as, host: 'us.lethe.localhost' })],
      [403, await sent(ofUs, { ...as, host: 'eu.lethe.localhost' })],
    ] as const
    for (const [expected, answer] of cases) expect([answer.status, answer.json()]).toEqual([expected, refusal(/./)])
    expect(cases.at(-2)?.[1].json().error).toContain('EU')
  })

  it('is the only thing that its bearer opens', async () => {
    const paths = [
      `/api/2.0/export?project_id=${us.id}&from_date=2026-01-01&to_date=2026-01-01`,
      '/api/app/me',
      '/api/app/organizations/1/audit-logs',
    ]
    for (const path of paths) expect([path, (await lethe.get(path, as)).status]).not.toEqual([path, 200])
    expect((await lethe.get(paths[0] ?? '', as)).status).toBe(401)
    expect((await lethe.post(`/import?project_id=${us.id}`, { ...as, body: [] })).status).toBe(401)
  })
})

describe('the state of a request', () => {
  it('is told with the fields of the documents', async () => {
    const deletion = await createdId(deletions, ['d'])
    expect((await status(deletions, deletion)).json()).toEqual({
      status: 'ok',
      results: {
        tracking_id: deletion,
        status: 'PENDING',
        requesting_user: owner.email,
        compliance_type: 'GDPR',
        project_id: us.id,
        date_requested: expect.any(String),
        distinct_ids: ['d'],
        result: '',
      },
    })
    const retrieval = await createdId(retrievals, ['d'])
    const { results } = (await status(retrievals, retrieval)).json()
    expect(results).toMatchObject({ tracking_id: retrieval, distinct_ids: ['d'], distinct_id_count: 1 })
    expect(results.result).toBe(results.results)
  })

  it('is NOT_FOUND, and nothing else, for what is not there, not of this kind or not of this project', async () => {
    const deletion = await createdId(deletions, [newId()])
    const retrieval = await createdId(retrievals, [newId()])
    const ofEu = await createdId(deletions, [newId()], `?token=${eu.token}`)
    for (const [path, id] of [
      [deletions, randomUUID()],
      [retrievals, '1583792934719392965'],
      [retrievals, deletion],
      [deletions, retrieval],
      [deletions, ofEu],
      [deletions, `${'x'.repeat(900)}`],
    ] as const) {
      const answer = await status(path, id)
      expect([answer.status, answer.json()]).toEqual([
        200,
        { status: 'ok', results: { status: 'NOT_FOUND', result: '', distinct_ids: [] } },
      ])
    }
  })
})

describe('a cancellation', () => {
  const state = async (id: string) => (await status(deletions, id)).json().results.status
  const cancel = (id: string, query = ofUs) => lethe.send('DELETE', `${deletions}/${id}${query}`, as)

  it('by tracking id answers 204 with nothing, then 405', async () => {
    const id = await createdId(deletions, [newId()])
    expect(await state(id)).toBe('PENDING')
    const canceled = await cancel(id)
    expect([canceled.status, canceled.text]).toEqual([204, ''])
    expect(await state(id)).toBe('REVOKED')
    const again = await cancel(id)
    expect([again.status, again.json(), again.headers['allow']]).toEqual([405, refusal(/REVOKED/), 'GET'])
  })

  it('of an unknown id, or with the token of another project, answers 404 and changes nothing', async () => {
    const id = await createdId(deletions, [newId()])
    expect((await cancel(randomUUID())).status).toBe(404)
    expect((await cancel(id, `?token=${eu.token}`)).status).toBe(404)
    expect((await lethe.send('DELETE', `${retrievals}/${id}${ofUs}`, as)).status).toBe(404)
    expect(await state(id)).toBe('PENDING')
  })

  it('by ids takes them out of every request that waits; one without ids is REVOKED', async () => {
    const [a, b, c] = [newId(), newId(), newId()]
    const both = await createdId(deletions, [a, b, c])
    const only = await createdId(deletions, [a])
    const untouched = await createdId(deletions, [c])
    const elsewhere = await createdId(deletions, [a], `?token=${eu.token}`)
    const byIds = (ids: unknown) => lethe.send('DELETE', `${deletions}/${ofUs}`, { ...as, body: { distinct_ids: ids } })
    const canceled = await byIds([a, b])
    expect([canceled.status, canceled.text]).toEqual([204, ''])
    expect((await status(deletions, both)).json().results).toMatchObject({ status: 'PENDING', distinct_ids: [c] })
    expect(await state(only)).toBe('REVOKED')
    expect((await status(deletions, untouched)).json().results).toMatchObject({ status: 'PENDING', distinct_ids: [c] })
    expect((await status(deletions, elsewhere, `?token=${eu.token}`)).json().results.status).toBe('PENDING')
    const again = await byIds([a, b])
    expect([again.status, again.json()]).toEqual([405, refusal(/no deletion/)])
    expect((await byIds([])).status).toBe(400)
  })

  it('may name the task in the body or the query of the collection', async () => {
    for (const [query, body] of [
      ['&tracking_id=', undefined],
      ['&task_id=', undefined],
    ] as const) {
      const id = await createdId(deletions, [newId()])
      const answer = await lethe.send('DELETE', `${deletions}${ofUs}${query}${id}`, { ...as, ...(body ?? {}) })
      expect([answer.status, await state(id)]).toEqual([204, 'REVOKED'])
    }
    const id = await createdId(deletions, [newId()])
    expect((await lethe.send('DELETE', `${deletions}${ofUs}`, { ...as, body: { tracking_id: id } })).status).toBe(204)
    expect(await state(id)).toBe('REVOKED')
  })

  it('is the only other method: the rest is 405 with Allow', async () => {
    const answer = await lethe.get(`${deletions}${ofUs}`, as)
    expect([answer.status, answer.json()]).toEqual([405, refusal(/GET/)])
    expect(answer.headers['allow']).toContain('POST')
    expect((await lethe.send('PUT', `${deletions}/x${ofUs}`, as)).status).toBe(405)
  })
})
