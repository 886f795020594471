// Long: every way to ask for people, over one server that takes seconds to fill.

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, basic, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  adminAccount,
  analyst,
  analystAccount,
  consumerAccount,
  defaultProvision,
  owner,
  us,
} from '../support/provision.ts'

// RPT-05, RPT-13: the endpoints of the Events and Users pages.

let lethe: Lethe
let member: Readonly<Record<string, string>>
const provision = defaultProvision()
Object.assign(provision.organizations[0]?.projects[0] ?? {}, {
  data_rules: { properties: [{ name: 'ssn', do: 'drop' }] },
})
beforeAll(async () => {
  lethe = await startLethe({ provision })
  member = await logIn(lethe, owner)
  await fill()
})
afterAll(() => lethe?.stop())

const project = `/api/app/projects/${us.id}`
const asAdmin = basic(adminAccount.username, adminAccount.secret)
const asAnalyst = basic(analystAccount.username, analystAccount.secret)
const asConsumer = basic(consumerAccount.username, consumerAccount.secret)
const atMs = Date.parse('2026-03-10T12:00:00Z')
const minuteMs = 60_000

const good = (answer: Answer, status = 200): Answer => {
  expect(answer.status, answer.text).toBe(status)
  return answer
}
const anEvent = (event: string, who: string, minute: number, properties: object = {}) => ({
  event,
  properties: {
    time: atMs + minute * minuteMs,
    distinct_id: who,
    $insert_id: `${event}-${who}-${minute}`.replace(/[^A-Za-z0-9-]/g, ''),
    ...properties,
  },
})
const send = async (events: readonly object[]): Promise<void> => {
  good(await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: asAdmin, body: events }))
}
const fill = async (): Promise<void> => {
  await send([
    anEvent('Seen', 'ann', 1, { page: '/a' }),
    anEvent('Bought', 'ann', 2, { price: 12.5, list: [1, 2] }),
    anEvent('Seen', 'bob', 3, { page: '/b' }),
    anEvent('Seen', 'cat', 4, { page: '/a' }),
    anEvent('$identify', 'dan', 5, { $user_id: 'dan', $device_id: 'd1', $anon_distinct_id: '$device:d1' }),
    anEvent('Seen', '$device:d1', 6, { page: '/d', $device_id: 'd1' }),
  ])
  good(
    await lethe.post('/engage', {
      body: [
        { $token: us.token, $distinct_id: 'ann', $set: { $name: 'Ann', plan: 'pro', tel: '=cmd' } },
        { $token: us.token, $distinct_id: 'bob', $set: { $name: 'Bob', plan: 'free' } },
        { $token: us.token, $distinct_id: 'odd/?&id', $set: { plan: 'pro' } },
      ],
    }),
  )
}

const ask = (path: string, params: Readonly<Record<string, string>> = {}, headers = member) =>
  lethe.get(`${project}/${path}?${new URLSearchParams(params)}`, { headers })
const feed = async (params: Readonly<Record<string, string>> = {}) => good(await ask('events', params)).json().results
const minutesOf = ({ events }: { events: { time: number }[] }) => events.map(({ time }) => (time - atMs) / minuteMs)

describe('the live feed (RPT-13)', () => {
  it('answers the newest events first, as they came in, and whose they are now', async () => {
    const { events, older } = await feed()
    expect(older).toBeNull()
    expect(events.map((one: { time: number }) => (one.time - atMs) / minuteMs)).toEqual([6, 5, 4, 3, 2, 1])
    expect(events[4]).toMatchObject({
      event: 'Bought',
      distinct_id: 'ann',
      insert_id: 'Bought-ann-2',
      properties: { price: 12.5, list: [1, 2] },
    })
    expect(events[0]).toMatchObject({ distinct_id: 'dan', sent_distinct_id: '$device:d1' })
  })

  it('goes on where a page ended', async () => {
    const first = await feed({ limit: '4' })
    const second = await feed({ limit: '4', before: first.older })
    expect([...minutesOf(first), ...minutesOf(second)]).toEqual([6, 5, 4, 3, 2, 1])
    expect(second.older).toBeNull()
  })

  it('shows each event of one instant once, however small the page', async () => {
    const at = atMs - 90 * 86_400_000
    const same = Array.from({ length: 5 }, (_, n) => ({
      event: 'Same',
      properties: { time: at, distinct_id: `s${n}`, $insert_id: `same-${n}` },
    }))
    await send(same)
    const seen: string[] = []
    let before = `${at + 1}:0`
    for (let page = 0; page < 3; page += 1) {
      const { events, older } = await feed({ event: '["Same"]', limit: '2', before })
      seen.push(...events.map(({ insert_id: id }: { insert_id: string }) => id))
      before = older ?? before
    }
    expect(seen.toSorted()).toEqual(['same-0', 'same-1', 'same-2', 'same-3', 'same-4'])
  })

  it('is narrowed by name, by property and by any id of a person', async () => {
    expect(minutesOf(await feed({ event: 'Bought' }))).toEqual([2])
    expect(minutesOf(await feed({ where: 'properties["page"] == "/a"' }))).toEqual([4, 1])
    expect(minutesOf(await feed({ distinct_id: 'dan' }))).toEqual([6, 5])
    expect(minutesOf(await feed({ distinct_id: '$device:d1' }))).toEqual([6, 5])
    expect(minutesOf(await feed({ distinct_id: 'ann', event: '["Seen"]' }))).toEqual([1])
  })

  it('shows the latest of each when several names are chosen', async () => {
    const { events, older } = await feed({ event: '["Seen","Bought"]', limit: '1' })
    expect(events.map(({ event }: { event: string }) => event)).toEqual(['Seen', 'Bought'])
    expect(older).toBeNull()
  })

  it.each([
    [{ before: 'x' }],
    [{ where: 'properties["' }],
    [{ limit: '0' }],
    [{ event: '[1]' }],
    [{ event: '$session_start' }],
  ])('refuses %j', async (params) => {
    expect((await ask('events', params)).status).toBe(400)
  })

  it('leaves out what the lexicon hides, unless it is asked for, or the person is', async () => {
    await send([anEvent('Noise', 'zoe', 7)])
    const path = `${project}/schemas/event/Noise`
    const body = { description: 'n', metadata: { 'com.mixpanel': { hidden: true } } }
    good(await lethe.post(path, { headers: asAdmin, body }))
    expect(minutesOf(await feed())).not.toContain(7)
    expect(minutesOf(await feed({ event: 'Noise' }))).toEqual([7])
    expect(minutesOf(await feed({ distinct_id: 'zoe' }))).toEqual([7])
  })

  it('is downloaded as it is shown, and that is written down', async () => {
    const { text } = good(await ask('events/csv', { event: 'Bought', columns: '["price","list"]' }))
    expect(text).toBe('event,time,distinct_id,price,list\r\nBought,2026-03-10T12:02:00.000Z,ann,12.5,"[1,2]"\r\n')
    expect(await audited('event_export.downloaded')).toMatchObject([{ changes: { events: { after: 1 } } }])
  })
})

const audited = async (type: string) =>
  good(await lethe.get(`${project}/audit-log?event_type=${type}`, { headers: member })).json().results

describe('people (RPT-05)', () => {
  const list = async (params: Readonly<Record<string, string>> = {}) => good(await ask('people', params)).json()
  const idsOf = ({ results }: { results: { $distinct_id: string }[] }) => results.map((one) => one.$distinct_id)

  it('are listed with the properties that are shown', async () => {
    const page = await list({ output_properties: '["plan"]', where: 'properties["$name"] == "Ann"' })
    expect(page).toMatchObject({ total: 1, page: 0, results: [{ $distinct_id: 'ann', $properties: { plan: 'pro' } }] })
  })

  it('are searched, filtered, sorted and turned page by page', async () => {
    expect(idsOf(await list({ search: 'BOB' }))).toEqual(['bob'])
    const sorted = { sort_key: 'properties["$name"]', sort_order: 'descending', page_size: '2' }
    expect(idsOf(await list({ ...sorted, where: 'defined(properties["$name"])' }))).toEqual(['bob', 'ann'])
    const second = await list({ where: 'properties["plan"] == "pro"', page_size: '1', page: '1' })
    expect([second.total, idsOf(second)]).toEqual([2, ['odd/?&id']])
  })

  it('are all who did anything, if asked', async () => {
    const all = await list({ include_all_users: 'true', page_size: '200' })
    expect(idsOf(all).filter((id) => /^[a-d]/.test(id))).toEqual(['ann', 'bob', 'cat', 'dan'])
    expect(idsOf(await list({ include_all_users: 'true', where: 'properties["plan"] == "free"' }))).toEqual(['bob'])
  })

  it('are downloaded with the columns that are shown, and that is written down', async () => {
    const { text } = good(await ask('people/csv', { output_properties: '["plan","tel"]', search: 'ann' }))
    expect(text).toBe("$distinct_id,plan,tel\r\nann,pro,'=cmd\r\n")
    expect(await audited('profile_export.downloaded')).toHaveLength(1)
    expect((await ask('people/csv', { where: 'properties["' })).status).toBe(400)
  })

  it('have a page each, by any of their ids', async () => {
    const { results } = good(await ask('person', { distinct_id: '$device:d1' })).json()
    expect(results).toMatchObject({ distinct_id: 'dan', has_profile: false, event_count: 2 })
    expect(results.distinct_ids.toSorted()).toEqual(['$device:d1', 'dan'])
    expect(results.last_event).toBe(atMs + 6 * minuteMs)
    const odd = good(await ask('person', { distinct_id: 'odd/?&id' })).json().results
    expect(odd).toMatchObject({ has_profile: true, event_count: 0, first_event: null, properties: { plan: 'pro' } })
    expect((await ask('person', { distinct_id: 'nobody' })).status).toBe(404)
    expect((await ask('person')).status).toBe(400)
  })
})

describe('a profile', () => {
  const one = (distinctId: string) => `${project}/person?${new URLSearchParams({ distinct_id: distinctId })}`
  const create = (body: object, headers = member) => lethe.post(`${project}/people`, { headers, body })
  const change = (id: string, body: object, headers = member) => lethe.send('PATCH', one(id), { headers, body })

  it('is made, changed and deleted, and what it holds is in no log', async () => {
    expect(
      good(await create({ distinct_id: 'eve-canary', properties: { plan: 'canary-1' } }), 201).json().results,
    ).toEqual({
      distinct_id: 'eve-canary',
    })
    expect((await create({ distinct_id: 'eve-canary' })).status).toBe(409)
    const changed = good(await change('eve-canary', { set: { age: 7 }, unset: ['plan'] })).json().results
    expect(changed.properties.age).toBe(7)
    expect(changed.properties).not.toHaveProperty('plan')
    good(await lethe.send('DELETE', one('eve-canary'), { headers: member }))
    expect((await lethe.get(one('eve-canary'), { headers: member })).status).toBe(404)
    const entries = await audited('profile.updated')
    expect(entries).toHaveLength(2)
    expect(entries[0].changes).toEqual({
      properties_set: { before: null, after: 1 },
      properties_unset: { before: null, after: 1 },
    })
    expect(await audited('profile.deleted')).toHaveLength(1)
    expect(JSON.stringify([entries, await audited('profile.deleted')])).not.toMatch(/canary/)
  })

  it('passes the rules of the project', async () => {
    good(await create({ distinct_id: 'fay', properties: { ssn: '1', plan: 'x' } }), 201)
    const { properties } = good(await ask('person', { distinct_id: 'fay' })).json().results
    expect(properties).toMatchObject({ plan: 'x' })
    expect(properties).not.toHaveProperty('ssn')
  })

  it.each([[{}], [{ set: { a: 1 }, more: 1 }], [{ unset: [] }], ['x']])('is not changed by %j', async (body) => {
    const { status } = await lethe.send('PATCH', one('ann'), { headers: member, body: JSON.stringify(body) })
    expect(status).toBe(400)
  })

  it('comes from a file, a row each', async () => {
    const columns = encodeURIComponent('["$distinct_id","plan","","age"]')
    const body = 'id,plan,x,age\nimp1,"a,b",no,5\nimp2,c,no,\n,d,no,1\nimp3,a,b,c,d\n'
    const answer = good(
      await lethe.post(`${project}/people/import?columns=${columns}&has_header=1`, {
        headers: { ...member, 'Content-Type': 'text/csv' },
        body,
      }),
    )
    expect(answer.json().results).toEqual({
      rows: 4,
      imported: 2,
      failed: 2,
      failed_rows: [
        { row: 3, error: 'no $distinct_id' },
        { row: 4, error: '5 fields for 4 columns' },
      ],
    })
    const { properties } = good(await ask('person', { distinct_id: 'imp1' })).json().results
    expect(properties).toMatchObject({ plan: 'a,b', age: 5 })
    expect(await audited('profile.batch_updated')).toHaveLength(1)
  })

  it('of a file without ids is found by its e-mail address, or is new', async () => {
    const upload = (columns: string, body: string) =>
      lethe.post(`${project}/people/import?columns=${encodeURIComponent(columns)}`, { headers: member, body })
    good(await upload('["$email","plan"]', 'g@example.test,byMail\n'))
    expect(good(await ask('person', { distinct_id: 'g@example.test' })).json().results.properties.plan).toBe('byMail')
    good(await upload('["plan"]', 'isNew\nisNew\n'))
    expect(good(await ask('people', { where: 'properties["plan"] == "isNew"' })).json().total).toBe(2)
    expect((await upload('[]', 'x\n')).status).toBe(400)
  })
})

describe('who may', () => {
  const write = (headers: Readonly<Record<string, string>>) =>
    lethe.send('PATCH', `${project}/person?distinct_id=bob`, { headers, body: { set: { seen: true } } })
  const statuses = async (headers: Readonly<Record<string, string>>) =>
    Object.fromEntries(
      await Promise.all([
        ...['events', 'people', 'events/csv', 'people/csv'].map(async (path) => [
          path,
          (await ask(path, {}, headers)).status,
        ]),
        (async () => ['write', (await write(headers)).status])(),
      ]),
    )

  it('see, download and change people (people §5)', async () => {
    const seen = { events: 200, people: 200 }
    const refused = { 'events/csv': 403, 'people/csv': 403, write: 403 }
    expect(await statuses(asConsumer)).toEqual({ ...seen, ...refused })
    const asAnalystMember = await logIn(lethe, analyst)
    for (const headers of [asAnalyst, asAnalystMember]) {
      expect(await statuses(headers)).toEqual({ ...seen, 'events/csv': 200, 'people/csv': 200, write: 403 })
    }
    expect(await statuses(asAdmin)).toEqual({ ...seen, 'events/csv': 200, 'people/csv': 200, write: 200 })
    expect(await statuses(basic(us.secret))).toEqual({
      events: 401,
      people: 401,
      'events/csv': 401,
      'people/csv': 401,
      write: 401,
    })
  })

  it('ask for figures and names by a session, and for rows of people there by no session', async () => {
    await send([{ event: 'Fresh', properties: { time: Date.now(), distinct_id: 'ann', $insert_id: 'fresh-1' } }])
    const names = await lethe.get(`/api/query/events/names?project_id=${us.id}&type=general`, { headers: member })
    expect(good(names).json()).toContain('Fresh')
    const engage = await lethe.get(`/api/query/engage?project_id=${us.id}`, { headers: member })
    expect(engage.status).toBe(401)
  })

  it('write by a page of ours only', async () => {
    const { Cookie = '' } = member
    expect((await write({ Cookie, Origin: 'https://evil.test' })).status).toBe(403)
  })
})

describe('settings that pages show', () => {
  it('are the size of the suppression list and the lookup tables, for admins', async () => {
    const suppression = await lethe.get(`${project}/suppression`, { headers: member })
    expect(good(suppression).json().results).toEqual({ suppress_erased: false, count: 0 })
    const made = await lethe.post(`${project}/lookup-tables`, { headers: member, body: { name: 'Products' } })
    expect(made.status, made.text).toBe(201)
    const tables = await lethe.get(`${project}/lookup-tables`, { headers: member })
    expect(good(tables).json().results).toEqual([{ id: made.json().results.id, name: 'Products' }])
    for (const path of ['suppression', 'lookup-tables']) {
      expect((await lethe.get(`${project}/${path}`, { headers: asConsumer })).status).toBe(403)
    }
  })
})

it('shows classified properties on no page and in no file (PRIV-36)', async () => {
  const names = { event: ['price'], profile: ['tel', 'salary'] }
  good(await lethe.send('PUT', `${project}/classified-properties`, { headers: member, body: names }))
  const { events } = good(await ask('events', { event: 'Bought' })).json().results
  expect(events[0].properties).toHaveProperty('list')
  expect(events[0].properties).not.toHaveProperty('price')
  const { text } = good(await ask('events/csv', { event: 'Bought', columns: '["price"]' }))
  expect(text).not.toContain('12.5')
  expect(good(await ask('person', { distinct_id: 'ann' })).json().results.properties).not.toHaveProperty('tel')
  expect(good(await ask('people', { search: '=cmd' })).json().total).toBe(0)
  expect(good(await ask('people/csv', { output_properties: '["tel"]' })).text).not.toContain('cmd')
  expect((await ask('events', { where: 'properties["price"] > 1' })).status).toBe(403)
  expect((await ask('people', { sort_key: 'properties["tel"]' })).status).toBe(403)
})
