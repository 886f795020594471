// Long: every way to ask for profiles, over one server that takes seconds to fill.

import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { type Answer, basic, type Lethe, type SendOptions, startLethe } from '../support/lethe.ts'
import { adminAccount, consumerAccount, defaultProvision, eu, other, us } from '../support/provision.ts'

let lethe: Lethe
const provision = defaultProvision()
Object.assign(provision.organizations[0]?.projects[0] ?? {}, { group_keys: ['company'] })
beforeAll(async () => {
  lethe = await startLethe({
    provision,
    env: { LETHE_QUERY_PER_HOUR: '100000', LETHE_QUERY_CONCURRENT: '100' },
  })
  await fill()
})
afterAll(() => lethe?.stop())

const account = basic(adminAccount.username, adminAccount.secret)
const seconds = () => Math.floor(Date.now() / 1_000)
const day = () => new Date().toISOString().slice(0, 10)
const peopleCount = 2_500
const idOf = (at: number): string => `p${String(at).padStart(4, '0')}`

const good = (answer: Answer): Answer => {
  expect(answer.status, answer.text).toBe(200)
  return answer
}
const setAll = async (token: string, updates: readonly object[]): Promise<void> => {
  const body = updates.map((update) => ({ $token: token, ...update }))
  for (let at = 0; at < body.length; at += 1_000)
    good(await lethe.post('/engage', { body: body.slice(at, at + 1_000) }))
}
const track = async (
  events: readonly { readonly event: string; readonly id: string; readonly [key: string]: unknown }[],
) =>
  good(
    await lethe.post('/track', {
      body: events.map(({ event, id, ...properties }) => ({
        event,
        properties: { token: us.token, distinct_id: id, time: seconds(), $insert_id: randomUUID(), ...properties },
      })),
    }),
  )

const fill = async (): Promise<void> => {
  const people = Array.from({ length: peopleCount }, (_, at) => ({
    $distinct_id: idOf(at),
    $set: { n: at, plan: at % 100 === 0 ? 'pro' : 'free', $name: `Name ${at}` },
  }))
  await setAll(us.token, people)
  await setAll(eu.token, [{ $distinct_id: 'elsewhere', $set: { plan: 'pro' } }])
  await track([
    { event: 'Bought', id: idOf(100), price: 5 },
    { event: 'Bought', id: idOf(100), price: 7 },
    { event: 'Bought', id: idOf(200), price: 20 },
    { event: 'Seen', id: idOf(300) },
    { event: 'Bought', id: 'no-profile', price: 1 },
    { event: 'Bought', id: '', price: 100 },
  ])
}

interface Page {
  readonly page: number
  readonly page_size: number
  readonly session_id: string
  readonly status: string
  readonly total: number
  readonly results: readonly { readonly $distinct_id: string; readonly $properties: Record<string, unknown> }[]
}
const send = (params: Record<string, string>, options: SendOptions = {}, path = '/api/query/engage') =>
  lethe.post(`${path}?project_id=${us.id}`, {
    headers: { ...account, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(params).toString(),
    ...options,
  })
const engage = async (params: Record<string, string> = {}): Promise<Page> => good(await send(params)).json()
const idsOf = ({ results }: Page): readonly string[] => results.map(({ $distinct_id: id }) => id)

describe('engage in pages (QRY-11)', () => {
  it('answers 2500 profiles as 1000, 1000 and 500 of one session', async () => {
    const first = await engage()
    expect(first).toMatchObject({ page: 0, page_size: 1_000, status: 'ok', total: peopleCount })
    expect(first.session_id).toMatch(/^\d{10}-\w+$/)
    const pages = [first]
    for (const page of ['1', '2', '3']) pages.push(await engage({ session_id: first.session_id, page }))
    expect(pages.map(({ results }) => results.length)).toEqual([1_000, 1_000, 500, 0])
    expect(new Set(pages.map(({ session_id: id }) => id)).size).toBe(1)
    expect(pages.map(({ total }) => total)).toEqual([2_500, 2_500, 2_500, 2_500])
    expect(pages.flatMap(idsOf)).toEqual(Array.from({ length: peopleCount }, (_, at) => idOf(at)))
    expect(first.results[7]).toEqual({
      $distinct_id: 'p0007',
      $properties: {
        n: 7,
        plan: 'free',
        $name: 'Name 7',
        $last_seen: expect.stringMatching(/^\d{4}-.*T\d\d:\d\d:\d\d$/),
      },
    })
  })

  it.each([
    ['250', 250],
    ['5000', 2_500],
    ['99999', 2_500],
  ])('uses a page_size of %s', async (size, count) => {
    const page = await engage({ page_size: size })
    expect([page.page_size, page.results.length, page.total]).toEqual([Math.min(Number(size), 10_000), count, 2_500])
  })

  it('takes its parameters from the query, a form or JSON, on both paths', async () => {
    const where = 'properties["n"] == 9'
    const query = `project_id=${us.id}&where=${encodeURIComponent(where)}&session_id=`
    const answers = [
      await lethe.get(`/api/2.0/engage/?${query}`, { headers: account }),
      await lethe.post(`/api/2.0/engage?${query}`, { headers: account }),
      await send({ where, session_id: '' }),
      await lethe.post(`/api/query/engage?project_id=${us.id}`, {
        headers: account,
        body: { where, page: 0, session_id: null },
      }),
      await lethe.get(`/api/2.0/engage?where=${encodeURIComponent(where)}`, { headers: basic(us.secret) }),
    ]
    for (const answer of answers) expect(idsOf(good(answer).json())).toEqual(['p0009'])
    // headless sends the page in the body, and would read the first one for ever.
    const { session_id: sessionId } = await engage()
    const second = await lethe.post(`/api/query/engage?project_id=${us.id}`, {
      headers: account,
      body: { page: 2, session_id: sessionId },
    })
    expect([second.json().page, second.json().results.length]).toEqual([2, 500])
  })

  it('answers a page without a session as things are now', async () => {
    const page = await engage({ page: '2', page_size: '1000' })
    expect([page.page, page.results.length, page.total]).toEqual([2, 500, 2_500])
    expect(idsOf(page)[0]).toBe('p2000')
    expect((await engage({ page: '3' })).results).toEqual([])
  })

  it('says so when it does not know the session', async () => {
    const answer = await send({ page: '1', session_id: '1234567890-nobody' })
    expect([answer.status, answer.json()]).toEqual([
      400,
      {
        error: 'request for page in uncached query for params',
        status: 'error',
        request: `/api/query/engage?project_id=${us.id}`,
      },
    ])
    const { session_id: sessionId } = await engage()
    const elsewhere = await lethe.post(`/api/query/engage?project_id=${eu.id}`, {
      headers: account,
      body: { page: 1, session_id: sessionId },
    })
    expect(elsewhere.status).toBe(400)
  })

  it('keeps the people and the order of a session when profiles come and go', async () => {
    const sorted = {
      sort_key: 'properties["n"]',
      sort_order: 'descending',
      page_size: '3',
      where: 'properties["n"] < 8',
    }
    const first = await engage(sorted)
    expect(idsOf(first)).toEqual(['p0007', 'p0006', 'p0005'])
    await setAll(us.token, [
      { $distinct_id: 'p0004', $set: { n: 4_000 } },
      { $distinct_id: 'p0003', $delete: '' },
    ])
    const next = { ...sorted, session_id: first.session_id }
    // p0003 is gone: the page is filled with whoever follows, since a short page means the last one to clients.
    expect(idsOf(await engage({ ...next, page: '1' }))).toEqual(['p0004', 'p0002', 'p0001'])
    expect(idsOf(await engage({ ...next, page: '2' }))).toEqual(['p0001', 'p0000'])
    await setAll(us.token, [
      { $distinct_id: 'p0004', $set: { n: 4 } },
      { $distinct_id: 'p0003', $set: { n: 3, plan: 'free', $name: 'Name 3' } },
    ])
  })
})

describe('which profiles engage answers', () => {
  it.each<readonly [string, Record<string, string>, readonly string[]]>([
    ['one id', { distinct_id: 'p0001' }, ['p0001']],
    ['several ids', { distinct_ids: '["p0002","p0001","nobody"]' }, ['p0001', 'p0002']],
    ['ids that are no text', { distinct_ids: '[1]' }, []],
    ['a number', { where: 'properties["n"] >= 2498' }, ['p2498', 'p2499']],
    ['a text', { where: 'user["$name"]=="Name 12"' }, ['p0012']],
    ['ids and a condition', { distinct_ids: '["p0001","p0100"]', where: 'properties["plan"] == "pro"' }, ['p0100']],
    ['a search', { search: 'nAmE 2499' }, ['p2499']],
    ['a limit', { limit: '2', sort_key: 'properties["n"]', sort_order: 'desc' }, ['p2499', 'p2498']],
    ['nobody', { where: 'properties["nothing"] == 1' }, []],
  ])('by %s', async (_what, params, ids) => {
    const page = await engage(params)
    expect([idsOf(page), page.total]).toEqual([ids, ids.length])
  })

  it('shows the properties that were asked for', async () => {
    const { results } = await engage({ distinct_id: 'p0001', output_properties: '["n","none"]' })
    expect(results).toEqual([{ $distinct_id: 'p0001', $properties: { n: 1 } }])
  })

  it('finds a person by any id', async () => {
    await track([{ event: 'Logged in', id: 'p0400', $device_id: 'dev400', $user_id: 'p0400' }])
    expect(idsOf(await engage({ distinct_id: '$device:dev400' }))).toEqual(['p0400'])
  })

  it('counts behaviors (QRY-12)', async () => {
    const behaviors = JSON.stringify([
      { window: '30d', name: 'b1', event_selectors: [{ event: 'Bought', selector: 'properties["price"] > 5' }] },
      { window: '1d', name: 'b2', event_selectors: [{ event: 'Bought' }, { event: 'Seen' }] },
    ])
    const ids = async (where: string, more: Record<string, string> = {}) =>
      idsOf(await engage({ behaviors, where, ...more }))
    expect(await ids('behaviors["b1"] > 0')).toEqual(['p0100', 'p0200'])
    expect(await ids('behaviors["b2"] == 2')).toEqual(['p0100'])
    expect(await ids('behaviors["b2"] == 1')).toEqual(['p0200', 'p0300'])
    expect(await ids('behaviors["b1"] == 0 and properties["plan"] == "pro" and properties["n"] < 350')).toEqual([
      'p0000',
      'p0300',
    ])
    const yesterday = String(seconds() - 86_400)
    expect(await ids('behaviors["b2"] > 0', { as_of_timestamp: yesterday })).toEqual([])
    expect((await send({ behaviors, where: 'behaviors["b3"] > 0' })).status).toBe(400)
    expect((await send({ behaviors, filter_by_cohort: '{"id":1}' })).status).toBe(400)
    expect((await send({ behaviors, where: 'behaviors["b1"] > 0', page: '1' })).json().error).toBe(
      'request for page in uncached query for params',
    )
  })

  it('answers profiles of groups by data_group_id (QRY-13)', async () => {
    const groups = [
      { $group_key: 'company', $group_id: 'Acme', $set: { size: 7 } },
      { $group_key: 'company', $group_id: 'p0001', $set: { size: 9 } },
      { $group_key: 'other', $group_id: 'Else', $set: { size: 1 } },
    ].map((update) => ({ $token: us.token, ...update }))
    good(await lethe.post('/groups', { body: groups }))
    const keys = await lethe.get(`/api/app/projects/${us.id}/group-keys`, { headers: account })
    const dataGroup: string = keys.json().results[0].data_group_id
    const page = await engage({ data_group_id: dataGroup })
    expect([idsOf(page), page.total]).toEqual([['Acme', 'p0001'], 2])
    expect(page.results[0]?.$properties).toMatchObject({ size: 7 })
    expect(idsOf(await engage({ data_group_id: 'company', where: 'properties["size"] > 8' }))).toEqual(['p0001'])
    const paged = await engage({ data_group_id: dataGroup, page_size: '1' })
    expect(idsOf(await engage({ data_group_id: dataGroup, session_id: paged.session_id, page: '1' }))).toEqual([
      'p0001',
    ])
    expect((await send({ data_group_id: '77' })).status).toBe(400)
  })

  it.each([
    [{ where: 'properties["n"' }],
    [{ distinct_ids: 'p1' }],
    [{ distinct_ids: '{"a":1}' }],
    [{ behaviors: '5' }],
    [{ behaviors: '[{"window":"x","name":"b","event_selectors":[{"event":"X"}]}]' }],
    [{ filter_by_cohort: '{"id":99}' }],
    [{ filter_by_cohort: '[]' }],
    [{ page: '-1' }],
    [{ page_size: '0' }],
    [{ sort_key: 'properties["n"]', sort_order: 'sideways' }],
    [{ as_of_timestamp: 'now' }],
    [{ workspace_id: '99' }],
  ])('refuses %j', async (params) => {
    const answer = await send(params as unknown as Record<string, string>)
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })

  it('is for those who may export people', async () => {
    const headers = basic(consumerAccount.username, consumerAccount.secret)
    expect((await lethe.get(`/api/query/engage?project_id=${us.id}`, { headers })).status).toBe(403)
    expect((await lethe.get(`/api/query/engage?project_id=${us.id}`)).status).toBe(401)
  })
})

describe('figures over profiles', () => {
  const stats = async (action: string, more: Record<string, string> = {}) =>
    good(await send({ action, ...more }, {}, '/api/query/engage/stats')).json()

  it('are counts, extremes, percentiles and summaries', async () => {
    expect(await stats('count()')).toMatchObject({ status: 'ok', results: 2_500 })
    const where = 'properties["n"] < 5'
    expect((await stats('extremes(properties["n"])', { where })).results).toEqual({ max: 4, min: 0 })
    expect((await stats('percentile(properties["n"], 50)', { where })).results).toEqual({ percentile: 50, result: 2 })
    expect((await stats('numeric_summary(properties["n"])', { where })).results).toEqual({
      count: 5,
      mean: 2,
      var: 2,
      sum_of_squares: 30,
    })
    expect((await stats('extremes(properties["nothing"])')).results).toEqual({ max: null, min: null })
    expect((await send({ action: 'drop()' }, {}, '/api/query/engage/stats')).status).toBe(400)
  })

  it('say which properties there are', async () => {
    const answer = good(await send({ where: 'properties["n"] < 10' }, {}, '/api/2.0/engage/properties')).json()
    expect(answer.results).toMatchObject({
      n: { count: 10, type: 'number' },
      plan: { count: 10, type: 'string' },
    })
  })
})

describe('the activity of people (QRY-09)', () => {
  const stream = async (ids: readonly string[], more = '') =>
    lethe.get(
      `/api/query/stream/query?project_id=${us.id}&from_date=${day()}&to_date=${day()}${more}&distinct_ids=${encodeURIComponent(JSON.stringify(ids))}`,
      { headers: account },
    )

  it('is in order, once each, by any id of the person', async () => {
    const at = seconds() - 60
    const again = randomUUID()
    await track([
      { event: 'Third', id: 'streamed', time: at + 2 },
      { event: 'First', id: '$device:ds', $device_id: 'ds', time: at, a: [1, { b: 'ü"' }] },
      { event: 'Second', id: 'streamed', $device_id: 'ds', $user_id: 'streamed', time: at + 1 },
      { event: 'Third again', id: 'streamed', time: at + 3, $insert_id: again },
      { event: 'Somebody else', id: 'other', time: at + 4 },
    ])
    await track([{ event: 'Third again', id: 'streamed', time: at + 3, $insert_id: again }])
    const body = good(await stream(['$device:ds'])).json()
    expect(body.status).toBe('ok')
    const events: readonly { event: string; properties: Record<string, unknown> }[] = body.results.events
    expect(events.map(({ event }) => event)).toEqual(['First', 'Second', 'Third', 'Third again'])
    expect(events[0]?.properties).toMatchObject({
      time: at,
      distinct_id: 'streamed',
      $distinct_id: 'streamed',
      a: [1, { b: 'ü"' }],
    })
    expect(good(await stream(['streamed', 'nobody'])).json()).toEqual(body)
    expect(good(await stream(['nobody'])).json()).toEqual({ status: 'ok', results: { events: [] } })
    expect(good(await stream([''])).json().results.events).toEqual([])
  })

  it('needs ids and days', async () => {
    const path = `/api/query/stream/query?project_id=${us.id}`
    expect((await lethe.get(`${path}&distinct_ids=["a"]`, { headers: account })).status).toBe(400)
    expect((await lethe.get(`${path}&from_date=${day()}&to_date=${day()}`, { headers: account })).status).toBe(400)
  })
})

describe('the documented answers', () => {
  const query = `project_id=${us.id}`
  const cases: readonly (readonly [string, string, string])[] = [
    ['POST', 'engage', ''],
    ['POST', 'cohorts/list', ''],
    ['GET', 'funnels/list', ''],
    ['GET', 'stream/query', `&from_date=${day()}&to_date=${day()}&distinct_ids=["p0100"]`],
  ]
  it.each(cases)('%s %s', async (method, name, more) => {
    const ask = (params: string, headers: Readonly<Record<string, string>> = account) =>
      lethe.send(method, `/api/query/${name}?${params}`, { headers })
    const operation = `${method} /api/query/${name}`
    expectDocumented(operation, '200', await ask(query + more))
    expectDocumented(operation, '400', await ask(`${query}${more}&workspace_id=99`))
    expectDocumented(operation, '401', await ask(query + more, {}))
    expectDocumented(operation, '403', await ask(`project_id=${other.id}${more}`))
  })

  it('are all seen', () => {
    const mine = cases.map(([method, name]) => `${method} /api/query/${name} →`)
    const left = notChecked(() => true, ['query']).filter((label) => mine.some((start) => label.startsWith(start)))
    expect(left).toEqual([])
  })
})
