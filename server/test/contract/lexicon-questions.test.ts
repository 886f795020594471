import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { exportEvents } from '../support/privacy-officer.ts'
import { adminAccount, analystAccount, owner, us } from '../support/provision.ts'
import { askQuery } from '../support/query-project.ts'

// What the lexicon does to questions: hidden names are in no list, and are answered when asked for; merged ones are one.

let lethe: Lethe
let ownerSession: Readonly<Record<string, string>>
const admin = basic(adminAccount.username, adminAccount.secret)
const app = `/api/app/projects/${us.id}`
const day = () => new Date().toISOString().slice(0, 10)
const days = () => ({ from_date: day(), to_date: day() })

const anEvent = (event: string, who: string, properties: object = {}) => ({
  event,
  properties: {
    token: us.token,
    distinct_id: who,
    time: Math.floor(Date.now() / 1_000) - 60,
    $insert_id: randomUUID(),
    ...properties,
  },
})

beforeAll(async () => {
  lethe = await startLethe()
  ownerSession = await logIn(lethe, owner)
  const events = [
    ...['ada', 'bob'].map((who) => anEvent('Signup', who, { plan: 'free', tier: 'a' })),
    anEvent('Sign Up', 'cyd', { Plan: 'paid' }),
    anEvent('Sign Up', 'cyd', { Plan: 'paid', plan: 'free' }),
    anEvent('Debug', 'dan', { trace: 'x' }),
    anEvent('Buy', 'ada', { price: 3 }),
    anEvent('Buy', 'cyd', { price: 4 }),
  ]
  expect((await lethe.post('/track', { body: events })).text).toBe('1')
  const profiles = [{ $token: us.token, $distinct_id: 'ada', $set: { plan: 'free', ssn: '1' } }]
  expect((await lethe.post('/engage', { body: profiles })).text).toBe('1')
})
afterAll(() => lethe?.stop())

const ask = async (name: string, values: Readonly<Record<string, string | number>>) => {
  const answer = await askQuery(lethe, us.id, name, values)
  expect([name, answer.status, answer.text]).toEqual([name, 200, answer.text])
  return answer.json()
}
const describeOne = async (path: string, body: object) => {
  const answer = await lethe.post(`${app}/schemas/${path}`, { headers: admin, body })
  expect(answer.status).toBe(200)
}
const ours = (marks: object) => ({ metadata: { 'com.mixpanel': marks } })
const names = () => ask('events/names', { type: 'general' })
const count = async (event: string, more: Readonly<Record<string, string | number>> = {}) => {
  const { data } = await ask('segmentation', { event, ...days(), ...more })
  const of = (points: object) => Object.values(points).reduce((sum: number, n) => sum + Number(n), 0)
  return Object.fromEntries(Object.entries(data.values).map(([key, points]) => [key, of(points as object)]))
}
const retained = async () => {
  const any = await ask('retention', { ...days(), born_event: '$any_event', retention_type: 'birth', unit: 'day' })
  return (Object.values(any)[0] as { first: number }).first
}

describe('hidden names', () => {
  it('are in no list of events, nor any event, and are answered when they are asked for', async () => {
    expect(await names()).toContain('Debug')
    expect(await retained()).toBe(4)
    await describeOne('event/Debug', ours({ hidden: true }))
    expect(await names()).not.toContain('Debug')
    const { events } = await ask('events/top', { type: 'general' })
    expect(events.map(({ event }: { event: string }) => event).sort()).toEqual(['Buy', 'Sign Up', 'Signup'])
    expect(await retained()).toBe(3)
    expect(await count('Debug')).toEqual({ Debug: 1 })
    await describeOne('event/Debug', ours({ hidden: null }))
    expect(await names()).toContain('Debug')
  })

  it('of properties are in no list of properties', async () => {
    const top = async (event: string) => Object.keys(await ask('events/properties/top', { event, limit: 100 }))
    expect(await top('Signup')).toEqual(expect.arrayContaining(['plan', 'tier']))
    await describeOne('event/Signup', { properties: { tier: { type: 'string', ...ours({ hidden: true }) } } })
    expect(await top('Signup')).not.toContain('tier')
    expect(await count('Signup', { on: 'tier' })).toEqual({ a: 2 })
    await describeOne('profile/$user', { properties: { ssn: { type: 'string', ...ours({ hidden: true }) } } })
    const { results } = await ask('engage/properties', {})
    expect([Object.keys(results).includes('plan'), Object.keys(results).includes('ssn')]).toEqual([true, false])
  })
})

describe('merged names', () => {
  const merges = `${app}/lexicon/merges`
  const merge = (body: object, headers: Readonly<Record<string, string>> = ownerSession) =>
    lethe.post(merges, { headers, body })

  it('of events are one in every question, by either name; what is stored stays', async () => {
    expect(await count('Signup')).toEqual({ Signup: 2 })
    expect((await merge({ kind: 'event', names: ['Sign Up'], into: 'Signup' })).status).toBe(200)
    expect(await count('Signup')).toEqual({ Signup: 4 })
    expect(await count('Sign Up')).toEqual({ 'Sign Up': 4 })
    expect((await names()).filter((name: string) => name.startsWith('Sign'))).toEqual(['Signup'])
    const both = await ask('events', { ...days(), event: '["Sign Up","Signup","Buy"]', type: 'unique', unit: 'day' })
    expect(Object.values(both.data.values).map((points) => Object.values(points as object))).toEqual([[3], [3], [2]])
    const funnel = await lethe.post(`${app}/funnels`, {
      headers: admin,
      body: {
        name: 'F',
        definition: { steps: [{ event: 'Sign Up' }, { event: 'Buy' }] },
      },
    })
    expect([funnel.status, funnel.text]).toEqual([201, funnel.text])
    const { data } = await ask('funnels', { funnel_id: funnel.json().results.id, ...days() })
    expect((Object.values(data)[0] as { steps: { count: number }[] }).steps[0]?.count).toBe(3)
    const script =
      'function main() { return Events({from_date: "' +
      day() +
      '", to_date: "' +
      day() +
      '", event_selectors: [{event: "Sign Up"}]}).groupBy(["name"], mixpanel.reducer.count()) }'
    expect(await ask('jql', { script })).toEqual([{ key: ['Signup'], value: 4 }])
    const raw = (await exportEvents(lethe, us)).map(({ event }) => event)
    expect(raw.filter((event) => event === 'Sign Up')).toHaveLength(2)
    expect((await lethe.get(merges, { headers: admin })).json().results).toEqual([
      { kind: 'event', name: 'Sign Up', into: 'Signup' },
    ])
  })

  it('of events are one in expressions and data views', async () => {
    expect(await count('Signup', { where: 'properties["$event_name"] == "Sign Up"' })).toEqual({ Signup: 4 })
    expect(await count('Signup', { where: 'properties["$event_name"] in ["Sign Up", "x"]' })).toEqual({ Signup: 4 })
    expect(await count('Signup', { where: 'properties["$event_name"] == "Buy"' })).toEqual({ Signup: 0 })
    const view = await lethe.post(`${app}/data-views`, {
      headers: admin,
      body: { name: 'V', definition: { events: ['Sign Up'] } },
    })
    const workspace_id = view.json().results.id
    expect(await count('Signup', { workspace_id })).toEqual({ Signup: 4 })
    expect(await count('Buy', { workspace_id })).toEqual({ Buy: 0 })
  })

  it('of events come apart again', async () => {
    const body = { kind: 'event', names: ['Sign Up', 'Other'] }
    const answer = await lethe.send('DELETE', merges, { headers: ownerSession, body })
    expect([answer.status, answer.json().results]).toEqual([200, { unmerged: 1 }])
    expect(await count('Signup')).toEqual({ Signup: 2 })
    expect(await count('Sign Up')).toEqual({ 'Sign Up': 2 })
  })

  it('of properties are one, and what an event has under the name itself counts first', async () => {
    expect((await merge({ kind: 'event-property', names: ['Plan'], into: 'plan' })).status).toBe(200)
    expect(await count('Sign Up', { on: 'plan' })).toEqual({ paid: 1, free: 1 })
    expect(await count('Sign Up', { on: 'Plan' })).toEqual({ paid: 1, free: 1 })
    expect(await count('Sign Up', { where: 'properties["plan"] == "paid"' })).toEqual({ 'Sign Up': 1 })
    const top = await ask('events/properties/top', { event: 'Sign Up', limit: 100 })
    expect([top.plan, top.Plan]).toEqual([{ count: 2 }, undefined])
    await lethe.send('DELETE', merges, { headers: ownerSession, body: { kind: 'event-property', names: ['Plan'] } })
    expect(await count('Sign Up', { on: 'plan' })).toEqual({ free: 1, undefined: 1 })
  })

  it('form no chains', async () => {
    await merge({ kind: 'event', names: ['A'], into: 'B' })
    await merge({ kind: 'event', names: ['B'], into: 'C' })
    expect((await merge({ kind: 'event', names: ['D'], into: 'B' })).status).toBe(400)
    const found = (await lethe.get(merges, { headers: admin })).json().results
    expect(found).toEqual([
      { kind: 'event', name: 'A', into: 'C' },
      { kind: 'event', name: 'B', into: 'C' },
    ])
    await lethe.send('DELETE', merges, { headers: ownerSession, body: { kind: 'event', names: ['A', 'B'] } })
  })

  it('are deleted by rule under the name they came with, and no other', async () => {
    const sent = ['Old order', 'Order', 'Order', 'Old visit', 'Visit', 'Visit'].map((name) => anEvent(name, 'eve'))
    expect((await lethe.post('/track', { body: sent })).text).toBe('1')
    await merge({ kind: 'event', names: ['Old order'], into: 'Order' })
    await merge({ kind: 'event', names: ['Old visit'], into: 'Visit' })
    expect([await count('Order'), await count('Visit')]).toEqual([{ Order: 3 }, { Visit: 3 }])
    for (const event of ['Old order', 'Visit']) {
      const body = { event, ...days() }
      expect((await lethe.post(`${app}/event-deletions`, { headers: admin, body })).status).toBe(201)
    }
    expect([await count('Order'), await count('Visit')]).toEqual([{ Order: 2 }, { Visit: 1 }])
  })

  it('are for owners, and for names of one’s own', async () => {
    const body = { kind: 'event', names: ['A'], into: 'B' }
    expect((await merge(body, admin)).status).toBe(403)
    expect((await merge(body, basic(analystAccount.username, analystAccount.secret))).status).toBe(403)
    expect((await merge({ ...body, names: ['$mp_click'] })).status).toBe(400)
    expect((await merge({ ...body, names: ['B'] })).status).toBe(400)
    expect((await merge({ ...body, kind: 'profile' })).status).toBe(400)
  })
})
