import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  adminAccount,
  admin as adminPerson,
  analyst as analystPerson,
  eu,
  other,
  owner as ownerPerson,
  stranger as strangerPerson,
  us,
} from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

// AUTH-19 (auth §6.5): an organization that is deleted works on for a while, and then leaves nothing of people behind.

const dataDir = await newDataDir()
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const running = async (env: Record<string, string>, work: (lethe: Lethe) => Promise<void>, provision?: null) => {
  const lethe = await startLethe({ dataDir, env, ...(provision === null ? { provision } : {}) })
  try {
    await work(lethe)
  } finally {
    await lethe.stop()
  }
}
const track = (lethe: Lethe, token: string, note: string) =>
  lethe.post('/track', { body: [{ event: note, properties: { token, distinct_id: `id ${note}`, note } }] })

describe('a deleted organization', () => {
  it('works on, and can be restored, by its owners', async () => {
    await running({}, async (lethe) => {
      const owner = await logIn(lethe, ownerPerson)
      const one = '/api/app/organizations/1'
      for (const person of [adminPerson, analystPerson, strangerPerson]) {
        const headers = await logIn(lethe, person)
        expect((await lethe.send('DELETE', one, { headers })).status).toBe(403)
        expect((await lethe.post(`${one}/restore`, { headers })).status).toBe(403)
      }
      const deleted = await lethe.send('DELETE', one, { headers: owner })
      const days = (Date.parse(deleted.json().results.closes) - Date.now()) / 86_400_000
      expect([deleted.status, Math.round(days)]).toEqual([200, 90])
      expect((await lethe.send('DELETE', one, { headers: owner })).status).toBe(409)
      expect((await lethe.get(one, { headers: owner })).json().results.closes).toBe(deleted.json().results.closes)
      expect((await track(lethe, us.token, 'grace')).text).toBe('1')
      expect((await lethe.post(`${one}/restore`, { headers: owner })).status).toBe(200)
      expect((await lethe.post(`${one}/restore`, { headers: owner })).status).toBe(404)
      expect((await lethe.get(one, { headers: owner })).json().results.closes).toBeNull()
    })
  })

  it('is closed when its time is over, and its projects are purged in every region', async () => {
    const env = {
      LETHE_ORGANIZATION_DELETION_GRACE_SECONDS: '0',
      LETHE_PROJECT_DELETION_GRACE_SECONDS: '0',
      LETHE_INGEST_TIMEOUT_SECONDS: '1',
    }
    const regions = ['us', 'eu'] as const
    const canaries = [`doomed${us.token}`, `doomed${eu.token}`, `spared${other.token}`]
    const found = async () => {
      const scans = await Promise.all(regions.map((region) => scanFolder(join(dataDir, region), canaries)))
      return new Set(scans.flatMap((scan) => [...scan.found.keys()]))
    }
    await running(
      env,
      async (lethe) => {
        for (const [project, canary] of [
          [us, canaries[0]],
          [eu, canaries[1]],
          [other, canaries[2]],
        ] as const) {
          expect((await track(lethe, project.token, canary ?? '')).text).toBe('1')
        }
        const owner = await logIn(lethe, ownerPerson)
        expect(await found()).toEqual(new Set(canaries))
        expect((await lethe.send('DELETE', '/api/app/organizations/1', { headers: owner })).status).toBe(200)
        await waitFor('closed', async () => (await lethe.get('/api/app/me', { headers: owner })).status === 401)
        const login = { email: ownerPerson.email, password: ownerPerson.password }
        const again = await lethe.post('/api/app/login', { body: login })
        const [cookie = ''] = again.headers['set-cookie'] as readonly string[]
        const headers = { Cookie: cookie.split(';', 1)[0] ?? '' }
        expect((await lethe.get('/api/app/organizations', { headers })).json().results).toEqual([])
        expect((await lethe.get('/api/app/organizations/1', { headers })).status).toBe(403)
        const account = basic(adminAccount.username, adminAccount.secret)
        expect((await lethe.get(`/api/app/projects/${us.id}`, { headers: account })).status).toBe(401)
        const officer = bearer(ownerPerson.gdprToken)
        const privacy = { headers: officer, body: { distinct_ids: ['x'] } }
        expect((await lethe.post(`/api/app/data-deletions/v3.0?token=${us.token}`, privacy)).status).toBe(401)
        await waitFor('purged', async () => (await found()).size === 1, 60_000)
        expect(await found()).toEqual(new Set([canaries[2]]))
        const strangerHeaders = await logIn(lethe, strangerPerson)
        expect((await lethe.get(`/api/app/projects/${other.id}`, { headers: strangerHeaders })).status).toBe(200)
      },
      null,
    )
  }, 120_000)
})
