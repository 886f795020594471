import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { analystAccount, consumerAccount, eu, other, owner, strangerAccount, us } from '../support/provision.ts'
import { account, askQuery, eventAt, importEvents } from '../support/query-project.ts'
import { waitFor } from '../support/wait-for.ts'

// How every endpoint of the Query API is asked, and what none of them lets through (query §1, §7; QRY-20…22).

const days = { from_date: '2026-03-01', to_date: '2026-03-02' }
const form = (values: Readonly<Record<string, string | number>>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&')

describe('questions', () => {
  let lethe: Lethe
  beforeAll(async () => {
    lethe = await startLethe({ env: { LETHE_GDPR_GRACE_SECONDS: '0' } })
    const events = (mark: string) => [
      eventAt('Seen', '2026-03-01T10:00:00Z', 'anna', { mark, n: 1 }),
      eventAt('Seen', '2026-03-02T10:00:00Z', 'ben', { mark, n: 2 }),
    ]
    await importEvents(lethe, us.id, events('us'))
    await importEvents(lethe, eu.id, [...events('eu'), eventAt('Seen', '2026-03-02T10:00:00Z', 'eve', { mark: 'eu' })])
    const inOther = [eventAt('Seen', '2026-03-01T10:00:00Z', 'otto', { mark: 'other' })]
    const stranger = basic(strangerAccount.username, strangerAccount.secret)
    const sent = await lethe.post(`/import?strict=1&project_id=${other.id}`, { headers: stranger, body: inOther })
    expect(sent.status).toBe(200)
  })
  afterAll(() => lethe?.stop())

  const asked = { event: 'Seen', ...days, on: 'mark' }
  const values = { us: { '2026-03-01': 1, '2026-03-02': 1 } }

  it.each(['/api/query', '/api/2.0'])('come by GET, form and JSON at %s', async (family) => {
    const path = `${family}/segmentation`
    const inQuery = form({ ...asked, project_id: us.id })
    const answers = [
      await lethe.get(`${path}?${inQuery}`, { headers: account }),
      await lethe.get(`${path}/?${inQuery}`, { headers: account }),
      await lethe.post(`${path}?${inQuery}`, { headers: account }),
      await lethe.post(path, { headers: account, body: inQuery }),
      await lethe.post(`${path}?project_id=${us.id}`, { headers: account, body: form(asked) }),
      await lethe.post(path, { headers: account, body: { ...asked, project_id: us.id, unknown: { a: 1 }, limit: 10 } }),
      await lethe.post(path, {
        headers: { ...account, 'Content-Type': 'application/json' },
        body: JSON.stringify({ ...asked, project_id: String(us.id), event: 'Seen' }),
      }),
    ]
    for (const answer of answers) expect(answer.json().data.values).toEqual(values)
  })

  it('take the project from the secret, and ask a service account for it', async () => {
    const secret = basic(us.secret)
    const own = await lethe.get(`/api/query/segmentation?${form(asked)}`, { headers: secret })
    expect(own.json().data.values).toEqual(values)
    const named = await lethe.get(`/api/query/segmentation?${form({ ...asked, project_id: us.id })}`, {
      headers: secret,
    })
    expect(named.status).toBe(200)
    const unnamed = await lethe.get(`/api/query/segmentation?${form(asked)}`, { headers: account })
    const { error } = expectDocumented('GET /api/query/segmentation', '400', unnamed)
    expect(error).toContain('project_id is required')
    const crossed = await lethe.get(`/api/query/segmentation?${form({ ...asked, project_id: eu.id })}`, {
      headers: secret,
    })
    expect(crossed.status).toBe(400)
  })

  it('are refused without a right to the project, all in one shape', async () => {
    const path = `/api/query/segmentation?${form({ ...asked, project_id: us.id })}`
    for (const headers of [{}, basic(us.token), basic('nobody', 'x')] as Record<string, string>[]) {
      expectDocumented('GET /api/query/segmentation', '401', await lethe.get(path, { headers }))
    }
    const stranger = basic(strangerAccount.username, strangerAccount.secret)
    expectDocumented('GET /api/query/segmentation', '403', await lethe.get(path, { headers: stranger }))
    const consumer = basic(consumerAccount.username, consumerAccount.secret)
    expect((await lethe.get(path, { headers: consumer })).status).toBe(200)
    const inBody = await lethe.post('/api/query/segmentation', {
      headers: stranger,
      body: { ...asked, project_id: us.id },
    })
    expect(inBody.status).toBe(403)
  })

  it('are refused on the host of another region, with the right one named', async () => {
    const path = `/api/query/segmentation?${form({ ...asked, project_id: eu.id })}`
    const refused = await lethe.get(path, { headers: account, host: 'us.lethe.localhost' })
    expect(expectDocumented('GET /api/query/segmentation', '403', refused).error).toContain('eu.mixpanel.com')
    const body = form({ ...asked, project_id: eu.id })
    const posted = await lethe.post('/api/2.0/segmentation', { headers: account, host: 'us.lethe.localhost', body })
    expect(posted.status).toBe(403)
    const home = await lethe.get(path, { headers: account, host: 'eu.lethe.localhost' })
    expect(home.json().data.values).toEqual({ eu: { '2026-03-01': 1, '2026-03-02': 2 } })
  })

  it('see their own project only, whatever is written into them', async () => {
    const hostile = [
      `properties["mark"] == "eu" or 1 == 1`,
      `properties["mark') OR 1=1 --"] == "x"`,
      `properties["mark"] == "' OR e.project_id > 0 OR '"`,
      `properties["{projectId:UInt64}"] == "}"`,
      'true',
    ]
    for (const where of hostile) {
      const answer = await askQuery(lethe, us.id, 'segmentation', { ...asked, where })
      expect([where, answer.status]).toEqual([where, 200])
      for (const key of Object.keys(answer.json().data.values)) expect(key).toBe('us')
    }
    for (const project of [us, eu]) {
      const mark = project === us ? 'us' : 'eu'
      const found = await askQuery(lethe, project.id, 'events/properties', {
        ...days,
        event: 'Seen',
        name: 'mark',
        type: 'unique',
        unit: 'month',
      })
      expect(Object.keys(found.json().data.values)).toEqual([mark])
    }
  })

  it('count the same event once, however often it was sent, and the latest of its forms', async () => {
    const first = eventAt('Twice', '2026-03-01T10:00:00Z', 'anna', { form: 'first' })
    const second = { ...first, properties: { ...first.properties, form: 'second' } }
    const values = { event: 'Twice', ...days, on: 'form' }
    await importEvents(lethe, us.id, [first])
    expect((await askQuery(lethe, us.id, 'segmentation', values)).json().data.values).toEqual({
      first: { '2026-03-01': 1, '2026-03-02': 0 },
    })
    await importEvents(lethe, us.id, [first, second])
    expect((await askQuery(lethe, us.id, 'segmentation', values)).json().data.values).toEqual({
      second: { '2026-03-01': 1, '2026-03-02': 0 },
    })
  })

  it('count a person once, under whichever ids', async () => {
    const device = { $device_id: 'device-1' }
    await importEvents(lethe, us.id, [
      eventAt('Visit', '2026-03-01T10:00:00Z', '$device:device-1', device),
      eventAt('Visit', '2026-03-01T11:00:00Z', 'ida', { ...device, $user_id: 'ida' }),
      eventAt('Visit', '2026-03-01T12:00:00Z', 'ida', {}),
    ])
    const profile = { $token: us.token, $distinct_id: 'ida', $set: { city: 'Bonn' } }
    expect((await lethe.post('/engage', { body: [profile] })).text).toBe('1')
    const visits = { event: 'Visit', from_date: '2026-03-01', to_date: '2026-03-01' }
    const unique = await askQuery(lethe, us.id, 'segmentation', { ...visits, type: 'unique' })
    expect(unique.json().data.values).toEqual({ Visit: { '2026-03-01': 1 } })
    const average = await askQuery(lethe, us.id, 'segmentation', { ...visits, type: 'average', on: 'user["city"]' })
    expect(average.json().data.values).toEqual({ Bonn: { '2026-03-01': 3 } })
  })

  it('do not see who is erased', async () => {
    await importEvents(lethe, us.id, [
      eventAt('Met', '2026-03-01T10:00:00Z', 'zoe'),
      eventAt('Met', '2026-03-01T11:00:00Z', 'yan'),
    ])
    const met = async (type: string): Promise<number> => {
      const answer = await askQuery(lethe, us.id, 'segmentation', { ...days, event: 'Met', type })
      return answer.json().data.values.Met['2026-03-01']
    }
    expect([await met('general'), await met('unique')]).toEqual([2, 2])
    const headers = bearer(owner.gdprToken)
    const body = { distinct_ids: ['zoe'], compliance_type: 'GDPR' }
    const created = await lethe.post(`/api/app/data-deletions/v3.0?token=${us.token}`, { headers, body })
    expect(created.status).toBe(201)
    await waitFor('the person to be gone', async () => ((await met('general')) === 1 ? true : null))
    expect([await met('general'), await met('unique')]).toEqual([1, 1])
  })

  it('explain themselves to admins of the project', async () => {
    const path = `/api/query/segmentation?${form({ ...asked, project_id: us.id, explain: 1 })}`
    const { view, statements } = (await lethe.get(path, { headers: account })).json()
    expect(view).toMatchObject({ timezone: 'UTC', data_view: null })
    expect(statements).toHaveLength(1)
    expect(statements[0].sql).toContain('{projectId:UInt64}')
    expect(statements[0].params).toMatchObject({ projectId: us.id })
    expect(statements[0].readRows).toBeGreaterThan(0)
    const analyst = basic(analystAccount.username, analystAccount.secret)
    expect((await lethe.get(path, { headers: analyst })).status).toBe(403)
  })

  it('go through a data view, and name custom events', async () => {
    const save = async (kind: string, definition: object): Promise<number> => {
      const body = { name: kind, definition }
      const answer = await lethe.post(`/api/app/projects/${us.id}/${kind}`, { headers: account, body })
      expect([answer.status, answer.text]).toEqual([201, answer.text])
      return answer.json().results.id
    }
    const view = await save('data-views', { where: 'properties["n"] == 2' })
    const inView = await askQuery(lethe, us.id, 'segmentation', { ...asked, workspace_id: view })
    expect(inView.json().data.values).toEqual({ us: { '2026-03-01': 0, '2026-03-02': 1 } })
    const custom = await save('custom-events', {
      events: [{ event: 'Seen', where: 'properties["n"] == 1' }, { event: 'Twice' }],
    })
    const name = `$custom_event:${custom}`
    const counted = await askQuery(lethe, us.id, 'segmentation', { event: name, ...days })
    expect(counted.json().data.values).toEqual({ [name]: { '2026-03-01': 2, '2026-03-02': 0 } })
    const several = await askQuery(lethe, us.id, 'events', {
      event: JSON.stringify([name, 'Seen']),
      ...days,
      type: 'general',
      unit: 'day',
    })
    expect(several.json().data.values).toEqual({
      [name]: { '2026-03-01': 2, '2026-03-02': 0 },
      Seen: { '2026-03-01': 1, '2026-03-02': 1 },
    })
    expect((await askQuery(lethe, eu.id, 'segmentation', { ...asked, workspace_id: view })).status).toBe(400)
  })
})

describe('limits of the Query API', () => {
  let lethe: Lethe
  beforeAll(async () => {
    lethe = await startLethe({ env: { LETHE_QUERY_PER_HOUR: '60', LETHE_QUERY_CONCURRENT: '5' } })
  })
  afterAll(() => lethe?.stop())

  it('are 60 an hour over all endpoints, for each project by itself', async () => {
    const names = ['events/names', 'events/top']
    for (let count = 0; count < 60; ) {
      const left = Math.min(5, 60 - count)
      const answers = await Promise.all(
        Array.from({ length: left }, (_, at) =>
          askQuery(lethe, us.id, names[at % 2] as string, { type: at === 4 ? 'wrong' : 'general' }),
        ),
      )
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 200, 400])
      count += left
    }
    const refused = await askQuery(lethe, us.id, 'segmentation', { event: 'A', ...days })
    expectDocumented('GET /api/query/segmentation', '429', refused)
    expect(refused.text).toBe('{"error":"Query rate limit exceeded","status":"error"}')
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(3_000)
    expect((await askQuery(lethe, eu.id, 'events/names', { type: 'general' })).status).toBe(200)
  })

  it('are 5 at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => askQuery(lethe, other.id, 'events/names', { type: 'general' })),
    )
    expect(answers.every(({ status }) => status === 403)).toBe(true)
    const burst = await Promise.all(
      Array.from({ length: 20 }, () => askQuery(lethe, eu.id, 'events/names', { type: 'general' })),
    )
    const refused = burst.filter(({ status }) => status === 429)
    expect(burst.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(5)
    expect(refused.length).toBeGreaterThan(0)
    for (const answer of refused) {
      expect(answer.text).toBe('{"error":"Query rate limit exceeded","status":"error"}')
      expect(Number(answer.headers['retry-after'])).toBeLessThan(60)
    }
    expect((await askQuery(lethe, eu.id, 'events/names', { type: 'general' })).status).toBe(200)
  })
})

it('every documented error of segmentation was checked', () => {
  const isMine = (key: string) => key.startsWith('4')
  expect(notChecked(isMine, ['query']).filter((label) => label.includes('/segmentation →'))).toEqual([])
})
