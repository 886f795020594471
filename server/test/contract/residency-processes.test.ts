import { randomUUID } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { defaultProvision, eu, india, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'
import { allRoutes, anEvent, asAccount, asOfficer, homes, nameOf, today } from './residency-cases.ts'

describe('three regions behind a trusted proxy, strict about hosts', () => {
  let lethe: Lethe
  const secure = { 'X-Forwarded-Proto': 'https' }
  beforeAll(async () => {
    lethe = await startLethe({
      provision: defaultProvision({ withIndia: true }),
      env: {
        LETHE_REGIONS: 'us,eu,in',
        LETHE_STRICT_HOSTS: 'true',
        LETHE_ALLOW_HTTP: 'false',
        LETHE_TRUSTED_PROXIES: '127.0.0.1',
        LETHE_GDPR_GRACE_SECONDS: '0',
      },
    })
  })
  afterAll(async () => {
    await lethe?.stop()
  })

  it('answers 421 on a host in no list, and stores nothing', async () => {
    const host = 'lethe.example.test'
    const name = randomUUID()
    const answer = await lethe.post('/track', { host, headers: secure, body: [anEvent(us.token, name)] })
    expect(answer.status).toBe(421)
    expect(answer.json()).toEqual({ code: 421, error: expect.stringContaining(host), status: 'Misdirected Request' })
    const path = `/api/2.0/export?project_id=${us.id}&from_date=${today()}&to_date=${today()}`
    const events = await lethe.get(path, { host: homes.US.host, headers: { ...asAccount, ...secure } })
    expect(events.status).toBe(200)
    expect(events.text).not.toContain(name)
  })

  it('refuses plain HTTP on every surface', async () => {
    for (const path of ['/track', '/import', '/api/2.0/export', '/api/app/me']) {
      const answer = await lethe.post(path, { host: homes.US.host, headers: asAccount, body: [] })
      expect([403, 405], path).toContain(answer.status)
      if (answer.status === 403) expect(answer.json().error).toBe('HTTPS is required')
    }
  })

  it('believes the proxy about host and scheme, and nobody else', async () => {
    const body = JSON.stringify([anEvent(india.token, randomUUID())])
    const claims = { ...secure, 'X-Forwarded-Host': 'api-in.mixpanel.com' }
    expect((await lethe.post('/track', { host: 'inner.test', headers: claims, body })).text).toBe('1')
    expect(await statusFrom('127.0.0.2', lethe.port, claims, body)).toBe(403)
  })

  it('serves a region that only the configuration names, from event to erasure', async () => {
    const host = 'in.lethe.localhost'
    const id = `person ${randomUUID()}`
    const body = [{ event: 'Signed up', properties: { token: india.token, distinct_id: id, $insert_id: randomUUID() } }]
    expect((await lethe.post('/track', { host, headers: secure, body })).text).toBe('1')
    const wrong = await lethe.post('/track', { host: homes.EU.host, headers: secure, body })
    expect(wrong.json()).toEqual({ error: expect.stringContaining('api-in.mixpanel.com'), status: 0 })

    const events = async () => {
      const path = `/api/2.0/export?project_id=${india.id}&from_date=${today()}&to_date=${today()}`
      return (await lethe.get(path, { host, headers: { ...asAccount, ...secure } })).text
    }
    expect(await events()).toContain(id)
    const files = (await scanFolder(lethe.dataDir, [id])).found.get(id)
    expect(new Set(files?.map((file) => file.split('/', 1)[0]))).toEqual(new Set(['in']))

    const headers = { ...asOfficer, ...secure }
    const tasks = `/api/app/data-deletions/v3.0`
    const asks = { host, headers, body: { distinct_ids: [id], compliance_type: 'GDPR' } }
    const taskId = (await lethe.post(`${tasks}?token=${india.token}`, asks)).json().results[0].tracking_id
    await waitFor('erasure', async () => {
      const status = await lethe.get(`${tasks}/${taskId}?token=${india.token}`, { host, headers })
      return status.json().results?.status === 'SUCCESS'
    })
    expect(await events()).not.toContain(id)
    expect((await scanFolder(lethe.dataDir, [id])).found).toEqual(new Map())
  })

  it('gives each region its cluster name', async () => {
    const clusterAt = async (host: string, id: number) => {
      const headers = { ...asAccount, ...secure }
      return (await lethe.get(`/api/app/projects/${id}`, { host, headers })).json().results.cluster
    }
    expect(await clusterAt(homes.US.host, us.id)).toBe('mixpanel-prod-1')
    expect(await clusterAt(homes.EU.host, eu.id)).toBe('mixpanel-prod-eu')
    expect(await clusterAt('in.lethe.localhost', india.id)).toBe('mixpanel-prod-in')
  })
})

describe('a process for one region of two', () => {
  let lethe: Lethe
  let dataDir = ''
  beforeAll(async () => {
    dataDir = await newDataDir()
    lethe = await startLethe({ dataDir, args: ['--regions', 'eu'], env: { LETHE_METRICS: 'true' } })
  })
  afterAll(async () => {
    await lethe?.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  it('has folders, engines and connections of that region only', async () => {
    expect(await readdir(dataDir)).toContain('eu')
    expect(await readdir(dataDir)).not.toContain('us')
    expect((await lethe.get('/readyz')).json().stores).toEqual({ control: 'ok', 'EU engine': 'ok', 'EU objects': 'ok' })
    const results = (await lethe.get('/api/app/regions')).json().results
    expect(results.map(({ id }: { readonly id: string }) => id)).toEqual(['EU'])
  })

  it('answers 421 on hosts of the other region, on every path but those of probes', async () => {
    // A load balancer asks by address: these hold nothing of any region's people.
    const probes = new Set(['/healthz', '/readyz', '/metrics'])
    for (const { path } of allRoutes.filter((route) => probes.has(route.path))) {
      expect((await lethe.get(path, { host: homes.US.host })).status, path).toBe(200)
    }
    for (const route of allRoutes.filter(({ path }) => !probes.has(path))) {
      const path = route.path.replace(/:\w+/g, '1')
      const answer = await lethe.send(route.method, path, { host: homes.US.host, headers: asAccount })
      expect(answer.status, nameOf(route)).toBe(421)
      // Pages and SCIM say it in shapes of their own.
      expect(answer.text, nameOf(route)).toContain('does not serve region US')
    }
  })

  it('refuses the projects of the other region also in single-host mode, and takes its own', async () => {
    const canary = randomUUID()
    const refused = await lethe.post('/track', { body: [anEvent(us.token, canary)] })
    expect(refused.status).toBe(403)
    expect(refused.json()).toEqual({ error: expect.stringContaining('api.mixpanel.com'), status: 0 })
    expect((await lethe.post('/track', { body: [anEvent(eu.token, randomUUID())] })).text).toBe('1')
    expect((await scanFolder(dataDir, [canary])).found).toEqual(new Map())
  })
})

/** POST /track from another address of this machine, which is no trusted proxy. */
const statusFrom = (
  localAddress: string,
  port: number,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<number> =>
  new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method: 'POST', path: '/track', localAddress, headers, agent: false }
    const request = httpRequest(options, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    })
    request.on('error', reject)
    request.end(body)
  })
