import { randomUUID } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, analystAccount, defaultProvision, eu, strangerAccount, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

const fromFile = { blocked_events: ['Heartbeat'], consent: { dnt: 'drop' } }
let lethe: Lethe
let officer: PrivacyOfficer
beforeAll(async () => {
  const provision = defaultProvision()
  Object.assign(provision.organizations[0]?.projects[1] ?? {}, { data_rules: fromFile })
  lethe = await startLethe({
    provision,
    env: {
      LETHE_LOG_LEVEL: 'debug',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  officer = privacyOfficer(lethe, us)
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const path = (projectId: number = us.id): string => `/api/app/projects/${projectId}/data-rules`
const get = async (projectId: number = us.id) => {
  const answer = await lethe.get(path(projectId), { headers: admin })
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store'])
  return answer.json().results
}
const put = (body: unknown, headers = admin) => lethe.send('PUT', path(), { headers, body: body as object })
const nowSeconds = () => Math.floor(Date.now() / 1_000)
const anEvent = (event: string, properties: object = {}, token: string = us.token) => ({
  event,
  properties: { token, distinct_id: 'ada', time: nowSeconds(), $insert_id: randomUUID(), ...properties },
})
const anImport = (event: string, properties: object = {}) => ({
  event,
  properties: { distinct_id: 'ada', time: nowSeconds(), $insert_id: randomUUID(), ...properties },
})
const track = (records: unknown, headers: Record<string, string> = {}) =>
  lethe.post('/track?verbose=1&ip=1', { headers, body: records as object })
const events = async (project: typeof us | typeof eu = us) => exportEvents(lethe, project)
const names = async (project?: typeof us | typeof eu) => (await events(project)).map(({ event }) => event)

/** Sets the rules and waits until a server that heard of it drops what it should. */
const rule = async (rules: object): Promise<void> => {
  const probe = `probe ${randomUUID()}`
  const blocked = (rules as { blocked_events?: readonly string[] }).blocked_events ?? []
  expect((await put({ ...rules, blocked_events: [...blocked, probe] })).status).toBe(200)
  await waitFor('the rules to hold', async () => {
    const before = await dropped('track', 'blocked-event')
    await track([anEvent(probe)])
    return (await dropped('track', 'blocked-event')) > before
  })
}
const counted = async (surface: string, outcome: string, reason: string): Promise<number> => {
  const line = new RegExp(
    `^lethe_records_total\\{surface="${surface}",outcome="${outcome}",reason="${reason}"\\} (\\d+)`,
    'm',
  )
  return Number(line.exec((await lethe.get('/metrics')).text)?.[1] ?? 0)
}
const dropped = (surface: string, reason: string) => counted(surface, 'drop', reason)
const none = {
  drop_filters: [],
  blocked_events: [],
  consent: { sec_gpc: 'store', dnt: 'store', property: null },
  properties: [],
}

describe('the rules of a project', () => {
  it('are none at first, are replaced whole, and have a version', async () => {
    expect(await get()).toEqual({ version: 0, updated_at: null, ...none })
    const first = await put({ blocked_events: ['A'] })
    expect([first.status, first.json().results]).toEqual([
      200,
      { ...none, version: 1, updated_at: expect.stringMatching(/Z$/), blocked_events: ['A'] },
    ])
    // As it was answered, changed: the same, then another; and the one that was changed meanwhile is refused.
    const found = await get()
    expect((await put(found)).json().results.version).toBe(1)
    expect((await put({ ...found, blocked_events: [] })).json().results).toMatchObject({ ...none, version: 2 })
    const late = await put({ ...found, blocked_events: ['B'] })
    expect([late.status, late.json()]).toEqual([409, { error: expect.stringContaining('2'), status: 'error' }])
    expect((await get()).version).toBe(2)
  })

  it.each([
    ['what is no JSON', 'nonsense'],
    ['what no rule is', { colour: 'red' }],
    ['a rule about who it is', { properties: [{ name: 'distinct_id', do: 'drop' }] }],
    [
      'sixteen drop filters',
      { drop_filters: Array(16).fill({ event: 'A', properties: [{ name: 'b', values: [1] }] }) },
    ],
  ])('refuse %s', async (_what, body) => {
    const answer = await put(body)
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })

  it('are for admins of the project', async () => {
    for (const { username, secret } of [analystAccount, strangerAccount]) {
      const headers = basic(username, secret)
      expect((await put(none, headers)).status).toBe(403)
      expect((await lethe.get(path(), { headers })).status).toBe(403)
    }
    expect((await lethe.get(path())).status).toBe(401)
  })

  it('come from the provisioning file, each project its own', async () => {
    expect(await get(eu.id)).toMatchObject({ version: 1, blocked_events: ['Heartbeat'], consent: { dnt: 'drop' } })
    await track([anEvent('Heartbeat', {}, eu.token), anEvent('Kept', {}, eu.token)])
    await track([anEvent('Unkept', {}, eu.token)], { dnt: '1' })
    expect(await names(eu)).toEqual(['Kept'])
  })

  it('are in the audit log by how many they are, and never by what they name', async () => {
    await put({ ...none, blocked_events: ['Very secret plan'] })
    const answer = await lethe.get(`/api/app/projects/${us.id}/audit-log?event_type=data_rules.updated`, {
      headers: admin,
    })
    expect(answer.json().results[0]).toMatchObject({
      event_type: 'data_rules.updated',
      display_name: 'Data Rules Updated',
      changes: { blocked_events: { before: 0, after: 1 } },
      actor: { name: adminAccount.username },
    })
    expect(answer.text).not.toContain('secret plan')
  })
})

describe('at the door', () => {
  it('drops blocked and filtered events, as if they had been taken, and counts them', async () => {
    await rule({
      drop_filters: [{ event: 'Viewed', properties: [{ name: 'env', values: ['test', 'staging'] }] }],
      blocked_events: ['Blocked'],
    })
    const before = await dropped('track', 'drop-filter')
    const answer = await track([anEvent('Blocked'), anEvent('Viewed', { env: 'test' })])
    expect(answer.text).toBe('{"status":1,"error":null}')
    const imported = await lethe.post(`/import?strict=1&project_id=${us.id}`, {
      headers: admin,
      body: [anImport('Blocked'), anImport('Viewed', { env: 'staging' }), anImport('Viewed', { env: 'live' })],
    })
    expect(imported.json()).toEqual({ code: 200, num_records_imported: 3, status: 'OK' })
    expect((await names()).filter((name) => name === 'Blocked' || name === 'Viewed')).toEqual(['Viewed'])
    expect((await dropped('track', 'drop-filter')) - before).toBe(1)
    expect(await dropped('import', 'blocked-event')).toBe(1)
  })

  it('keeps of somebody who does not want to be followed what happened, and not who it was', async () => {
    await rule({ consent: { sec_gpc: 'anonymise' } })
    const sent = { $device_id: 'phone', $user_id: 'ada', email: 'ada@example.org', price: 3 }
    await track([anEvent('Anonymous', sent), anEvent('$identify', { $identified_id: 'ada' })], { 'sec-gpc': '1' })
    const [stored] = (await events()).filter(({ event }) => event === 'Anonymous')
    expect(stored?.properties).toMatchObject({ distinct_id: '', price: 3 })
    for (const name of Object.keys(sent)) if (name !== 'price') expect(stored?.properties).not.toHaveProperty(name)
    expect(await names()).not.toContain('$identify')
    expect(await counted('track', 'accept', 'anonymised')).toBe(1)
    // A server sends for others: its own wishes are not theirs.
    await lethe.post(`/import?strict=1&project_id=${us.id}`, {
      headers: { ...admin, 'sec-gpc': '1' },
      body: [anImport('By a server')],
    })
    expect((await events()).find(({ event }) => event === 'By a server')?.properties).toMatchObject({
      distinct_id: 'ada',
    })
  })

  it('takes from profiles what is asked to be taken, also from somebody who says no', async () => {
    await rule({ consent: { dnt: 'drop' } })
    const engage = (operation: object, headers: Record<string, string> = {}) =>
      lethe.post('/engage', { headers, body: [{ $token: us.token, $distinct_id: 'grace', ...operation }] })
    expect((await engage({ $set: { a: 1, b: 2 } })).text).toBe('1')
    expect((await engage({ $set: { a: 7 }, $unset: ['b'] }, { dnt: '1' })).text).toBe('1')
    expect(await officer.profile('grace')).toEqual({ a: 1, $last_seen: expect.any(String) })
    expect((await engage({ $set: { a: 8 } }, { dnt: '1' })).text).toBe('1')
    expect(await officer.profile('grace')).toMatchObject({ a: 1 })
    expect((await engage({ $delete: '' }, { dnt: '1' })).text).toBe('1')
    expect(await officer.profile('grace')).toBeNull()
    expect(await dropped('engage', 'consent-dnt')).toBe(1)
  })

  it('changes properties before anything is stored, of events and of profiles alike', async () => {
    await rule({
      properties: [
        { name: 'email', do: 'hash' },
        { name: 'zip', do: 'truncate', length: 2 },
        { name: 'note', do: 'drop' },
      ],
    })
    const values = { email: 'ada@example.org', zip: '12345', note: 'ssh', plan: 'free' }
    await track([anEvent('Ruled', values)])
    await lethe.post('/engage', { body: { $token: us.token, $distinct_id: 'ada', $set: values } })
    const [stored] = (await events()).filter(({ event }) => event === 'Ruled')
    const profile = await officer.profile('ada')
    for (const found of [stored?.properties, profile]) {
      expect(found).toMatchObject({ zip: '12', plan: 'free', email: expect.stringMatching(/^[0-9a-f]{32}$/) })
      expect(found).not.toHaveProperty('note')
    }
    expect(stored?.properties['email']).toBe(profile?.['email'])
  })

  it('lets nothing of what it drops into the stores or the log', async () => {
    await rule({
      drop_filters: [{ event: 'Filtered', properties: [{ name: 'env', values: ['test'] }] }],
      blocked_events: ['Blocked'],
      consent: { sec_gpc: 'drop', dnt: 'anonymise', property: { name: 'consent', values: ['no'], policy: 'drop' } },
      properties: [{ name: 'secret', do: 'drop' }],
    })
    const canaries: string[] = []
    const canary = (): string => {
      const text = `canary${randomUUID().replaceAll('-', '')}`
      canaries.push(text)
      return text
    }
    const kept: string[] = []
    const keep = (): string => {
      const text = `kept${randomUUID().replaceAll('-', '')}`
      kept.push(text)
      return text
    }
    const form = fc.constantFrom('blocked', 'filtered', 'gpc', 'dnt', 'property', 'secret', 'profile', 'profile-gpc')
    await fc.assert(
      fc.asyncProperty(fc.array(form, { minLength: 1, maxLength: 6 }), async (forms) => {
        for (const what of forms) {
          const id = { distinct_id: canary(), note: canary() }
          const engage = (operation: object, headers: Record<string, string> = {}) => {
            const body = { $token: us.token, $distinct_id: 'kept', ...operation }
            return lethe.post('/engage', { headers, body })
          }
          const answers = {
            blocked: () => track([anEvent('Blocked', id), anEvent('Kept', { note: keep() })]),
            filtered: () => track([anEvent('Filtered', { ...id, env: 'test' })]),
            gpc: () => track([anEvent(canary(), id)], { 'sec-gpc': '1' }),
            dnt: () =>
              track([anEvent('Kept', { note: keep(), distinct_id: canary(), $user_id: canary() })], { dnt: '1' }),
            property: () => track([anEvent(canary(), { ...id, consent: 'no' })]),
            secret: () => track([anEvent('Kept', { note: keep(), secret: { deep: [canary()] } })]),
            profile: () => engage({ $set: { note: keep(), secret: canary() }, $append: { secret: canary() } }),
            'profile-gpc': () => engage({ $set: { note: canary() } }, { 'sec-gpc': '1' }),
          }
          expect((await answers[what]()).status).toBe(200)
        }
      }),
      { numRuns: 25 },
    )
    expect(canaries.length).toBeGreaterThan(50)
    const { found, undecoded } = await scanFolder(lethe.dataDir, [...canaries, ...kept])
    expect(undecoded).toEqual([])
    expect(kept.filter((text) => !found.has(text))).toEqual([])
    expect(canaries.filter((text) => found.has(text))).toEqual([])
    expect([...canaries, ...kept].filter((text) => lethe.logs().includes(text))).toEqual([])
  })
})
