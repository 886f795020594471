// Long: one server and one set of events for all that is asked of them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, type SendOptions, startLethe } from '../support/lethe.ts'
import { privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, analystAccount, consumerAccount, eu, other, strangerAccount, us } from '../support/provision.ts'

// QRY-18: scripts over real events of two regions. What the language does with items: features/jql/domain/language.

let lethe: Lethe
const asAdmin = basic(adminAccount.username, adminAccount.secret)
const euHost = 'eu.lethe.localhost'
type Row = Readonly<Record<string, unknown>>

const event = (name: string, distinctId: string, time: string, properties: Row = {}) => ({
  event: name,
  properties: {
    distinct_id: distinctId,
    time: Date.parse(time),
    $insert_id: `${name}-${distinctId}-${Date.parse(time)}`,
    ...properties,
  },
})

const bring = async (projectId: number, events: readonly object[], host?: string): Promise<void> => {
  const sent = { headers: asAdmin, body: events as object, ...(host === undefined ? {} : { host }) }
  const answer = await lethe.post(`/import?strict=1&project_id=${projectId}`, sent)
  expect([answer.status, answer.text]).toEqual([
    200,
    expect.stringContaining(`"num_records_imported":${events.length}`),
  ])
}

const setProfile = async (token: string, distinctId: string, properties: Row, host?: string): Promise<void> => {
  const body = [{ $token: token, $distinct_id: distinctId, $set: properties }]
  const answer = await lethe.post('/engage?verbose=1', { body, ...(host === undefined ? {} : { host }) })
  expect(answer.json()).toMatchObject({ status: 1 })
}

const form = (script: string, params?: unknown): string =>
  new URLSearchParams({ script, ...(params === undefined ? {} : { params: JSON.stringify(params) }) }).toString()

const ask = (
  script: string,
  {
    params,
    path = `/api/query/jql?project_id=${us.id}`,
    ...sent
  }: SendOptions & { params?: unknown; path?: string } = {},
) =>
  lethe.post(path, {
    headers: { ...asAdmin, 'Content-Type': 'application/x-www-form-urlencoded' },
    body: form(script, params),
    ...sent,
  })

const resultOf = async (script: string, given: Parameters<typeof ask>[1] = {}): Promise<readonly Row[]> => {
  const answer = await ask(script, given)
  expect([answer.status, answer.status === 200 ? '' : answer.text]).toEqual([200, ''])
  return answer.json()
}

const days = `{ from_date: '2024-03-30', to_date: '2024-04-01' }`
const overEvents = (transformations: string, options = days): string =>
  `function main() { return Events(${options})${transformations} }`
const selecting = (...selectors: readonly object[]): string =>
  `{ from_date: '2024-03-30', to_date: '2024-04-01', event_selectors: ${JSON.stringify(selectors)} }`

beforeAll(async () => {
  lethe = await startLethe({
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '1000',
      LETHE_JQL_PER_HOUR: '1000',
      LETHE_JQL_TIMEOUT_SECONDS: '20',
      LETHE_JQL_MEMORY_MB: '64',
      LETHE_JQL_OUTPUT_BYTES: '2000000',
    },
  })
  await bring(us.id, [
    event('view', 'ann', '2024-03-30T10:00:00Z', { country: 'US', price: 10, tags: ['a', 'b'], 'größe "x"': 'ü\n🎉' }),
    event('view', 'bob', '2024-03-31T10:00:00Z', { country: 'MX', price: 5 }),
    event('buy', 'ann', '2024-03-31T11:00:00Z', { country: 'US', price: 99.5 }),
    event('buy', '', '2024-04-01T23:59:59.999Z', { country: 'US' }),
    event('view', 'ann', '2024-04-02T00:00:00Z', { country: 'US' }),
    event('view', 'ann', '2024-03-29T23:59:59Z', { country: 'US' }),
  ])
  // Of another project in the same region.
  const theirs = {
    headers: basic(strangerAccount.username, strangerAccount.secret),
    body: [event('view', 'theirs', '2024-03-30T10:00:00Z')],
  }
  expect((await lethe.post(`/import?strict=1&project_id=${other.id}`, theirs)).status).toBe(200)
  await setProfile(other.token, 'theirs', { plan: 'theirs', age: 90 })
  await setProfile(us.token, 'ann', { plan: 'pro', age: 40, signup_date: '2016-05-01T00:00:00' })
  await setProfile(us.token, 'eve', { plan: 'free', age: 20, signup_date: '2017-05-01T00:00:00' })
  // Berlin: 00:30 on the 30th, and 03:30 on the day that has no 02:30.
  await bring(
    eu.id,
    [
      event('view', 'uwe', '2024-03-29T23:30:00Z'),
      event('view', 'uwe', '2024-03-31T01:30:00Z'),
      event('buy', 'uta', '2024-04-01T22:00:00Z'),
    ],
    euHost,
  )
  await setProfile(eu.token, 'uwe', { plan: 'eu' }, euHost)
})
afterAll(() => lethe.stop())

describe('events', () => {
  it('come with what is known of them, in the zone of the project', async () => {
    const [first] = await resultOf(overEvents(`.filter((e) => e.distinct_id === 'ann' && e.name === 'view')`))
    expect(first).toEqual({
      name: 'view',
      distinct_id: 'ann',
      time: Date.parse('2024-03-30T10:00:00Z'),
      sampling_factor: 1,
      properties: expect.objectContaining({ country: 'US', price: 10, tags: ['a', 'b'], 'größe "x"': 'ü\n🎉' }),
    })
    const path = `/api/2.0/jql?project_id=${eu.id}`
    const local = `.map((e) => [new Date(e.time).toISOString(), e.distinct_id]).sortAsc((row) => row[0])`
    expect(await resultOf(overEvents(local), { path, host: euHost })).toEqual([
      ['2024-03-30T00:30:00.000Z', 'uwe'],
      ['2024-03-31T03:30:00.000Z', 'uwe'],
    ])
  })

  it('are those of the days asked for, counted, by name, by country', async () => {
    expect(await resultOf(overEvents('.reduce(mixpanel.reducer.count())'))).toEqual([4])
    const script = overEvents(
      `.groupBy(['name'], [mixpanel.reducer.count(), mixpanel.reducer.sum('properties.price')]).sortAsc('key.0')`,
    )
    expect(await resultOf(script)).toEqual([
      { key: ['buy'], value: [2, 99.5] },
      { key: ['view'], value: [2, 15] },
    ])
    const unique = overEvents(`.groupByUser(['properties.country'], mixpanel.reducer.null())
      .groupBy([mixpanel.slice('key', 1)], mixpanel.reducer.count()).sortAsc('key.0')`)
    expect(await resultOf(unique)).toEqual([
      { key: ['MX'], value: 1 },
      { key: ['US'], value: 1 },
    ])
  })

  it('of custom events are those of their parts, with the conditions of both', async () => {
    const definition = { events: [{ event: 'buy' }, { event: 'view', where: 'properties["price"] > 7' }] }
    const saved = await lethe.post(`/api/app/projects/${us.id}/custom-events`, {
      headers: asAdmin,
      body: { name: 'Worth it', definition },
    })
    const name = `$custom_event:${saved.json().results.id}`
    const counted = `.groupBy(['name', 'distinct_id'], mixpanel.reducer.count()).sortAsc((row) => row.key.join())`
    const ann = [
      { key: ['buy', 'ann'], value: 1 },
      { key: ['view', 'ann'], value: 1 },
    ]
    const all = [{ key: ['buy', null], value: 1 }, ...ann]
    expect(await resultOf(overEvents(counted, selecting({ event: name })))).toEqual(all)
    const narrow = selecting({ event: name, selector: 'properties["price"] > 1' })
    expect(await resultOf(overEvents(counted, narrow))).toEqual(ann)
    const labels = `.map((e) => e.labels).groupBy([(e) => String(e)], mixpanel.reducer.count())`
    expect(await resultOf(overEvents(labels, selecting({ event: name, label: 'one' })))).toEqual([
      { key: ['one'], value: 3 },
    ])
    const joined = `function main() { return join(Events(${days}), People(), {
      type: 'inner', selectors: [{ event: '${name}' }] }).map((row) => row.event.name).sortAsc((name) => name) }`
    expect(await resultOf(joined)).toEqual(['buy', 'view'])
    const none = await ask(overEvents('', selecting({ event: '$custom_event:4242' })))
    expect([none.status, none.json().error]).toEqual([400, 'the project has no custom event 4242'])
  })

  it('come person by person and in the order of time where people are meant', async () => {
    const script = overEvents(`.groupByUser((state, events) => [...(state || []), ..._.map(events, 'name')])`)
    expect(await resultOf(script)).toEqual([
      { key: ['ann'], value: ['view', 'buy'] },
      { key: ['bob'], value: ['view'] },
    ])
  })

  it('are selected in the engine by names, expressions and labels', async () => {
    const options = selecting(
      { event: 'view', selector: 'properties["price"] > 7', label: 'dear' },
      { event: 'buy', label: 'bought' },
      { event: 'buy', selector: 'properties["country"] == "US" and defined(properties["price"])', label: 'priced' },
    )
    const script = overEvents(`.map((e) => [e.name, e.labels]).sortAsc((row) => row.join())`, options)
    expect(await resultOf(script)).toEqual([
      ['buy', ['bought']],
      ['buy', ['bought', 'priced']],
      ['view', ['dear']],
    ])
    const anyName = selecting({ selector: 'properties["country"] == "MX"' })
    expect(await resultOf(overEvents('.map((e) => e.distinct_id)', anyName))).toEqual(['bob'])
  })

  it('count once when they were sent twice, by the version that came last', async () => {
    const twice = event('twice', 'dup', '2024-03-30T12:00:00Z')
    await bring(us.id, [{ ...twice, properties: { ...twice.properties, n: 1 } }])
    await bring(us.id, [{ ...twice, properties: { ...twice.properties, n: 2 } }])
    const script = overEvents('.map((e) => e.properties.n)', selecting({ event: 'twice' }))
    expect(await resultOf(script)).toEqual([2])
  })
})

describe('people and joins', () => {
  it('gives profiles, selected by their properties', async () => {
    const [ann, ...rest] = await resultOf(`function main() {
      return People({ user_selectors: [{ selector: 'has_prefix(string(user["signup_date"]), "2016")' }] }) }`)
    expect(rest).toEqual([])
    expect(ann).toMatchObject({ distinct_id: 'ann', properties: { plan: 'pro', age: 40 } })
    expect(Math.abs(Date.now() - Number(ann?.['time']))).toBeLessThan(600_000)
    expect(Math.abs(Date.now() - Number(ann?.['last_seen']))).toBeLessThan(600_000)
    expect(
      await resultOf(`function main() { return People().reduce(mixpanel.reducer.avg('properties.age')) }`),
    ).toEqual([30])
  })

  it.each([
    ['full', [' buy -', 'ann buy pro', 'ann view pro', 'bob view -', 'eve - free']],
    ['left', [' buy -', 'ann buy pro', 'ann view pro', 'bob view -']],
    ['right', ['ann buy pro', 'ann view pro', 'eve - free']],
    ['inner', ['ann buy pro', 'ann view pro']],
  ])('joins them: %s', async (type, expected) => {
    const named = selecting({ event: 'view' }, { event: 'buy' })
    const script = `function main() {
      return join(Events(${named}), People(), { type: '${type}' })
        .map((row) => [row.distinct_id, row.event ? row.event.name : '-', row.user ? row.user.properties.plan : '-'].join(' '))
        .sortAsc((row) => row) }`
    expect(await resultOf(script)).toEqual(expected)
  })

  it.each([
    ['inner', 'properties["country"] == "US" and user["age"] > 30', ['ann view', 'ann buy']],
    ['full', 'user["age"] < 30', ['eve -']],
    ['full', 'properties["price"] > 50', ['ann buy']],
    ['right', 'not defined(properties["price"])', ['eve -']],
  ])('selects pairs of a %s join: %s', async (type, selector, expected) => {
    const named = selecting({ event: 'view' }, { event: 'buy' })
    const options = JSON.stringify({ type, selectors: [{ selector }] })
    const script = `function main() { return join(Events(${named}), People(), ${options})
      .map((row) => row.distinct_id + ' ' + (row.event ? row.event.name : '-')) }`
    expect(await resultOf(script)).toEqual(expected)
  })

  it('sees an id and its other id as one person, and nobody who is erased', async () => {
    const at = '2024-03-30T12:00:00Z'
    await bring(us.id, [
      event('linked', 'd1', at, { $device_id: 'd1' }),
      event('linked', 'u1', '2024-03-30T13:00:00Z', { $device_id: 'd1', $user_id: 'u1' }),
      event('linked', 'gone', at),
    ])
    await setProfile(us.token, 'gone', { plan: 'gone' })
    const script = overEvents('.groupByUser(mixpanel.reducer.count()).sortAsc("key.0")', selecting({ event: 'linked' }))
    await expect
      .poll(async () => (await ask(script)).json(), { timeout: 10_000 })
      .toEqual([
        { key: ['gone'], value: 1 },
        { key: ['u1'], value: 2 },
      ])
    await privacyOfficer(lethe, { token: us.token }).erase('gone')
    expect(await resultOf(script)).toEqual([{ key: ['u1'], value: 2 }])
    expect(
      await resultOf(
        `function main() { return People().map((user) => user.distinct_id).filter((id) => id === 'gone') }`,
      ),
    ).toEqual([])
  })
})

describe('the call', () => {
  const count = overEvents('.reduce(mixpanel.reducer.count())', '{ ...params, event_selectors: [{ event: "view" }] }')
  const params = { from_date: '2024-03-30', to_date: '2024-04-01T00:00:00.000Z' }

  it.each<[string, () => ReturnType<typeof ask>]>([
    ['a form', () => ask(count, { params })],
    ['a JSON body', () => ask('', { body: { script: count, params }, headers: asAdmin })],
    [
      'a JSON body with params as text',
      () => ask('', { body: { script: count, params: JSON.stringify(params) }, headers: asAdmin }),
    ],
    [
      'the secret of the project, project_id left out',
      () => ask(count, { params, path: '/api/2.0/jql', headers: basic(us.secret) }),
    ],
    [
      'the query of a GET',
      () => lethe.get(`/api/query/jql?project_id=${us.id}&${form(count, params)}`, { headers: asAdmin }),
    ],
    ['an analyst', () => ask(count, { params, headers: basic(analystAccount.username, analystAccount.secret) })],
  ])('may come as %s', async (_name, call) => {
    const answer = await call()
    expect([answer.status, answer.text]).toEqual([200, '[2]'])
    expect(answer.headers['content-type']).toMatch(/^application\/json/)
  })

  it.each<[string, () => ReturnType<typeof ask>, number, RegExp]>([
    ['no script', () => ask(''), 400, /script is required/],
    [
      'broken params',
      () => lethe.post(`/api/query/jql?project_id=${us.id}`, { headers: asAdmin, body: 'script=x&params=%7B' }),
      400,
      /params must be JSON/,
    ],
    ['a syntax error', () => ask('function main() {\n return ('), 400, /SyntaxError.*line 2 of the script/],
    [
      'an error of a transformation',
      () => ask(overEvents('\n.map((e) => e.x.y)')),
      400,
      /TypeError.*line 2 of the script/,
    ],
    ['an expression that is none', () => ask(overEvents('', selecting({ selector: 'properties[' }))), 400, /column/],
    [
      'a day that is none',
      () => ask(overEvents('', `{ from_date: '2024-02-30', to_date: '2024-03-01' }`)),
      400,
      /from_date/,
    ],
    [
      'another data view',
      () => ask(count, { params, path: `/api/query/jql?project_id=${us.id}&workspace_id=77` }),
      400,
      /workspace_id/,
    ],
    ['a service account without project_id', () => ask(count, { path: '/api/query/jql' }), 400, /project_id/],
    [
      'a consumer',
      () => ask(count, { params, headers: basic(consumerAccount.username, consumerAccount.secret) }),
      403,
      /./,
    ],
    ['a result that is too large', () => ask(overEvents('.map(() => _.range(1e6))')), 400, /larger than 2000000 bytes/],
    ['a memory bomb', () => ask('const all = []; while (true) all.push({})'), 400, /64 MB/],
  ])('is refused for %s', async (_name, call, status, message) => {
    const answer = await call()
    expect([answer.status, answer.json()]).toEqual([
      status,
      expect.objectContaining({ status: 'error', error: expect.stringMatching(message) }),
    ])
    expect((await lethe.get('/healthz')).status).toBe(200)
  })

  it('is refused for a data view, which would leave something out', async () => {
    const body = { name: 'few', definition: { where: 'properties["country"] == "US"' } }
    const saved = await lethe.post(`/api/app/projects/${us.id}/data-views`, { headers: asAdmin, body })
    const id: number = saved.json().results.id
    const answer = await ask(count, { params, path: `/api/query/jql?project_id=${us.id}&workspace_id=${id}` })
    expect([answer.status, answer.json().error]).toEqual([400, expect.stringContaining('all project data only')])
  })

  it('streams a result that is larger than it holds', async () => {
    const script = overEvents('.map(() => _.range(100000)).flatten()', selecting({ event: 'view' }))
    const rows = await resultOf(script)
    expect([rows.length, rows.at(-1)]).toEqual([200_000, 99_999])
  })
})
