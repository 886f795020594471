import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, analystAccount, consumerAccount, defaultProvision, eu, us } from '../support/provision.ts'

const today = new Date().toISOString().slice(0, 10)
const trusted = { username: 'trusted.abc123.mp-service-account', secret: 'trusted secret of tests' }

let lethe: Lethe
let officer: PrivacyOfficer
const provision = defaultProvision()
const [acme] = provision.organizations
const grants = [us.id, eu.id].map((id) => ({ id, role: 'analyst' }))
Object.assign(acme ?? {}, {
  service_accounts: [...(acme?.service_accounts ?? []), { ...trusted, projects: grants, classified_access: true }],
})

type Headers = Readonly<Record<string, string>>
const admin = basic(adminAccount.username, adminAccount.secret)
const analyst = basic(analystAccount.username, analystAccount.secret)
const withAccess = basic(trusted.username, trusted.secret)
const path = (projectId: number = us.id) => `/api/app/projects/${projectId}/classified-properties`
const classify = (body: object, headers: Headers = admin) => lethe.send('PUT', path(), { headers, body })
const classified = { event: ['card', 'salary'], profile: ['$email'] }

beforeAll(async () => {
  lethe = await startLethe({
    provision,
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  officer = privacyOfficer(lethe, { token: us.token })
  const time = Math.floor(Date.now() / 1_000) - 60
  for (const { id } of [us, eu]) {
    const body = [
      {
        event: 'Paid',
        properties: { time, distinct_id: 'ann', $insert_id: 'i1', card: '4111', salary: 70_000, plan: 'pro' },
      },
    ]
    const stored = await lethe.post(`/import?strict=1&project_id=${id}`, { headers: admin, body })
    expect(stored.status).toBe(200)
  }
  const profile = { $token: us.token, $distinct_id: 'ann', $set: { $email: 'ann@people.test', plan: 'pro' } }
  expect((await lethe.post('/engage', { body: [profile] })).status).toBe(200)
  expect((await classify(classified)).status).toBe(200)
})
afterAll(() => lethe?.stop())

const dates = `from_date=${today}&to_date=${today}`
const lineOf = async (headers: Headers, projectId: number = us.id) => {
  const answer = await lethe.get(`/api/2.0/export?project_id=${projectId}&from_date=2026-01-01&to_date=${today}`, {
    headers,
  })
  expect(answer.status).toBe(200)
  return JSON.parse(answer.text.trim()).properties
}

describe('classified properties (PRIV-36)', () => {
  it('are set and seen by owners and admins', async () => {
    expect((await lethe.get(path(), { headers: admin })).json()).toEqual({ status: 'ok', results: classified })
    expect((await lethe.get(path(eu.id), { headers: admin })).json().results).toEqual({ event: [], profile: [] })
    for (const { username, secret } of [analystAccount, consumerAccount, trusted]) {
      const headers = basic(username, secret)
      expect([(await lethe.get(path(), { headers })).status, (await classify(classified, headers)).status]).toEqual([
        403, 403,
      ])
    }
    const log = await lethe.get(`/api/app/projects/${us.id}/audit-log`, { headers: admin })
    expect(log.json().results[0]).toMatchObject({
      event_type: 'classified_properties.updated',
      changes: { classified_properties: { before: { event: [], profile: [] }, after: classified } },
    })
  })

  it.each([
    ['a name that every event has', { event: ['time'], profile: [] }],
    ['who it is about', { event: ['distinct_id'], profile: [] }],
    ['one list only', { event: [] }],
    ['no text', { event: [1], profile: [] }],
  ])('are not %s', async (_what, body) => {
    const refused = await classify(body)
    expect([refused.status, refused.json()]).toEqual([400, { status: 'error', error: expect.any(String) }])
  })

  it.each<readonly [string, Headers]>([
    ['an admin', admin],
    ['an analyst', analyst],
    ['the project secret', basic(us.secret)],
  ])('are left out of raw export for %s: no role has access by itself', async (_who, headers) => {
    const shown = await lineOf(headers)
    expect(shown).toMatchObject({ distinct_id: 'ann', plan: 'pro' })
    expect(Object.keys(shown).filter((name) => classified.event.includes(name))).toEqual([])
  })

  it('are in it for who was granted access, and in other projects', async () => {
    expect(await lineOf(withAccess)).toMatchObject({ card: '4111', salary: 70_000, plan: 'pro' })
    expect(await lineOf(admin, eu.id)).toMatchObject({ card: '4111' })
  })

  it.each([
    ['where of an export', `/api/2.0/export?${dates}&where=${encodeURIComponent('properties["salary"] > 1')}`],
    [
      'on of a segmentation',
      `/api/query/segmentation?${dates}&event=Paid&on=${encodeURIComponent('properties["card"]')}`,
    ],
    [
      'where of a segmentation',
      `/api/2.0/segmentation?${dates}&event=Paid&where=${encodeURIComponent('defined(properties["card"])')}`,
    ],
    [
      'a profile property of a segmentation',
      `/api/2.0/segmentation?${dates}&event=Paid&on=${encodeURIComponent('user["$email"]')}`,
    ],
    ['values of a property', '/api/2.0/events/properties/values?event=Paid&name=card'],
    ['where of engage', `/api/2.0/engage?where=${encodeURIComponent('"ann" in properties["$email"]')}`],
  ])('cannot be asked about: %s', async (_what, question) => {
    const refused = await lethe.get(`${question}&project_id=${us.id}`, { headers: analyst })
    expect([refused.status, refused.json().error]).toEqual([403, expect.stringContaining('is classified')])
    const answered = await lethe.get(`${question}&project_id=${us.id}`, { headers: withAccess })
    expect([answered.status, answered.text]).toEqual([200, expect.any(String)])
  })

  it('are not in what is made of them', async () => {
    const base = `/api/app/projects/${us.id}`
    const settings = { mode: 'timeout', timeout_minutes: 30, inherited_properties: ['card', 'plan'] }
    expect((await lethe.send('PUT', `${base}/session-settings`, { headers: admin, body: { settings } })).status).toBe(
      200,
    )
    const made = async (definition: object): Promise<string> => {
      const sent = { headers: admin, body: { name: 'It', definition } }
      const answer = await lethe.post(`${base}/custom-properties`, sent)
      expect([answer.status, answer.text]).toEqual([201, answer.text])
      return `$custom_property:${answer.json().results.id}`
    }
    const formula = await made({ type: 'formula', formula: 'properties["card"]' })
    const ofFormula = await made({ type: 'formula', formula: `len(properties["${formula}"])` })
    const borrowed = await made({ type: 'borrowed', property: 'card' })
    const ofUser = await made({ type: 'formula', of: 'user', formula: 'properties["$email"]' })
    const on = (event: string, name: string) =>
      `/api/query/segmentation?${dates}&event=${event}&on=${encodeURIComponent(name)}&project_id=${us.id}`
    const questions = [formula, ofFormula, borrowed, ofUser].map((name) => on('Paid', name))
    for (const question of [...questions, on('$session_start', 'card')]) {
      const refused = await lethe.get(question, { headers: analyst })
      expect([question, refused.status, refused.json().error]).toEqual([
        ...[question, 403, expect.stringContaining('is classified')],
      ])
      expect((await lethe.get(question, { headers: withAccess })).status).toBe(200)
    }
    const top = `/api/query/events/properties/top?event=%24session_start&project_id=${us.id}`
    const namesFor = async (headers: Headers) =>
      Object.keys((await lethe.get(top, { headers })).json()).filter((name) => !name.startsWith('$'))
    expect([await namesFor(analyst), await namesFor(withAccess)]).toEqual([['plan'], ['card', 'plan']])
  })

  it('are not in profiles, activity or search for who has no access', async () => {
    const ask = async (headers: Headers, question: string) =>
      (await lethe.get(`/api/2.0/${question}project_id=${us.id}`, { headers })).text
    const stream = `stream/query?distinct_ids=${encodeURIComponent('["ann"]')}&${dates}&`
    const days = `{ from_date: '${today}', to_date: '${today}' }`
    const script = encodeURIComponent(`function main() { return join(Events(${days}), People()) }`)
    const questions = ['engage?', stream, `jql?script=${script}&`]
    for (const question of questions) {
      const [hidden, shown] = [await ask(analyst, question), await ask(withAccess, question)]
      expect([hidden.includes('pro'), shown.includes('pro')]).toEqual([true, true])
      for (const secret of ['4111', '70000', 'ann@people']) expect(hidden).not.toContain(secret)
      expect(shown).toMatch(/4111|ann@people/)
    }
    expect(JSON.parse(await ask(analyst, 'engage?search=people.test&')).results).toEqual([])
    expect(JSON.parse(await ask(withAccess, 'engage?search=people.test&')).results).toHaveLength(1)
  })

  it('are in what a person is given of their own data', async () => {
    const { events, people } = await officer.retrieve('ann')
    expect(events[0]?.properties).toMatchObject({ card: '4111', salary: 70_000 })
    expect(people[0]?.$properties).toMatchObject({ $email: 'ann@people.test' })
  })
})
