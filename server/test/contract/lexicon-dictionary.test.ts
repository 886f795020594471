import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { adminAccount, analystAccount, consumerAccount, owner, us } from '../support/provision.ts'
import { askQuery } from '../support/query-project.ts'

// LEX-06, LEX-08…10: what was found beside what was said, and the file of it.

let lethe: Lethe
let ownerSession: Readonly<Record<string, string>>
const admin = basic(adminAccount.username, adminAccount.secret)
const app = `/api/app/projects/${us.id}`
const at = (path: string) => `${app}/lexicon/${path}`

const anEvent = (event: string, properties: object = {}) => ({
  event,
  properties: {
    token: us.token,
    distinct_id: 'ada',
    time: Math.floor(Date.now() / 1_000) - 60,
    $insert_id: randomUUID(),
    ...properties,
  },
})
const track = async (...events: readonly object[]) => {
  expect((await lethe.post('/track', { body: events })).text).toBe('1')
}
beforeAll(async () => {
  lethe = await startLethe()
  ownerSession = await logIn(lethe, owner)
  await track(
    anEvent('Buy', { price: 3, items: ['a'], who: { a: 1 } }),
    anEvent('Buy', { price: 'free', gift: true }),
    anEvent('page_view', { price: null }),
  )
  const $set = { plan: 'free', age: 3 }
  expect((await lethe.post('/engage', { body: [{ $token: us.token, $distinct_id: 'ada', $set }] })).text).toBe('1')
})
afterAll(() => lethe?.stop())

type Item = Readonly<Record<string, unknown>> & { readonly name: string }
const list = async (what: string): Promise<readonly Item[]> => {
  const answer = await lethe.get(at(`${what}${what.includes('?') ? '&' : '?'}refresh=1`), { headers: admin })
  expect([answer.status, answer.text]).toEqual([200, answer.text])
  return answer.json().results
}
const one = async (what: string, name: string) => (await list(what)).find((item) => item.name === name)
const change = (
  what: string,
  names: readonly string[],
  set: object,
  headers: Readonly<Record<string, string>> = admin,
) => lethe.send('PATCH', at(what), { headers, body: { names, set } })
const settings = (body: object) => lethe.send('PUT', at('settings'), { headers: admin, body })

describe('what was found', () => {
  it('is there by itself: events with volumes and moments', async () => {
    const buy = await one('events', 'Buy')
    expect(buy).toMatchObject({ status: 'visible', volume_30d: 2, description: null, tags: [], compliant: true })
    expect(Date.parse(String(buy?.['first_seen']))).toBeGreaterThan(Date.now() - 600_000)
    expect((await list('events')).map(({ name }) => name)).toEqual(['Buy', 'page_view'])
  })

  it('and properties with their types', async () => {
    expect(await one('event-properties', 'price')).toMatchObject({
      count_30d: 3,
      types: expect.arrayContaining(['number', 'string', 'null']),
    })
    const ofBuy = await list('event-properties?event=Buy')
    const types = Object.fromEntries(ofBuy.map(({ name, types: all }) => [name, all]))
    expect(types).toMatchObject({ gift: ['boolean'], items: ['array'], who: ['object'] })
    expect((await list('event-properties?event=page_view')).map(({ name }) => name)).toContain('price')
    expect(await one('event-properties?event=page_view', 'gift')).toBe(undefined)
    expect(await one('profile-properties', 'plan')).toMatchObject({ count_30d: 1, types: ['string'] })
  })

  it('says nothing of values', async () => {
    const texts = await Promise.all(
      ['events', 'event-properties', 'profile-properties'].map((what) => lethe.get(at(what), { headers: admin })),
    )
    expect(texts.map(({ text }) => text).join()).not.toMatch(/"free"|ada/)
  })
})

describe('what people say', () => {
  it('of events is in the schemas too', async () => {
    const set = { display_name: 'Bought', description: 'Paid', hidden: true, tags: ['shop'], team_contacts: ['Web'] }
    expect((await change('events', ['Buy', 'Never Sent'], { ...set, verified: true })).status).toBe(200)
    expect(await one('events', 'Buy')).toMatchObject({
      ...set,
      status: 'hidden',
      verified: { by: adminAccount.username, at: expect.any(String) },
    })
    expect(await one('events', 'Never Sent')).toMatchObject({ ...set, volume_30d: 0, first_seen: null })
    const schema = await lethe.get(`${app}/schemas/event/Buy`, { headers: admin })
    expect(schema.json()).toEqual({
      description: 'Paid',
      metadata: {
        'com.mixpanel': { displayName: 'Bought', hidden: true, tags: ['shop'], teamContacts: ['Web'] },
      },
    })
    await change('events', ['Buy'], { display_name: null, hidden: false, verified: false })
    expect(await one('events', 'Buy')).toMatchObject({ display_name: null, status: 'visible', verified: null })
  })

  it('of properties goes for every event, or for profiles', async () => {
    await change('event-properties', ['gift'], { description: 'A present', hidden: true })
    expect(await one('event-properties', 'gift')).toMatchObject({ description: 'A present', status: 'hidden' })
    expect(await one('event-properties?event=Buy', 'gift')).toMatchObject({ status: 'hidden' })
    const top = await askQuery(lethe, us.id, 'events/properties/top', { event: 'Buy', limit: 100 })
    expect(Object.keys(top.json())).not.toContain('gift')
    await change('profile-properties', ['age'], { display_name: 'Age' })
    const schema = await lethe.get(`${app}/schemas/profile/$user`, { headers: admin })
    expect(schema.json().properties).toEqual({
      age: { type: 'number', metadata: { 'com.mixpanel': { displayName: 'Age' } } },
    })
    expect((await change('profile-properties', ['age'], { blocked: true })).status).toBe(400)
  })

  it('blocks, when owners say so', async () => {
    expect((await change('events', ['Spam'], { blocked: true })).status).toBe(403)
    expect((await change('events', ['Spam'], { blocked: true }, ownerSession)).status).toBe(200)
    expect((await change('event-properties', ['secret'], { blocked: true }, ownerSession)).status).toBe(200)
    await track(anEvent('Spam'), anEvent('Kept', { secret: 1, open: 2 }))
    expect(await one('events', 'Spam')).toMatchObject({ status: 'blocked', volume_30d: 0 })
    expect((await list('event-properties?event=Kept')).map(({ name }) => name)).not.toContain('secret')
  })

  it('is said by admins; analysts and consumers read', async () => {
    for (const account of [analystAccount, consumerAccount]) {
      const headers = basic(account.username, account.secret)
      expect((await change('events', ['Buy'], { hidden: true }, headers)).status).toBe(403)
      expect((await lethe.get(at('events'), { headers })).status).toBe(200)
      const file = await lethe.get(at('csv'), { headers })
      expect(file.status).toBe(account === analystAccount ? 200 : 403)
    }
  })

  it.each([
    { names: [], set: {} },
    { names: ['a'], set: { colour: 1 } },
    { names: [''], set: {} },
    { names: ['a'], set: { tags: 'x' } },
  ])('is refused as %j', async (body) => {
    expect((await lethe.send('PATCH', at('events'), { headers: admin, body })).status).toBe(400)
  })
})

describe('standards', () => {
  it('say which events do not meet them', async () => {
    const standards = { naming: 'Title Case', requires_description: true, requires_owner: true }
    expect((await settings({ settings: { standards } })).status).toBe(200)
    await change('events', ['Met'], { description: 'd', contacts: ['a@acme.test'] })
    expect(await one('events', 'Met')).toMatchObject({ compliant: true, faults: [] })
    expect(await one('events', 'page_view')).toMatchObject({
      compliant: false,
      faults: ['naming', 'description', 'owner'],
    })
    await change('events', ['page_view'], { display_name: 'Page View' })
    expect(await one('events', 'page_view')).toMatchObject({ faults: ['description', 'owner'] })
  })

  it('are changed by who knows them', async () => {
    const { version } = (await lethe.get(at('settings'), { headers: admin })).json().results
    expect((await settings({ settings: {}, version: version + 1 })).status).toBe(409)
    expect((await settings({ settings: {}, version })).json().results).toMatchObject({ version: version + 1 })
    expect((await settings({ settings: { standards: { naming: 'loud' } } })).status).toBe(400)
  })
})

describe('events that wait for approval', () => {
  it('are stored, and in no list until somebody says something about them', async () => {
    const names = async () => (await askQuery(lethe, us.id, 'events/names', { type: 'general' })).json()
    expect((await settings({ settings: { event_approval: true } })).status).toBe(200)
    await track(anEvent('Newcomer'), anEvent('Buy'))
    expect(await names()).toEqual(expect.arrayContaining(['Buy', 'page_view']))
    expect(await names()).not.toContain('Newcomer')
    expect(await one('events', 'Newcomer')).toMatchObject({ status: 'pending', pending: true, volume_30d: 1 })
    expect(await one('events', 'Buy')).toMatchObject({ status: 'visible' })
    await change('events', ['Newcomer'], { hidden: false })
    expect(await names()).toContain('Newcomer')
    expect(await one('events', 'Newcomer')).toMatchObject({ status: 'visible', pending: false })
    await track(anEvent('Another'))
    expect(await names()).not.toContain('Another')
    await settings({ settings: { event_approval: false } })
    expect(await names()).toContain('Another')
  })
})

describe('the file', () => {
  const csv = async () => {
    const answer = await lethe.get(at('csv'), { headers: admin })
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8'])
    return answer.text
  }
  const put = (body: string, query = '', headers: Readonly<Record<string, string>> = admin) =>
    lethe.post(`${at('csv')}${query}`, { headers: { ...headers, 'Content-Type': 'text/csv' }, body })

  it('comes back as it went', async () => {
    await change('events', ['=cmd', 'Quoted "x", y'], { description: '-1, "two"\nlines', tags: ['a', 'b'] })
    await lethe.post(`${app}/schemas/event/Buy`, {
      headers: admin,
      body: { properties: { price: { type: 'number', description: 'p' } } },
    })
    const [before, text] = [await list('events'), await csv()]
    expect(text).toContain(`event,,'=cmd,`)
    expect(text).toContain('event-property,Buy,price,,p,number,false,false')
    const answer = await put(text, '?overwrite=all', ownerSession)
    expect([answer.status, answer.text]).toEqual([200, answer.text])
    const after = await list('events')
    const described = (items: readonly Item[]) => items.map(({ compliant, faults, ...item }) => item)
    expect(described(after)).toEqual(described(before))
    expect((await lethe.get(`${app}/schemas/event/Buy`, { headers: admin })).json().properties).toEqual({
      price: { type: 'number', description: 'p', metadata: { 'com.mixpanel': {} } },
    })
  })

  const header = 'kind,event,name,display_name,description,type,hidden,blocked,tags,owners,team_owners'
  it('overwrites what it names, and adds', async () => {
    const rows = [
      'event,,Buy,Purchase,,,true,,x;y,,',
      'event-property,Filed,size,,s,integer,,,,,',
      'profile-property,,seat,,,string,yes,,,,',
    ]
    expect((await put([header, ...rows].join('\n'))).json().results).toEqual({ rows: 3, deleted: 0 })
    expect(await one('events', 'Buy')).toMatchObject({ display_name: 'Purchase', status: 'hidden', tags: ['x', 'y'] })
    expect((await lethe.get(`${app}/schemas/event/Filed`, { headers: admin })).json()).toEqual({
      properties: { size: { type: 'integer', description: 's', metadata: { 'com.mixpanel': {} } } },
    })
    expect(await one('profile-properties', 'seat')).toMatchObject({ status: 'hidden' })
    await put([header, 'event,,Buy,,,,,,,,'].join('\n'))
  })

  it('is no way around who may block', async () => {
    expect((await put([header, 'event,,Filed,,,,,true,,,'].join('\n'))).status).toBe(403)
    expect((await put([header, 'event,,Spam,,,,,,,,'].join('\n'))).status).toBe(403)
    expect((await put(header, '?overwrite=all')).status).toBe(403)
    expect((await put([header, 'event,,Spam,,again,,,true,,,'].join('\n'))).status).toBe(200)
  })

  it.each([
    ['another header', 'name,colour\na,red'],
    ['a column less', header.replace(',blocked', '')],
    ['a field less', `${header}\nevent,,a`],
    ['another kind', `${header}\ngroup,,a,,,,,,,,`],
    ['no name', `${header}\nevent,,,,,,,,,,`],
    ['a flag that is none', `${header}\nevent,,a,,,,maybe,,,,`],
    ['a type that is none', `${header}\nprofile-property,,a,,,text,,,,,`],
    ['a quote left open', `${header}\nevent,,"a,,,,,,,,`],
  ])('is refused with %s', async (_, body) => {
    const answer = await put(body)
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })
})
