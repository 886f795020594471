import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { adminAccount, eu, owner, stranger, strangerAccount, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'
import {
  type Asked,
  allRoutes,
  anEvent,
  anUpdate,
  asAccount,
  asOfficer,
  cases,
  directions,
  type Home,
  homes,
  importPath,
  nameOf,
  refusal,
  regionless,
  routeLists,
  type Sent,
  today,
} from './residency-cases.ts'

const exported = async (lethe: Lethe, home: Home): Promise<string> => {
  const path = `/api/2.0/export?project_id=${home.id}&from_date=${today()}&to_date=${today()}`
  const answer = await lethe.get(path, { host: home.host, headers: asAccount })
  expect(answer.status).toBe(200)
  return answer.text
}

const createTask = async (lethe: Lethe, home: Home, kind: 'retrievals' | 'deletions', id: string): Promise<string> => {
  const path = `/api/app/data-${kind}/v3.0?token=${home.token}`
  const body = { distinct_ids: [id], compliance_type: 'GDPR' }
  const answer = await lethe.post(path, { host: home.host, headers: asOfficer, body })
  expect(answer.status).toBe(201)
  return answer.json().results[0].tracking_id
}

const archiveLink = async (lethe: Lethe, home: Home, id: string): Promise<string> =>
  waitFor('retrieval', async () => {
    const path = `/api/app/data-retrievals/v3.0/${id}?token=${home.token}`
    return (await lethe.get(path, { host: home.host, headers: asOfficer })).json().results.result as string
  })

describe('the table of routes', () => {
  it('has a case for every route that the server composes', async () => {
    const source = await readFile(join(import.meta.dirname, '../../src/compose.ts'), 'utf8')
    const list = /const routes: readonly Route\[\] = \[([\s\S]*?)\n {2}\]/.exec(source)?.[1] ?? ''
    const composed = [...list.matchAll(/\.\.\.([\w.]+\(?)/g)].map(([, name]) => name)
    expect(composed.sort()).toEqual(Object.keys(routeLists).sort())
    expect(allRoutes.map(nameOf).sort()).toEqual([...Object.keys(cases), ...Object.keys(regionless)].sort())
  })

  it('puts no route that needs a project among those without a region', () => {
    const open = allRoutes.filter((route) => nameOf(route) in regionless)
    for (const route of open) expect('project' in route.access, nameOf(route)).toBe(false)
  })
})

describe('two regions', () => {
  let lethe: Lethe
  const stored = new Map<Home, string>()
  const asked = new Map<Home, Omit<Asked, 'canary' | 'home'>>()
  /** Sent to wrong hosts or with unknown tokens: nowhere on disk, in no log. */
  const refused: string[] = []
  const newCanary = (): string => {
    const canary = `canary${randomUUID().replaceAll('-', '')}`
    refused.push(canary)
    return canary
  }

  beforeAll(async () => {
    const env = { LETHE_GDPR_GRACE_SECONDS: '86400', LETHE_GDPR_RATE_PER_SECOND: '1000000', LETHE_LOG_LEVEL: 'debug' }
    lethe = await startLethe({ env: { ...env, LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000' } })
    for (const home of Object.values(homes)) {
      const canary = `kept${randomUUID().replaceAll('-', '')}`
      stored.set(home, canary)
      const { host } = home
      expect((await lethe.post('/track', { host, body: [anEvent(home.token, canary)] })).text).toBe('1')
      expect((await lethe.post('/engage', { host, body: [anUpdate(home.token, canary)] })).text).toBe('1')
      const retrievalId = await createTask(lethe, home, 'retrievals', `id ${canary}`)
      const deletionId = await createTask(lethe, home, 'deletions', `unseen ${canary}`)
      const session = await logIn(lethe, owner)
      asked.set(home, { retrievalId, deletionId, link: await archiveLink(lethe, home, retrievalId), session })
    }
  })
  afterAll(async () => {
    await lethe?.stop()
  })

  describe.each(directions)('a project of $folder, asked for at the other region', (home, wrong) => {
    const concerned = allRoutes.filter((route) => nameOf(route) in cases)
    it.each(concerned.map((route) => [nameOf(route), route] as const))('%s', async (name, route) => {
      const canary = newCanary()
      const { path, ...sent } = (cases[name] as (asked: Asked) => Sent)({
        home,
        canary,
        ...(asked.get(home) as Omit<Asked, 'canary' | 'home'>),
      })
      // A session acts for pages of its own host only.
      const origin = sent.headers?.['Cookie'] === undefined ? { Origin: 'https://shop.test' } : {}
      const headers = { ...sent.headers, 'X-Note': canary, ...origin }
      const answer = await lethe.send(route.method, path, { ...sent, headers, host: wrong.host })
      expect(answer.status).toBe(403)
      const { error } = answer.json()
      expect(answer.json()).toEqual(refusal(route.surface, error, path))
      expect(error).toContain(`send this request to ${home[route.hostFamily]}`)
      expect(answer.headers['location']).toBeUndefined()
      expect(answer.text).not.toContain(stored.get(home))
      const isBrowserPath = route.surface === 'ingest' || route.surface === 'import'
      expect(answer.headers['access-control-allow-origin']).toBe(isBrowserPath ? 'https://shop.test' : undefined)
    })
  })

  it.each(directions)('stores the records of the right region of a mixed batch, then refuses', async (home, other) => {
    const [kept, lost] = [`kept${randomUUID()}`, newCanary()]
    const events = [anEvent(other.token, lost), anEvent(home.token, kept)]
    const updates = [anUpdate(home.token, kept), anUpdate(other.token, lost)]
    for (const [path, body] of [
      ['/track', events],
      ['/engage', updates],
    ] as const) {
      const answer = await lethe.post(path, { host: home.host, body })
      expect(answer.status).toBe(403)
      expect(answer.json()).toEqual({ error: expect.stringContaining(other.api), status: 0 })
    }
    expect(await exported(lethe, home)).toContain(`event ${kept}`)
    expect(await exported(lethe, other)).not.toContain(lost)
  })

  it('answers 1 to an unknown token', async () => {
    for (const { host } of Object.values(homes)) {
      const token = newCanary()
      expect((await lethe.post('/track', { host, body: [anEvent(token, newCanary())] })).text).toBe('1')
      expect((await lethe.post('/engage', { host, body: [anUpdate(token, newCanary())] })).text).toBe('1')
    }
  })

  it('names the right host to nobody without a credential for the project', async () => {
    const { host } = homes.US
    const stranded = [
      { path: importPath(homes.EU), headers: basic(strangerAccount.username, strangerAccount.secret), status: 403 },
      { path: importPath(homes.EU), headers: basic(adminAccount.username, 'wrong'), status: 401 },
      { path: `/api/app/data-deletions/v3.0?token=${eu.token}`, headers: bearer(stranger.gdprToken), status: 403 },
      { path: `/api/app/data-deletions/v3.0?token=${eu.token}`, headers: bearer('x'.repeat(30)), status: 401 },
    ]
    for (const { path, headers, status } of stranded) {
      const answer = await lethe.post(path, { host, headers, body: [anEvent(eu.token, newCanary())] })
      expect(answer.status).toBe(status)
      expect(answer.text).not.toMatch(/mixpanel\.com|\bEU\b/)
    }
  })

  it('decides by name alone: upper case, port, final dot', async () => {
    for (const host of ['EU.Lethe.Localhost', 'eu.lethe.localhost:8080', 'api-eu.mixpanel.com.']) {
      expect((await lethe.post('/track', { host, body: [anEvent(us.token, newCanary())] })).status).toBe(403)
    }
  })

  it('does not believe X-Forwarded-Host when no proxy is trusted', async () => {
    const headers = { 'X-Forwarded-Host': 'us.lethe.localhost' }
    const body = [anEvent(us.token, newCanary())]
    expect((await lethe.post('/track', { host: homes.EU.host, headers, body })).status).toBe(403)
  })

  it('reaches every project by a host in no list, and writes down the host that received', async () => {
    for (const [home, host] of [
      [homes.US, 'lethe.example.test'],
      [homes.EU, 'lethe.example.test'],
      [homes.EU, 'api-eu.mixpanel.com'],
    ] as const) {
      const name = `event ${randomUUID()}`
      const body = [{ ...anEvent(home.token, 'x'), event: name }]
      expect((await lethe.post('/track', { host, body })).text).toBe('1')
      const line = (await exported(lethe, home)).split('\n').find((text) => text.includes(name)) ?? '{}'
      expect(JSON.parse(line).properties.$mp_api_endpoint).toBe(host)
    }
  })

  it('refuses to move a project to another region', async () => {
    const path = `/api/app/projects/${us.id}`
    for (const body of [{ region: 'EU' }, { region: 'EU', cluster: 'mixpanel-prod-eu' }]) {
      const answer = await lethe.send('PATCH', path, { headers: asAccount, body })
      expect(answer.status).toBe(400)
      expect(answer.json()).toEqual({ error: expect.stringContaining('fixed at creation'), status: 'error' })
    }
    const shown = (await lethe.get(path, { headers: asAccount })).json().results
    expect(shown).toMatchObject({ region: 'US', cluster: 'mixpanel-prod-1' })
  })

  it('left no byte of what was refused, once the right regions hold what they should', async () => {
    expect(refused.length).toBeGreaterThan(2 * Object.keys(cases).length)
    await lethe.stop({ keepData: true })
    const everything = await scanFolder(lethe.dataDir, [...stored.values(), ...refused])
    expect(everything.undecoded).toEqual([])
    for (const [home, own] of stored) {
      const folders = new Set(everything.found.get(own)?.map((file) => file.split('/', 1)[0]))
      expect(folders).toEqual(new Set([home.folder]))
      expect(lethe.logs()).not.toContain(own)
    }
    for (const canary of refused) expect(everything.found.get(canary), canary).toBeUndefined()
    expect(lethe.logs()).toContain('"route":"/track"')
    for (const canary of refused) expect(lethe.logs()).not.toContain(canary)
  })
})
