// Long: every kind of saved definition, over one server.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Answer, basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, consumerAccount, eu, owner, strangerAccount, us } from '../support/provision.ts'

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe()
})
afterAll(() => lethe?.stop())

const of = ({ username, secret }: typeof adminAccount) => basic(username, secret)
const [admin, analyst, consumer, stranger] = [
  of(adminAccount),
  of(analystAccount),
  of(consumerAccount),
  of(strangerAccount),
]
const path = (name: string, projectId: number = us.id): string => `/api/app/projects/${projectId}/${name}`
const send = (method: string, name: string, body?: object, headers = analyst): Promise<Answer> =>
  lethe.send(method, path(name), {
    ...(headers === undefined ? {} : { headers }),
    ...(body === undefined ? {} : { body }),
  })
const made = async (
  name: string,
  body: object,
  headers = analyst,
): Promise<Record<string, unknown> & { id: number }> => {
  const answer = await send('POST', name, body, headers)
  expect(answer.status, answer.text).toBe(201)
  expect(answer.json().status).toBe('ok')
  return answer.json().results
}

const funnel = { steps: [{ event: 'Sign up' }, { event: 'Buy', where: 'properties["price"] > 1', label: 'Paid' }] }
const definitions: Readonly<Record<string, object>> = {
  funnels: funnel,
  bookmarks: { type: 'insights', metrics: [{ event: 'Buy' }], dates: { last: 30, unit: 'day' } },
  cohorts: {
    type: 'dynamic',
    visibility: 'shared',
    condition: { type: 'group', operator: 'and', conditions: [{ type: 'did', event: 'Buy' }] },
  },
  'custom-events': { events: [{ event: 'Buy' }, { event: 'Renew', where: 'properties["n"] == 1' }] },
  'data-views': { events: ['Buy'], where: 'properties["country"] == "DE"' },
  'custom-properties': { type: 'formula', of: 'event', formula: 'properties["price"] * 2' },
}

describe.each(Object.entries(definitions))('saved %s', (name, definition) => {
  it('are made, read, changed and removed', async () => {
    const { id, ...rest } = await made(name, { name: ' First ', description: 'what it is', definition })
    expect(rest).toMatchObject({
      name: 'First',
      description: 'what it is',
      is_visible: true,
      definition,
      creator: { type: 'service_account', name: analystAccount.username },
      created_at: expect.stringMatching(/Z$/),
    })
    const one = await send('GET', `${name}/${id}`, undefined, consumer)
    expect([one.status, one.json()]).toEqual([200, { status: 'ok', results: { id, ...rest } }])
    const changed = await send('PATCH', `${name}/${id}`, { name: 'Second', is_visible: false })
    expect(changed.json().results).toMatchObject({
      id,
      name: 'Second',
      description: 'what it is',
      is_visible: false,
      definition,
    })
    expect((await send('GET', name)).json().results.map((item: { name: string }) => item.name)).toEqual(['Second'])
    expect((await lethe.get(path(name, eu.id), { headers: admin })).json().results).toEqual([])
    expect((await lethe.get(path(`${name}/${id}`, eu.id), { headers: admin })).status).toBe(404)
    const removed = await send('DELETE', `${name}/${id}`)
    expect([removed.status, removed.json()]).toEqual([200, { status: 'ok', results: { id } }])
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const gone = await send(method, `${name}/${id}`, method === 'PATCH' ? { name: 'x' } : undefined)
      expect([gone.status, gone.json().status]).toEqual([404, 'error'])
    }
  })

  it('are written by analysts and better, read by members, and nobody else', async () => {
    expect((await send('POST', name, { name: 'x', definition }, consumer)).status).toBe(403)
    for (const method of ['GET', 'POST']) {
      expect(
        (await send(method, name, method === 'GET' ? undefined : { name: 'x', definition }, stranger)).status,
      ).toBe(403)
    }
    expect((await lethe.get(path(name))).status).toBe(401)
    expect((await lethe.get(path(name), { headers: basic(us.secret) })).status).toBe(401)
  })

  it.each([
    ['no name', { definition: {} }],
    ['an empty name', { name: ' ', definition: {} }],
    ['an unknown key', { name: 'x', definition: {}, colour: 'red' }],
    ['no definition', { name: 'x' }],
    ['a definition of something else', { name: 'x', definition: { nothing: 1 } }],
    ['characters that cannot be stored', { name: 'a\0b', definition: {} }],
    ['a list', []],
  ])('are refused with 400: %s', async (_what, body) => {
    const sent = 'definition' in body && Object.keys(body.definition).length === 0 ? { ...body, definition } : body
    const answer = await send('POST', name, sent)
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })
})

describe('what a definition must keep', () => {
  const cohort = (...conditions: readonly object[]) => ({
    type: 'dynamic',
    condition: { type: 'group', operator: 'and', conditions },
  })
  const deep = (levels: number): object =>
    levels === 0 ? { type: 'did', event: 'A' } : { type: 'group', operator: 'or', conditions: [deep(levels - 1)] }

  it.each<readonly [string, string, object]>([
    ['funnels', 'a step without an event', { steps: [{ label: 'x' }] }],
    ['funnels', 'no steps', { steps: [] }],
    ['funnels', 'an expression that is none', { steps: [{ event: 'A', where: 'properties["x"' }] }],
    ['funnels', 'a window of more than 366 days', { ...funnel, length: 367 }],
    ['funnels', 'more than 12 sessions', { ...funnel, length: 13, length_unit: 'session', counting: 'sessions' }],
    ['funnels', 'four properties that are held', { ...funnel, hold_constant: ['a', 'b', 'c', 'd'] }],
    ['funnels', 'an exclusion after the end', { ...funnel, exclusions: [{ event: 'X', from_step: 1, to_step: 2 }] }],
    ['funnels', 'a custom event that is not there', { steps: [{ event: '$custom_event:999999' }] }],
    [
      'bookmarks',
      'a measure without its property',
      { type: 'insights', metrics: [{ event: 'A', math: 'sum' }], dates: { last: 1, unit: 'day' } },
    ],
    [
      'bookmarks',
      'days the wrong way round',
      { type: 'insights', metrics: [{ event: 'A' }], dates: { from_date: '2024-02-02', to_date: '2024-02-01' } },
    ],
    ['custom-events', 'sessions', { events: [{ event: '$session_start' }] }],
    ['custom-events', 'custom events', { events: [{ event: '$custom_event:1' }] }],
    ['custom-events', 'too many', { events: Array.from({ length: 26 }, (_, at) => ({ event: `E${at}` })) }],
    ['cohorts', 'a count of a property', cohort({ type: 'did', event: 'A', property: 'p' })],
    ['cohorts', 'a cohort that is not there', cohort({ type: 'cohort', cohort_id: 999_999 })],
    ['cohorts', 'a first time without a window', cohort({ type: 'did', event: 'A', first_time: true })],
    ['cohorts', 'six levels', cohort(deep(6))],
    ['cohorts', 'far too many levels', cohort(deep(800))],
    ['data-views', 'an expression that is none', { profile_where: 'user["x"] ==' }],
  ])('%s: not %s', async (name, _what, definition) => {
    const answer = await send('POST', name, { name: 'x', definition })
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })

  it('fills in what was left out', async () => {
    const { definition } = await made('funnels', { name: 'x', definition: funnel })
    expect(definition).toEqual({
      ...funnel,
      length: 7,
      length_unit: 'day',
      order: 'specific',
      counting: 'uniques',
      reentry: 'basic',
      exclusions: [],
      hold_constant: [],
      attribution: 'first',
    })
  })

  it('no cohort is a condition of itself, by whatever way', async () => {
    const a = await made('cohorts', { name: 'a', definition: cohort({ type: 'did', event: 'A' }) })
    const b = await made('cohorts', { name: 'b', definition: cohort({ type: 'cohort', cohort_id: a.id }) })
    for (const id of [a.id, b.id]) {
      const circle = await send('PATCH', `cohorts/${a.id}`, { definition: cohort({ type: 'cohort', cohort_id: id }) })
      expect([circle.status, circle.json().error]).toEqual([400, 'a cohort cannot be a condition of itself'])
    }
    expect((await send('PATCH', `cohorts/${a.id}`, { definition: { type: 'static' } })).status).toBe(400)
  })
})

describe('data views (LEX-12)', () => {
  const session = async (person: { readonly email: string; readonly password: string }) => {
    const { email, password } = person
    const answer = await lethe.post('/api/app/login', { body: { email, password }, headers: { Origin: lethe.url } })
    expect(answer.status, answer.text).toBe(200)
    return String(answer.headers['set-cookie']).split(';', 1)[0] as string
  }

  it('that are private are for their creator, members and admins; restricted ones are changed by creator and owner', async () => {
    const { id } = await made('data-views', { name: 'mine', definition: { visibility: 'private' } }, analyst)
    const seenBy = async (headers: Readonly<Record<string, string>>) =>
      (await lethe.get(path(`data-views/${id}`), { headers })).status
    expect([await seenBy(analyst), await seenBy(admin), await seenBy(consumer)]).toEqual([200, 200, 404])
    expect((await send('PATCH', `data-views/${id}`, { name: 'theirs' }, admin)).status).toBe(403)
    const cookie = await session(owner)
    const team = await lethe.post('/api/app/organizations/1/teams', {
      headers: { Cookie: cookie, Origin: lethe.url },
      body: { name: 'Viewers' },
    })
    expect([team.status, team.text]).toEqual([201, team.text])
    const teamId: number = team.json().results.id
    const accounts = await lethe.get('/api/app/organizations/1/service-accounts', { headers: { Cookie: cookie } })
    const reader = accounts
      .json()
      .results.find((one: { username: string }) => one.username === consumerAccount.username)
    const membership = `/api/app/organizations/1/teams/${teamId}/service-accounts/${reader.id}`
    const joined = await lethe.send('PUT', membership, { headers: { Cookie: cookie, Origin: lethe.url } })
    expect([joined.status, joined.text]).toEqual([200, joined.text])
    const definition = { visibility: 'private', teams: [teamId] }
    expect((await send('PATCH', `data-views/${id}`, { definition }, analyst)).status).toBe(200)
    expect(await seenBy(consumer)).toBe(200)
    const listed = (await lethe.get(path('data-views'), { headers: consumer })).json().results
    expect(listed.map((view: { id: number }) => view.id)).toContain(id)
    await lethe.send('DELETE', membership, { headers: { Cookie: cookie, Origin: lethe.url } })
    expect(await seenBy(consumer)).toBe(404)
    const me = await lethe.get('/api/app/me', { headers: { Cookie: cookie } })
    expect(me.status).toBe(200)
    expect(await seenBy({ Cookie: cookie })).toBe(200)
    expect((await send('PATCH', `data-views/${id}`, { definition: { editing: 'unrestricted' } }, analyst)).status).toBe(
      200,
    )
    expect((await send('PATCH', `data-views/${id}`, { name: 'ours' }, admin)).status).toBe(200)
    expect(await seenBy(consumer)).toBe(200)
  })
})

describe('annotations (RPT-12)', () => {
  const annotate = (body: object, headers = analyst) => send('POST', 'annotations', body, headers)

  it('are made with tags, listed by date, changed and removed', async () => {
    expect((await send('GET', 'annotations/tags')).json()).toEqual([])
    const tag = await send('POST', 'annotations/tags', { name: 'release' })
    const tagId: number = tag.json().id
    expect([tag.status, tag.json()]).toEqual([
      200,
      { id: tagId, name: 'release', project_id: us.id, has_annotations: false },
    ])
    expect((await send('POST', 'annotations/tags', { name: 'release' })).json().id).toBe(tagId)
    const answer = await annotate({ date: '2024-02-29 23:59:59', description: 'Launched', tags: [tagId, tagId] })
    const id: number = answer.json().results.id
    const annotation = {
      date: '2024-02-29 23:59:59',
      description: 'Launched',
      id,
      user: { id: expect.any(Number), first_name: analystAccount.username, last_name: '' },
      tags: [{ id: tagId, name: 'release' }],
    }
    expect([answer.status, answer.json()]).toEqual([201, { status: 'ok', results: annotation }])
    expect((await send('GET', 'annotations/tags')).json()).toEqual([
      { id: tagId, name: 'release', project_id: us.id, has_annotations: true },
    ])
    expect((await send('GET', `annotations/${id}`, undefined, consumer)).json().results).toEqual(annotation)
    const listed = async (query: string) => (await send('GET', `annotations${query}`)).json().results.length
    expect([
      await listed(''),
      await listed('?fromDate=2024-02-29&toDate=2024-02-29'),
      await listed('?fromDate=2024-03-01'),
      await listed('?toDate=2024-02-28'),
    ]).toEqual([1, 1, 0, 0])
    const changed = await send('PATCH', `annotations/${id}`, { description: 'Done', tags: [] })
    expect(changed.json().results).toEqual({ ...annotation, description: 'Done', tags: [] })
    expect((await lethe.get(path(`annotations/${id}`, eu.id), { headers: admin })).status).toBe(404)
    const removed = await send('DELETE', `annotations/${id}`)
    expect([removed.status, removed.json()]).toEqual([200, { status: 'ok', results: { id } }])
    expect((await send('GET', `annotations/${id}`)).status).toBe(404)
  })

  it.each([
    { date: '2024-02-30 00:00:00', description: 'x' },
    { date: '2024-02-01', description: 'x' },
    { date: '2024-02-01 00:00:00' },
    { date: '2024-02-01 00:00:00', description: 'x', tags: [999_999] },
  ])('are refused with 400: %j', async (body) => {
    expect((await annotate(body)).status).toBe(400)
  })

  it('are written by analysts and better, tags included', async () => {
    expect((await annotate({ date: '2024-02-01 00:00:00', description: 'x' }, consumer)).status).toBe(403)
    expect((await send('GET', 'annotations/tags', undefined, consumer)).status).toBe(403)
    expect((await send('POST', 'annotations/tags', { name: 'y' }, consumer)).json()).toEqual({
      error: expect.any(String),
      status: 'error',
    })
    expect((await lethe.get(path('annotations'))).status).toBe(401)
  })
})

describe('the documented answers of annotations', () => {
  it('are those of the public API', async () => {
    const base = '/api/app/projects/:projectId/annotations'
    const note = { date: '2024-05-01 00:00:00', description: 'Documented' }
    const tag = expectDocumented(`POST ${base}/tags`, '200', await send('POST', 'annotations/tags', { name: 'doc' }))
    const made = expectDocumented(`POST ${base}`, '201', await send('POST', 'annotations', { ...note, tags: [tag.id] }))
    const one = `annotations/${made.results.id}`
    const good: readonly (readonly [string, string, string, object?])[] = [
      ['GET', base, 'annotations'],
      ['GET', `${base}/tags`, 'annotations/tags'],
      ['GET', `${base}/:annotationId`, one],
      ['PATCH', `${base}/:annotationId`, one, { description: 'Changed' }],
      ['DELETE', `${base}/:annotationId`, one],
    ]
    for (const [method, pattern, at, body] of good) {
      expectDocumented(`${method} ${pattern}`, '200', await send(method, at, body))
    }
    const all = [
      ...good,
      ['POST', base, 'annotations', note],
      ['POST', `${base}/tags`, 'annotations/tags', {}],
    ] as const
    for (const [method, pattern, at, body] of all) {
      const operation = `${method} ${pattern}`
      expectDocumented(operation, '403', await send(method, at, body, stranger))
      const sent = body === undefined ? {} : { body }
      expectDocumented(operation, '401', await lethe.send(method, path(at), sent))
    }
    expect(notChecked(() => true, ['annotations'])).toEqual([])
  })
})

describe('the audit log', () => {
  it('has every change, without what is in it', async () => {
    const answer = await lethe.get(`${path('audit-log')}?limit=1000`, { headers: admin })
    const types = new Set<string>(answer.json().results.map(({ event_type: type }: { event_type: string }) => type))
    for (const kind of ['funnel', 'bookmark', 'cohort', 'custom_event', 'data_view', 'annotation']) {
      for (const what of ['created', 'updated', 'deleted']) expect(types).toContain(`${kind}.${what}`)
    }
    expect(answer.text).not.toContain('Launched')
    expect(answer.text).not.toContain('Sign up')
  })
})
