import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import Mixpanel from 'mixpanel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveLocalhostNames } from '../../../demo/localhost-names.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, eu, us } from '../support/provision.ts'
import { certificateFile, openTlsHost, type TlsHost } from '../support/tls-host.ts'

// The official `mixpanel` package, unchanged, as an application uses it: the host is all that is set.

type Client = ReturnType<typeof Mixpanel.init>
type Done = (error?: unknown, results?: unknown) => void

/** Resolves when the client says that a call went well; it says so only for the answer that it insists on. */
const done = (call: (callback: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    call((error) => {
      const found = [error].flat().filter((one) => one !== undefined && one !== null)
      if (found.length === 0) resolve()
      else reject(found[0])
    })
  })

let lethe: Lethe
let front: TlsHost
const trustedBefore = tls.getCACertificates('default')
beforeAll(async () => {
  resolveLocalhostNames()
  tls.setDefaultCACertificates([...trustedBefore, readFileSync(certificateFile, 'utf8')])
  lethe = await startLethe({
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
  front = await openTlsHost(lethe.port)
})
afterAll(async () => {
  tls.setDefaultCACertificates(trustedBefore)
  await front?.close()
  await lethe?.stop()
})

describe.each([
  ['US', us, 'us.lethe.localhost', eu],
  ['EU', eu, 'eu.lethe.localhost', us],
] as const)('mixpanel for node, region %s', (region, project, host, elsewhere) => {
  let plain: Client
  let secure: Client
  let officer: PrivacyOfficer
  const ada = `ada-${region}`
  const day = 86_400_000
  const eventsNamed = async (name: string) => (await exportEvents(lethe, project)).filter(({ event }) => event === name)

  beforeAll(() => {
    plain = Mixpanel.init(project.token, { host: `${host}:${lethe.port}`, protocol: 'http' })
    secure = Mixpanel.init(project.token, { host: `${host}:${front.port}`, protocol: 'https', secret: project.secret })
    officer = privacyOfficer(lethe, { token: project.token, host })
  })

  it('tracks one event, with what it says and what the library adds', async () => {
    await done((callback) =>
      plain.track('Signed Up', { distinct_id: ada, plan: 'frei ✓', n: 1.5, list: [1, 'b'] }, callback),
    )
    const [stored, ...others] = await eventsNamed('Signed Up')
    expect(others).toEqual([])
    expect(stored?.properties).toMatchObject({
      distinct_id: ada,
      plan: 'frei ✓',
      n: 1.5,
      list: [1, 'b'],
      mp_lib: 'node',
      $lib_version: '0.24.0',
      $mp_api_endpoint: host,
    })
    expect(Math.abs(Number(stored?.properties['time']) - Date.now() / 1_000)).toBeLessThan(60)
  })

  it('tracks a batch of more than fifty, in requests of fifty', async () => {
    const batch = Array.from({ length: 120 }, (_none, n) => ({ event: 'Batched', properties: { distinct_id: ada, n } }))
    await done((callback) => plain.track_batch(batch, callback))
    const numbers = (await eventsNamed('Batched')).map(({ properties }) => Number(properties['n']))
    expect(numbers.sort((a, b) => a - b)).toEqual(batch.map((_one, n) => n))
  })

  it('drops tracked events of last week without an error, and imports them with the secret', async () => {
    const lastWeek = new Date(Date.now() - 7 * day)
    await done((callback) => plain.track('Old', { distinct_id: ada, time: lastWeek }, callback))
    expect(await eventsNamed('Old')).toEqual([])
    await done((callback) => secure.import('Old', lastWeek, { distinct_id: ada }, callback))
    const [old] = await eventsNamed('Old')
    expect(old?.properties).toMatchObject({ time: Math.floor(lastWeek.getTime() / 1_000), $import: true })
  })

  it('imports a batch of any age, as a service account', async () => {
    const credentials = new Mixpanel.ServiceAccountCredentials(
      adminAccount.username,
      adminAccount.secret,
      String(project.id),
    )
    const account = Mixpanel.init(project.token, { host: `${host}:${front.port}`, protocol: 'https', credentials })
    const startMs = Date.UTC(2021, 5, 1)
    const batch = Array.from({ length: 60 }, (_none, n) => ({
      event: 'History',
      properties: { time: new Date(startMs + n * 60_000), distinct_id: ada, $insert_id: `${region}-${n}` },
    }))
    await done((callback) => account.import_batch(batch as never, {}, callback))
    const times = (await eventsNamed('History')).map(({ properties }) => Number(properties['time']) * 1_000)
    expect(times).toEqual(batch.map((_one, n) => startMs + n * 60_000))
  })

  it('is told when the secret is wrong, and nothing is stored', async () => {
    const wrong = Mixpanel.init(project.token, { host: `${host}:${front.port}`, protocol: 'https', secret: 'wrong' })
    const call = done((callback) => wrong.import('Not mine', new Date(), { distinct_id: ada }, callback))
    await expect(call).rejects.toThrow('Invalid credentials')
    expect(await eventsNamed('Not mine')).toEqual([])
  })

  it('does to a profile what each call says', async () => {
    const { people } = plain
    await done((callback) => people.set(ada, { $first_name: 'Ada', plan: 'free', n: 1, gone: true }, callback))
    await done((callback) => people.set(ada, 'plan', 'paid', callback))
    await done((callback) => people.set_once(ada, { plan: 'never', born: 1815 }, callback))
    await done((callback) => people.increment(ada, 'n', 1, callback))
    await done((callback) => people.increment(ada, { n: 10, m: -2 }, callback))
    await done((callback) => people.append(ada, 'list', 'a', callback))
    await done((callback) => people.append(ada, { list: 'b' }, callback))
    await done((callback) => people.union(ada, { list: ['b', 'c'] }, callback))
    await done((callback) => people.remove(ada, { list: 'a' }, callback))
    await done((callback) => people.unset(ada, ['gone'], callback))
    await done((callback) => people.track_charge(ada, 9.99, { sku: 'x' }, callback))
    const { $last_seen: lastSeen, ...properties } = (await officer.profile(ada)) ?? {}
    expect(properties).toEqual({
      $first_name: 'Ada',
      plan: 'paid',
      n: 12,
      born: 1815,
      m: -2,
      list: ['b', 'c'],
      $transactions: [{ $amount: 9.99, sku: 'x' }],
    })
    expect(lastSeen).toEqual(expect.any(String))
    await done((callback) => people.clear_charges(ada, callback))
    expect(await officer.profile(ada)).toMatchObject({ $transactions: [] })
  })

  it('deletes a profile, and only the profile', async () => {
    const before = (await exportEvents(lethe, project)).length
    await done((callback) => plain.people.set('leaver', { n: 1 }, callback))
    await done((callback) => plain.people.delete_user('leaver', callback))
    expect(await officer.profile('leaver')).toBeNull()
    expect(await exportEvents(lethe, project)).toHaveLength(before)
  })

  it('sends an alias, which a project in simplified mode stores and does not follow', async () => {
    await done((callback) => plain.alias(ada, `alias-${region}`, callback))
    await done((callback) => plain.track('After alias', { distinct_id: `alias-${region}` }, callback))
    const [alias] = await eventsNamed('$create_alias')
    expect(alias?.properties).toMatchObject({ distinct_id: ada, alias: `alias-${region}` })
    expect((await eventsNamed('After alias'))[0]?.properties['distinct_id']).toBe(`alias-${region}`)
  })

  it('is refused, loudly, with the token of a project of another region', async () => {
    const stray = Mixpanel.init(elsewhere.token, { host: `${host}:${lethe.port}`, protocol: 'http' })
    const before = (await exportEvents(lethe, elsewhere)).length
    const right = region === 'US' ? 'api-eu.mixpanel.com' : 'api.mixpanel.com'
    await expect(done((callback) => stray.track('Stray', { distinct_id: 'stray' }, callback))).rejects.toThrow(right)
    await expect(done((callback) => stray.people.set('stray', { n: 1 }, callback))).rejects.toThrow(right)
    expect(await exportEvents(lethe, elsewhere)).toHaveLength(before)
    expect(JSON.stringify(await exportEvents(lethe, project))).not.toContain('Stray')
    const rightOfficer = privacyOfficer(lethe, { token: elsewhere.token })
    expect(await rightOfficer.profile('stray')).toBeNull()
  })

  it('leaves nothing of a person that is erased, and everything of the others', async () => {
    await done((callback) => plain.track('Stays', { distinct_id: 'somebody' }, callback))
    const mine = await officer.retrieve(ada)
    expect(mine.events.length).toBeGreaterThan(180)
    expect(await officer.erase(ada)).toMatchObject({ status: 'SUCCESS', region })
    const left = await exportEvents(lethe, project)
    expect(left.map(({ event }) => event).sort()).toEqual(['After alias', 'Stays'])
    expect(await officer.retrieve(ada)).toMatchObject({ events: [], people: [] })
  })
})
