import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { owner } from '../support/provision.ts'

// EXP-04 (export §2): a project that keeps project time, beside one that does not.

const key = (seed: string): string => seed.padEnd(32, '0')
const account = { username: 'export.abc123.mp-service-account', secret: 'export secret of tests' }
const headers = basic(account.username, account.secret)
const projects = [
  { id: 1_001, project_time: true },
  { id: 1_002, project_time: false },
]

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    provision: {
      organizations: [
        {
          id: 1,
          name: 'Acme',
          users: [{ email: owner.email, password: owner.password, role: 'owner' }],
          projects: projects.map(({ id, project_time }) => ({
            ...{ id, project_time, name: `P${id}`, region: 'US', timezone: 'Europe/Berlin' },
            token: key(`${id}a`),
            secret: key(`${id}b`),
          })),
          service_accounts: [
            { ...account, role: 'admin', projects: projects.map(({ id }) => ({ id, role: 'admin' })) },
          ],
        },
      ],
    },
  })
  for (const { id } of projects) {
    const event = (name: string, time: string) => ({
      event: name,
      properties: { time: Date.parse(time), distinct_id: 'anna', $insert_id: name },
    })
    const body = [
      event('before', '2026-03-28T22:59:59.500Z'),
      event('midnight', '2026-03-28T23:00:00Z'),
      // Clocks go forward at 01:00 UTC.
      event('winter', '2026-03-29T00:59:59Z'),
      event('summer', '2026-03-29T01:00:00Z'),
      event('last', '2026-03-29T21:59:59.999Z'),
      event('after', '2026-03-29T22:00:00Z'),
    ]
    expect((await lethe.post(`/import?strict=1&project_id=${id}`, { headers, body })).status).toBe(200)
  }
})
afterAll(() => lethe?.stop())

const exported = async (id: number, values: Readonly<Record<string, string>> = {}) => {
  const asked = { project_id: String(id), from_date: '2026-03-29', to_date: '2026-03-29', ...values }
  const answer = await lethe.get(`/api/2.0/export?${new URLSearchParams(asked)}`, { headers })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
  const lines = answer.text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line)).map(({ event, properties }) => [event, properties.time])
}
const seconds = (text: string): number => Date.parse(text) / 1_000

describe('an export', () => {
  it('of a project that keeps project time has days and times of its zone', async () => {
    expect(await exported(1_001)).toEqual([
      ['midnight', seconds('2026-03-29T00:00:00Z')],
      ['winter', seconds('2026-03-29T01:59:59Z')],
      ['summer', seconds('2026-03-29T03:00:00Z')],
      ['last', seconds('2026-03-29T23:59:59Z')],
    ])
    const named = { time_in_ms: 'true', event: '["last"]', where: 'event["$time"] > datetime("2026-03-29T23:59:58")' }
    expect(await exported(1_001, named)).toEqual([['last', Date.parse('2026-03-29T23:59:59.999Z')]])
  })

  it('of any other has days of UTC and instants', async () => {
    expect(await exported(1_002)).toEqual([
      ['winter', seconds('2026-03-29T00:59:59Z')],
      ['summer', seconds('2026-03-29T01:00:00Z')],
      ['last', seconds('2026-03-29T21:59:59Z')],
      ['after', seconds('2026-03-29T22:00:00Z')],
    ])
  })

  it('counts the same days in questions either way', async () => {
    const asked = { event: 'midnight', from_date: '2026-03-29', to_date: '2026-03-29', type: 'general' }
    for (const { id } of projects) {
      const params = new URLSearchParams({ project_id: String(id), ...asked })
      const answer = await lethe.get(`/api/query/segmentation?${params}`, { headers })
      expect(answer.json().data.values).toEqual({ midnight: { '2026-03-29': 1 } })
    }
  })
})

describe('a project', () => {
  it('keeps project time when it is made so, and is not changed afterwards', async () => {
    const login = await lethe.post('/api/app/login', {
      body: { email: owner.email, password: owner.password },
      headers: { Origin: lethe.url },
    })
    const session = { Cookie: String(login.headers['set-cookie']).split(';', 1)[0] as string, Origin: lethe.url }
    const made = await lethe.post('/api/app/organizations/1/projects', {
      headers: session,
      body: { name: 'Old', region: 'US', timezone: 'Europe/Berlin', project_time: true },
    })
    expect([made.status, made.json().results]).toEqual([201, expect.objectContaining({ project_time: true })])
    const path = `/api/app/projects/${made.json().results.id}`
    expect((await lethe.get(path, { headers: session })).json().results.project_time).toBe(true)
    const changed = await lethe.send('PATCH', path, { headers: session, body: { project_time: false } })
    expect(changed.status).toBe(400)
  })
})
