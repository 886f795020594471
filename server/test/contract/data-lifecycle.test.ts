import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import {
  adminAccount,
  analystAccount,
  consumerAccount,
  defaultProvision,
  eu,
  other,
  owner,
  strangerAccount,
  us,
} from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

const dayMs = 86_400_000
const day = (daysAgo: number): string => new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10)

let lethe: Lethe
const provision = defaultProvision()
const euRules = { days: null, events: [{ event: 'Short', days: 7 }] }
Object.assign(provision.organizations[0]?.projects[1] ?? {}, { retention: euRules })
beforeAll(async () => {
  lethe = await startLethe({ provision, env: { LETHE_EVENT_DELETION_GRACE_SECONDS: '5', LETHE_RETENTION_DAYS: '730' } })
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const stranger = basic(strangerAccount.username, strangerAccount.secret)
type Headers = Readonly<Record<string, string>>
const pathOf = (rest: string, projectId: number = us.id) => `/api/app/projects/${projectId}/${rest}`
const call = async (method: string, path: string, body?: object, headers: Headers = admin) => {
  const answer = await lethe.send(method, path, { headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, body: answer.json(), retryAfter: answer.headers['retry-after'] }
}
const send = async (
  name: string,
  event: string,
  daysAgo: number,
  { project = us as { readonly id: number }, headers = admin as Headers, properties = {} } = {},
) => {
  const time = Date.parse(`${day(daysAgo)}T12:00:00Z`) / 1_000 - (daysAgo === 0 ? dayMs / 2_000 : 0)
  const body = [
    { event, properties: { time, distinct_id: `id-${name}`, $insert_id: name, note: `canary-${name}`, ...properties } },
  ]
  const answer = await lethe.post(`/import?strict=1&project_id=${project.id}`, { headers, body })
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)])
}
const exported = async (
  project: { readonly id: number } = us,
  headers: Headers = admin,
): Promise<readonly string[]> => {
  const dates = `from_date=${day(1_500)}&to_date=${day(0)}`
  const answer = await lethe.get(`/api/2.0/export?project_id=${project.id}&${dates}`, { headers })
  expect(answer.status).toBe(200)
  const lines = answer.text.split('\n').filter((line) => line !== '')
  return lines.map((line) => JSON.parse(line).properties.$insert_id).sort()
}
const gone = (name: string, region = 'us') =>
  waitFor(
    `no byte of ${name}`,
    async () => {
      const { found } = await scanFolder(join(lethe.dataDir, region, 'clickhouse'), [`canary-${name}`])
      return !found.has(`canary-${name}`)
    },
    40_000,
  )
const auditOf = async (type: string) => {
  const { body } = await call('GET', pathOf(`audit-log?event_type=${type}`))
  return body.results as readonly { readonly event_type: string; readonly target: unknown; readonly actor: object }[]
}

describe('who may', () => {
  const asked = [
    ['GET', 'retention', undefined],
    ['PUT', 'retention', { days: null }],
    ['GET', 'event-deletions', undefined],
    ['POST', 'event-deletions', { event: 'Nobody', from_date: day(0), to_date: day(0) }],
  ] as const
  it.each(asked)('%s %s: owners and admins only', async (method, path, body) => {
    for (const { username, secret } of [analystAccount, consumerAccount, strangerAccount]) {
      expect((await call(method, pathOf(path), body, basic(username, secret))).status).toBe(403)
    }
    expect((await call(method, pathOf(path), body, basic(us.secret))).status).toBe(401)
    const { headers } = await lethe.post('/api/app/login', { body: { email: owner.email, password: owner.password } })
    const cookie = String((headers['set-cookie'] as readonly string[])[0]).split(';')[0] ?? ''
    const allowed = await call(method, pathOf(path), body, { Cookie: cookie, 'X-Lethe-Client': 'test' })
    expect([200, 201]).toContain(allowed.status)
    const elsewhere = await lethe.send(method, pathOf(path), {
      headers: admin,
      host: 'eu.mixpanel.com',
      ...(body === undefined ? {} : { body }),
    })
    expect([elsewhere.status, elsewhere.text]).toEqual([403, expect.stringContaining('region US')])
  })
})

describe('retention (PRIV-33)', () => {
  it('is as the setting says unless the project says otherwise, and comes from the provisioning file', async () => {
    await call('PUT', pathOf('retention'), {})
    expect((await call('GET', pathOf('retention'))).body).toEqual({
      status: 'ok',
      results: { days: 730, is_default: true, events: [] },
    })
    expect((await call('GET', pathOf('retention', eu.id))).body.results).toEqual({ ...euRules, is_default: false })
  })

  it('hides what is past it at once and takes it from disk, in this project only', async () => {
    await send('old-us', 'Opened', 40)
    await send('new-us', 'Opened', 29)
    await send('old-other', 'Opened', 40, { project: other, headers: stranger })
    await send('old-eu', 'Opened', 1_000, { project: eu })
    await send('short-eu', 'Short', 8, { project: eu })
    expect([await exported(), await exported(eu)]).toEqual([['new-us', 'old-us'], ['old-eu']])
    const set = await call('PUT', pathOf('retention'), { days: 30 })
    expect([set.status, set.body.results]).toEqual([200, { days: 30, is_default: false, events: [] }])
    expect(await exported()).toEqual(['new-us'])
    await gone('old-us')
    expect([await exported(other, stranger), await exported()]).toEqual([['old-other'], ['new-us']])
    const [entry] = await auditOf('retention.updated')
    expect(entry).toMatchObject({ actor: { type: 'service_account', name: adminAccount.username } })
    await call('PUT', pathOf('retention'), { days: null })
  })

  it.each<readonly [string, unknown]>([
    ['no days', { days: 0 }],
    ['half a day', { days: 1.5 }],
    ['a text', { days: '30' }],
    ['more than fifty years', { days: 18_251 }],
    [
      'an event twice',
      {
        events: [
          { event: 'a', days: 1 },
          { event: 'a', days: 2 },
        ],
      },
    ],
    ['an unknown field', { day: 3 }],
    ['a list', []],
  ])('is not taken with %s', async (_what, body) => {
    const refused = await call('PUT', pathOf('retention'), body as object)
    expect([refused.status, refused.body]).toEqual([400, { status: 'error', error: expect.stringContaining('days') }])
  })
})

describe('event deletions (PRIV-34)', () => {
  const ask = (body: object, projectId: number = us.id, headers: Headers = admin) =>
    call('POST', pathOf('event-deletions', projectId), body, headers)

  it('hide at once, can be undone, and end in SUCCESS without a byte left', async () => {
    const secret = 'canary-of-a-filter'
    await send('doomed', 'Signed up', 3, { properties: { mail: secret } })
    await send('spared', 'Signed up', 3, { properties: { mail: 'other' } })
    await send('spared-other', 'Signed up', 3, { project: other, headers: stranger, properties: { mail: secret } })
    const body = {
      event: 'Signed up',
      from_date: day(10),
      to_date: day(0),
      filters: [{ property: 'mail', values: [secret] }],
    }
    const before = await exported()
    const first = await ask(body)
    expect([first.status, first.body.results]).toMatchObject([
      201,
      { state: 'PENDING', event_count: 1, filter_properties: ['mail'], from_date: day(10), to_date: day(0) },
    ])
    expect(await exported()).toEqual(before.filter((name) => name !== 'doomed'))
    expect(JSON.stringify([first.body, (await call('GET', pathOf('event-deletions'))).body])).not.toContain(secret)
    const undo = pathOf(`event-deletions/${first.body.results.id}`)
    expect((await call('DELETE', pathOf(`event-deletions/${first.body.results.id}`, eu.id))).status).toBe(404)
    expect((await call('DELETE', undo)).status).toBe(200)
    expect([(await call('DELETE', undo)).status, await exported()]).toEqual([409, before])

    const second = await ask(body)
    await waitFor(
      'SUCCESS',
      async () => {
        const { body: list } = await call('GET', pathOf('event-deletions'))
        return list.results.find(({ id }: { id: string }) => id === second.body.results.id)?.state === 'SUCCESS'
      },
      40_000,
    )
    await gone('doomed')
    expect(await exported()).toEqual(before.filter((name) => name !== 'doomed'))
    expect(await exported(other, stranger)).toContain('spared-other')
    expect((await call('DELETE', pathOf(`event-deletions/${second.body.results.id}`))).status).toBe(409)
    const control = await scanFolder(join(lethe.dataDir, 'control'), [secret])
    expect([...control.found]).toEqual([])
    expect(await auditOf('event_deletion.created')).not.toHaveLength(0)
    expect((await auditOf('event_deletion.canceled')).map(({ target }) => target)).toEqual([
      { type: 'event_deletion', id: first.body.results.id, name: 'Signed up' },
    ])
    expect(lethe.logs()).not.toContain(secret)
  })

  it.each<readonly [string, object, string]>([
    ['no event', { event: '' }, 'event'],
    ['more than 180 days', { from_date: day(181) }, '180 days'],
    ['the future', { to_date: day(-1) }, 'later than today'],
    ['the wrong way round', { from_date: day(1), to_date: day(2) }, 'later than to_date'],
    ['a day that is not', { from_date: '2026-02-30' }, 'YYYY-MM-DD'],
    ['a person', { filters: [{ property: 'distinct_id', values: ['u'] }] }, '/data-deletions'],
    ['no values', { filters: [{ property: 'a', values: [] }] }, 'JSON object'],
  ])('are not taken with %s', async (_what, change, text) => {
    const refused = await ask({ event: 'X', from_date: day(1), to_date: day(0), ...change })
    expect([refused.status, refused.body]).toEqual([400, { status: 'error', error: expect.stringContaining(text) }])
  })

  it('are ten a calendar month', async () => {
    const answers = []
    for (let asked = 0; asked < 11; asked += 1) {
      answers.push(await ask({ event: `e${asked}`, from_date: day(0), to_date: day(0) }, eu.id))
    }
    expect(answers.map(({ status }) => status)).toEqual([...Array(10).fill(201), 429])
    expect(Number(answers[10]?.retryAfter)).toBeGreaterThan(0)
  })
})
