import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, newDataDir, runLethe, startLethe } from '../support/lethe.ts'
import { adminAccount, defaultProvision, eu, india, us } from '../support/provision.ts'

const event = (token: string) => [{ event: 'E', properties: { token, distinct_id: 'd', time: 1_767_225_600 } }]

describe('starting', () => {
  it('refuses a faulty configuration with every fault, and exits with 1', async () => {
    const { code, output } = await runLethe({
      env: { LETHE_HOST: '127.0.0.1', LETHE_STRICT_HOSTS: 'x', LETHE_METRICS: 'y' },
    })
    expect(code).toBe(1)
    expect(output).toContain('LETHE_STRICT_HOSTS: "x" is not allowed; expected true or false')
    expect(output).toContain('LETHE_METRICS: "y" is not allowed')
    expect(output).not.toContain('lethe ready')
  })

  it('refuses a faulty provisioning file before it starts anything', async () => {
    const provision = { organizations: [{ id: 1, name: '', projects: [{ id: 1, region: 'MOON' }] }] }
    const { code, output } = await runLethe({ provision })
    expect(code).toBe(1)
    expect(output).toContain('organizations[0].name: must not be empty')
    expect(output).toContain('organizations[0].projects[0].token')
    expect((await runLethe({ env: { LETHE_PROVISION: '/no/such/file.json' } })).output).toContain('does not exist')
  })

  it('explains itself', async () => {
    const { code, output } = await runLethe({ args: ['--help'] })
    expect([code, output.includes('--regions')]).toEqual([0, true])
    expect((await runLethe({ args: ['frobnicate'] })).code).toBe(1)
  })
})

describe('a server with one region more, by configuration only, and strict hosts', () => {
  let lethe: Lethe
  beforeAll(async () => {
    lethe = await startLethe({
      provision: defaultProvision({ withIndia: true }),
      env: {
        LETHE_REGIONS: 'us,eu,in',
        LETHE_STRICT_HOSTS: 'true',
        LETHE_US_HOSTS: 'api.us.test,us.test',
        LETHE_METRICS: 'true',
      },
    })
  })
  afterAll(() => lethe?.stop())

  it('serves that region by its hosts', async () => {
    const stored = await lethe.post('/track?verbose=1', { host: 'api-in.mixpanel.com', body: event(india.token) })
    expect([stored.status, stored.json().status]).toEqual([200, 1])
    const refused = await lethe.post('/track', { host: 'api-eu.mixpanel.com', body: event(india.token) })
    expect([refused.status, refused.json()]).toEqual([
      403,
      { error: expect.stringContaining('api-in.mixpanel.com'), status: 0 },
    ])
    const project = await lethe.get(`/api/app/projects/${india.id}`, {
      host: 'in.mixpanel.com',
      headers: basic(adminAccount.username, adminAccount.secret),
    })
    expect(project.json().results).toMatchObject({ region: 'IN', cluster: 'mixpanel-prod-in' })
  })

  it('refuses hosts that are in no list', async () => {
    const answer = await lethe.post('/track', { host: 'api.mixpanel.com', body: event(us.token) })
    expect([answer.status, answer.json().status]).toEqual([421, 'Misdirected Request'])
    expect((await lethe.post('/track', { host: 'API.us.test:80', body: event(us.token) })).text).toBe('1')
  })

  it('answers probes, which come by address', async () => {
    expect((await lethe.get('/healthz', { host: '10.0.0.7' })).status).toBe(200)
    expect((await lethe.get('/readyz', { host: '10.0.0.7' })).status).toBe(200)
  })

  it('names its regions', async () => {
    const { results } = (await lethe.get('/api/app/regions', { host: 'us.test' })).json()
    expect(results.map(({ id }: { id: string }) => id)).toEqual(['US', 'EU', 'IN'])
    expect(results[0]).toMatchObject({
      hosts: ['api.us.test', 'us.test'],
      api_host: 'api.us.test',
      web_host: 'us.test',
    })
  })

  it('keeps the files of each region apart', async () => {
    const folders = await readdir(lethe.dataDir)
    expect(folders).toEqual(expect.arrayContaining(['control', 'us', 'eu', 'in', 'secret.key']))
  })
})

describe('a server for one region', () => {
  it('serves that one only, refuses hosts of the others, and holds nothing of them', async () => {
    const lethe = await startLethe({ args: ['start', '--regions', 'eu'] })
    expect((await lethe.post('/track', { host: 'api-eu.mixpanel.com', body: event(eu.token) })).text).toBe('1')
    const misdirected = await lethe.post('/track', { host: 'api.mixpanel.com', body: event(us.token) })
    expect(misdirected.status).toBe(421)
    // In single-host mode a project of another region is not reachable either.
    const elsewhere = await lethe.post('/track', { body: event(us.token) })
    expect([elsewhere.status, elsewhere.json().error]).toEqual([403, expect.stringContaining('api.mixpanel.com')])
    expect(await readdir(lethe.dataDir)).not.toContain('us')
    const { stores } = (await lethe.get('/readyz')).json()
    expect(Object.keys(stores)).toEqual(['control', 'EU engine', 'EU objects'])
    expect(await lethe.stop()).toBe(0)
  })
})

describe('the data folder', () => {
  it('belongs to one server; what was stored is there after a stop and after a kill', async () => {
    const dataDir = await newDataDir()
    const first = await startLethe({ dataDir })
    const second = await runLethe({ dataDir })
    expect(second.code).toBe(1)
    expect(second.output.trim()).toBe(
      `lethe: the data folder ${dataDir} is in use by another Lethe server (process ${first.pid})`,
    )
    const today = new Date().toISOString().slice(0, 10)
    const body = [
      { event: 'E', properties: { token: us.token, distinct_id: 'd', $insert_id: 'kept', time: Date.now() } },
    ]
    expect((await first.post('/track', { body })).text).toBe('1')
    await first.kill9()

    const third = await startLethe({ dataDir })
    const exported = await third.get(`/api/2.0/export?from_date=${today}&to_date=${today}`, {
      headers: basic(us.secret),
    })
    expect(exported.text).toContain('"kept"')
    expect(await third.stop()).toBe(0)
    await rm(dataDir, { recursive: true, force: true })
  })
})

describe('roles and transport', () => {
  it('without http there is no port to talk to, and it stops cleanly', async () => {
    const lethe = await startLethe({ args: ['--roles', 'jobs'] })
    expect(lethe.logs()).toContain('lethe ready (jobs only)')
    await expect(lethe.get('/healthz')).rejects.toThrow('ECONNREFUSED')
    expect(await lethe.stop()).toBe(0)
  })

  it('plain HTTP is refused unless a trusted proxy says it was HTTPS', async () => {
    const yaml = join(await newDataDir(), 'provision.yaml')
    await writeFile(yaml, JSON.stringify(defaultProvision()))
    const lethe = await startLethe({
      env: { LETHE_ALLOW_HTTP: 'false', LETHE_TRUSTED_PROXIES: '127.0.0.1', LETHE_PROVISION: yaml },
    })
    const plain = await lethe.post('/track', { body: event(us.token) })
    expect([plain.status, plain.json().error]).toEqual([403, 'HTTPS is required'])
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '192.0.2.1' }
    expect((await lethe.post('/track', { headers, body: event(us.token) })).text).toBe('1')
    // A proxy on this machine makes every caller look local: metrics stay closed.
    expect((await lethe.get('/metrics', { headers })).status).toBe(403)
    await lethe.stop()
    await rm(join(yaml, '..'), { recursive: true })
  })
})
