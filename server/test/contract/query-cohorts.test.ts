import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, basic, type Lethe, startLethe } from '../support/lethe.ts'
import { privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, consumerAccount, eu, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    env: {
      LETHE_QUERY_PER_HOUR: '100000',
      LETHE_QUERY_CONCURRENT: '100',
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  await fill()
})
afterAll(() => lethe?.stop())

const headers = basic(adminAccount.username, adminAccount.secret)
const seconds = () => Math.floor(Date.now() / 1_000)
const good = (answer: Answer): Answer => {
  expect([200, 201], answer.text).toContain(answer.status)
  return answer
}
const event = (name: string, id: string, properties: object = {}) => ({
  event: name,
  properties: { token: us.token, distinct_id: id, time: seconds(), $insert_id: randomUUID(), ...properties },
})
const fill = async (): Promise<void> => {
  const set = (id: string, plan: string) => ({ $token: us.token, $distinct_id: id, $set: { plan } })
  good(
    await lethe.post('/engage', {
      body: [set('ann', 'pro'), set('ben', 'free'), set('cem', 'pro'), set('dan', 'free')],
    }),
  )
  good(
    await lethe.post('/track', {
      body: [
        event('Buy', 'ann', { price: 5 }),
        event('Buy', 'ann', { price: 10 }),
        event('Buy', 'ben', { price: 1 }),
        event('See', 'cem'),
        event('Renew', 'cem'),
        event('Renew', 'ann'),
        // Never had a profile; and nobody.
        event('Buy', 'eve', { price: 50 }),
        event('Buy', '', { price: 1_000 }),
        event('Join', '$device:d1', { $device_id: 'd1', $user_id: 'dan' }),
        event('Buy', '$device:d1', { $device_id: 'd1', price: 2 }),
      ],
    }),
  )
  const late = (name: string) => event(name, 'cem', { price: 3, time: seconds() - 40 * 86_400 })
  good(await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers, body: [late('Buy'), late('Renew')] }))
}

const cohortPath = (suffix = '') => `/api/app/projects/${us.id}/cohorts${suffix}`
const save = async (definition: object, name = 'cohort'): Promise<number> =>
  good(await lethe.post(cohortPath(), { headers, body: { name, definition } })).json().results.id
const dynamic = (operator: 'and' | 'or', ...conditions: readonly object[]) => ({
  type: 'dynamic',
  condition: { type: 'group', operator, conditions },
})
const engage = async (params: Record<string, string>) => {
  const form = new URLSearchParams(params).toString()
  const answer = await lethe.post(`/api/2.0/engage?project_id=${us.id}`, {
    headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form,
  })
  return good(answer).json()
}
const idsOf = ({ results }: { results: readonly { $distinct_id: string }[] }) => results.map((row) => row.$distinct_id)
const membersOf = async (id: number, more: Record<string, string> = {}): Promise<readonly string[]> =>
  idsOf(await engage({ filter_by_cohort: JSON.stringify({ id }), ...more }))
const listed = async (): Promise<readonly { id: number; count: number }[]> =>
  good(await lethe.post(`/api/query/cohorts/list?project_id=${us.id}`, { headers })).json()
const upload = (id: number, body: string | object, type = 'text/csv', method = 'PUT') =>
  lethe.send(method, cohortPath(`/${id}/members`), { headers: { ...headers, 'Content-Type': type }, body })

const bought = { type: 'did', event: 'Buy' }
const renewed = { type: 'did', event: 'Renew', first_time: true, window: { last: 30, unit: 'day' } }
const recently = { ...bought, window: { last: 30, unit: 'day' } }

describe('a dynamic cohort (RPT-06)', () => {
  it.each<readonly [string, object, readonly string[], readonly string[]]>([
    ['did', dynamic('and', bought), ['ann', 'ben', 'cem', 'dan'], ['eve']],
    ['did lately', dynamic('and', recently), ['ann', 'ben', 'dan'], ['eve']],
    ['did with a condition', dynamic('and', { ...bought, where: 'properties["price"] >= 5' }), ['ann'], ['eve']],
    ['did by the profile', dynamic('and', { ...bought, where: 'user["plan"] == "pro"' }), ['ann', 'cem'], []],
    ['did twice', dynamic('and', { ...bought, value: 2 }), ['ann'], []],
    [
      'did less than twice lately',
      dynamic('and', { ...recently, comparison: '<', value: 2 }),
      ['ben', 'cem', 'dan'],
      ['eve'],
    ],
    [
      'a sum',
      dynamic('and', { ...bought, aggregate: 'sum', property: 'price', comparison: '>', value: 14 }),
      ['ann'],
      ['eve'],
    ],
    [
      'an average',
      dynamic('and', { ...bought, aggregate: 'average', property: 'price', comparison: '==', value: 7.5 }),
      ['ann'],
      [],
    ],
    [
      'different values',
      dynamic('and', { ...bought, aggregate: 'distinct', property: 'price', value: 2 }),
      ['ann'],
      [],
    ],
    ['did not', dynamic('and', { type: 'did_not', event: 'Buy', window: { last: 30, unit: 'day' } }), ['cem'], []],
    ['any event', dynamic('and', { type: 'did', event: '$any_event', value: 5 }), [], []],
    ['a profile', dynamic('and', { type: 'profile', where: 'properties["plan"] == "pro"' }), ['ann', 'cem'], []],
    ['both', dynamic('and', recently, { type: 'profile', where: 'properties["plan"] == "free"' }), ['ben', 'dan'], []],
    ['either', dynamic('or', { type: 'did', event: 'See' }, { ...bought, value: 2 }), ['ann', 'cem'], []],
    [
      'a group in a group',
      dynamic('or', { type: 'did', event: 'See' }, dynamic('and', recently, { ...bought, value: 2 }).condition),
      ['ann', 'cem'],
      [],
    ],
    ['did for the first time', dynamic('and', { ...renewed, window: { last: 60, unit: 'day' } }), ['ann', 'cem'], []],
    ['did for the first time lately', dynamic('and', renewed), ['ann'], []],
    ['days', dynamic('and', { ...bought, window: { from_date: '2020-01-01', to_date: '2020-01-02' } }), [], []],
  ])('by %s', async (_what, definition, withProfile, without) => {
    const id = await save(definition)
    expect(await membersOf(id, { include_all_users: 'false' })).toEqual(withProfile)
    expect(await membersOf(id)).toEqual([...withProfile, ...without].sort())
    expect((await listed()).find((cohort) => cohort.id === id)?.count).toBe(withProfile.length + without.length)
  })

  it('may name others, custom events, and what was removed since', async () => {
    const buyers = await save(dynamic('and', recently))
    const custom = good(
      await lethe.post(`/api/app/projects/${us.id}/custom-events`, {
        headers,
        body: {
          name: 'Big',
          definition: { events: [{ event: 'See' }, { event: 'Buy', where: 'properties["price"] > 5' }] },
        },
      }),
    ).json().results.id
    const big = { type: 'did', event: `$custom_event:${custom}` }
    const id = await save(dynamic('and', big, { type: 'cohort', cohort_id: buyers, is_member: false }))
    expect(await membersOf(id)).toEqual(['cem'])
    expect(await membersOf(await save(dynamic('and', big, { type: 'cohort', cohort_id: buyers })))).toEqual([
      'ann',
      'eve',
    ])
    good(await lethe.send('DELETE', cohortPath(`/${buyers}`), { headers }))
    const answer = await lethe.post(`/api/2.0/engage?project_id=${us.id}`, {
      headers,
      body: { filter_by_cohort: JSON.stringify({ id }) },
    })
    expect([answer.status, answer.json().error]).toEqual([400, `the project has no cohort ${buyers}`])
    // It takes nothing from the list of the others.
    expect((await listed()).map((cohort) => cohort.id)).toContain(id)
  })

  it('shows ids without a profile bare, with one condition more, and counts only its own project', async () => {
    const id = await save(dynamic('and', bought))
    const page = await engage({ filter_by_cohort: JSON.stringify({ id }), page_size: '2' })
    expect([page.total, idsOf(page)]).toEqual([5, ['ann', 'ben']])
    const next = { filter_by_cohort: JSON.stringify({ id }), session_id: page.session_id }
    expect(idsOf(await engage({ ...next, page: '1' }))).toEqual(['cem', 'dan'])
    expect((await engage({ ...next, page: '2' })).results).toEqual([{ $distinct_id: 'eve', $properties: {} }])
    expect(await membersOf(id, { where: 'properties["plan"] == "pro"' })).toEqual(['ann', 'cem'])
    expect(await membersOf(id, { distinct_ids: '["eve","ben","nobody"]' })).toEqual(['ben', 'eve'])
    const elsewhere = await lethe.post(`/api/2.0/engage?project_id=${eu.id}`, {
      headers,
      body: { filter_by_cohort: JSON.stringify({ id }) },
    })
    expect(elsewhere.status).toBe(400)
  })
})

describe('the lists', () => {
  it('have the documented shape, hidden ones included', async () => {
    const definition = { ...dynamic('and', bought), visibility: 'shared' }
    const body = { name: 'Hidden', description: 'text', is_visible: false, definition }
    const { id } = good(await lethe.post(cohortPath(), { headers, body })).json().results
    const expected = {
      count: 5,
      is_visible: 0,
      description: 'text',
      created: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
      project_id: us.id,
      id,
      name: 'Hidden',
    }
    const asked = [
      await lethe.post(`/api/query/cohorts/list?project_id=${us.id}`, { headers }),
      await lethe.post(`/api/2.0/cohorts/list?project_id=${us.id}`, { headers, body: {} }),
      await lethe.get('/api/2.0/cohorts/list', { headers: basic(us.secret) }),
      await lethe.get(`/api/query/cohorts/list/?project_id=${us.id}`, {
        headers: basic(consumerAccount.username, consumerAccount.secret),
      }),
    ]
    for (const answer of asked) {
      expect(
        good(answer)
          .json()
          .find((cohort: { id: number }) => cohort.id === id),
      ).toEqual(expected)
    }
    const funnel = { name: 'Signup funnel', definition: { steps: [{ event: 'A' }, { event: 'B' }] } }
    const made = good(await lethe.post(`/api/app/projects/${us.id}/funnels`, { headers, body: funnel })).json().results
    expect(good(await lethe.get(`/api/query/funnels/list?project_id=${us.id}`, { headers })).json()).toEqual([
      { funnel_id: made.id, name: 'Signup funnel' },
    ])
    expect(good(await lethe.get(`/api/query/funnels/list?project_id=${eu.id}`, { headers })).json()).toEqual([])
  })
})

describe('a static cohort (RPT-06)', () => {
  it('has the members of its upload: CSV or JSON, replaced or added to', async () => {
    const id = await save({ type: 'static' })
    expect(await membersOf(id)).toEqual([])
    const csv = await upload(id, 'name,$distinct_id\r\nAnn,ann\n"B, en",ben\nDevice,$device:d1\nAgain,ann\n')
    expect([csv.status, csv.json()]).toEqual([200, { status: 'ok', results: { id, count: 3 } }])
    // Any id of a person is the person.
    expect(await membersOf(id)).toEqual(['ann', 'ben', 'dan'])
    good(await upload(id, ['fay', 'cem'], 'application/json', 'POST'))
    expect(await membersOf(id)).toEqual(['ann', 'ben', 'cem', 'dan', 'fay'])
    expect(await membersOf(id, { include_all_users: 'false' })).toEqual(['ann', 'ben', 'cem', 'dan'])
    const inside = await save(dynamic('and', { type: 'cohort', cohort_id: id, is_member: false }, recently))
    expect(await membersOf(inside)).toEqual(['eve'])
    const last = `gus-${randomUUID()}`
    good(await upload(id, { distinct_ids: [last] }, 'application/json'))
    expect(await membersOf(id)).toEqual([last])
    const path = `/api/app/projects/${us.id}/audit-log?event_type=cohort.updated`
    const audited: readonly { target: { id: string } }[] = (await lethe.get(path, { headers })).json().results
    expect(audited.filter(({ target }) => target.id === String(id))).toHaveLength(3)
    const isOnDisk = async () => (await scanFolder(lethe.dataDir, [last])).found.size > 0
    expect(await isOnDisk()).toBe(true)
    good(await lethe.send('DELETE', cohortPath(`/${id}`), { headers }))
    await waitFor('the members to leave the disk', async () => !(await isOnDisk()))
  })

  it('stays as it was when an upload is bad', async () => {
    const id = await save({ type: 'static' })
    good(await upload(id, 'id\nann\n'))
    for (const [body, type] of [
      ['id\nben\n\n"",x\n', 'text/csv'],
      ['id\nben\n"a"b\n', 'text/csv'],
      ['', 'text/csv'],
      ['{"a":1}', 'application/json'],
      ['["ben",null]', 'application/json'],
      [`["${'x'.repeat(256)}"]`, 'application/json'],
    ] as const) {
      expect([body.slice(0, 20), (await upload(id, body, type)).status]).toEqual([body.slice(0, 20), 400])
    }
    expect(await membersOf(id)).toEqual(['ann'])
    const other = await save(dynamic('and', bought))
    expect((await upload(other, 'id\nann\n')).status).toBe(400)
    expect((await upload(999_999, 'id\nann\n')).status).toBe(404)
    const consumer = { ...basic(consumerAccount.username, consumerAccount.secret), 'Content-Type': 'text/csv' }
    const refused = await lethe.send('PUT', cohortPath(`/${id}/members`), { headers: consumer, body: 'id\nann\n' })
    expect(refused.status).toBe(403)
  })
})

describe('an erasure', () => {
  it('takes people out of cohorts and pages at once, and out of the files', async () => {
    const person = `erased-${randomUUID()}`
    const onlyUploaded = `uploaded-${randomUUID()}`
    const kept = `kept-${randomUUID()}`
    const set = (id: string, at: number) => ({ $token: us.token, $distinct_id: id, $set: { paged: at } })
    good(
      await lethe.post('/engage', { body: [set('z0', 0), set('z1', 1), set(person, 2), set('z3', 3), set('z4', 4)] }),
    )
    const id = await save({ type: 'static' })
    good(await upload(id, ['z0', person, onlyUploaded, kept], 'application/json'))
    const paged = { where: 'defined(properties["paged"])', sort_key: 'properties["paged"]', page_size: '2' }
    const first = await engage(paged)
    expect([first.total, idsOf(first)]).toEqual([5, ['z0', 'z1']])
    const inCohort = { filter_by_cohort: JSON.stringify({ id }), page_size: '1' }
    const ofCohort = await engage(inCohort)
    expect(ofCohort.total).toBe(4)
    await privacyOfficer(lethe, us).erase(person, onlyUploaded)
    expect(idsOf(await engage({ ...paged, session_id: first.session_id, page: '1' }))).toEqual(['z3', 'z4'])
    expect(await membersOf(id)).toEqual([kept, 'z0'])
    const all: string[] = []
    for (const page of ['0', '1', '2', '3']) {
      all.push(...idsOf(await engage({ ...inCohort, session_id: ofCohort.session_id, page })))
    }
    expect(new Set(all)).toEqual(new Set(['z0', kept]))
    const scan = await scanFolder(lethe.dataDir, [person, onlyUploaded, kept])
    expect([...scan.found.keys()]).toEqual([kept])
    expect(lethe.logs()).not.toContain(person)
  }, 60_000)
})
