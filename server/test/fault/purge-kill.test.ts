import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { owner, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

// AUTH-19: who purges projects may die at any instruction; whoever comes next goes on, and leaves nothing.

const dataDir = await newDataDir()
afterAll(() => rm(dataDir, { recursive: true, force: true }))

const env = { LETHE_PROJECT_DELETION_GRACE_SECONDS: '0', LETHE_INGEST_TIMEOUT_SECONDS: '1' }
const projectCount = 6

interface Deleted {
  readonly id: number
  readonly purged: string | null
  readonly purge_proof: Readonly<Record<string, { readonly after: number }>> | null
}
const deletedOf = async (lethe: Lethe, headers: Readonly<Record<string, string>>): Promise<readonly Deleted[]> =>
  (await lethe.get('/api/app/organizations/1/deleted-projects', { headers })).json().results
const purgedIn = (rows: readonly Deleted[]): number => rows.filter(({ purged }) => purged !== null).length

it('a purge that is killed goes on where it was, until no row and no byte is left', async () => {
  let lethe = await startLethe({ dataDir, env })
  const headers = await logIn(lethe, owner)
  const canaries: string[] = []
  for (let index = 0; index < projectCount; index += 1) {
    const body = { name: `Doomed ${index}`, region: 'US' }
    const made = (await lethe.post('/api/app/organizations/1/projects', { headers, body })).json().results
    const canary = `canary${made.token}`
    canaries.push(canary)
    const event = { event: canary, properties: { token: made.token, distinct_id: canary, note: canary } }
    expect((await lethe.post('/track', { body: [event] })).text).toBe('1')
    expect((await lethe.send('DELETE', `/api/app/projects/${made.id}`, { headers })).status).toBe(200)
  }
  const spared = { event: 'spared', properties: { token: us.token, distinct_id: 'spared' } }
  expect((await lethe.post('/track', { body: [spared] })).text).toBe('1')

  // Each server dies as soon as one more project is gone: the next one is being purged then.
  let purged = 0
  let killCount = 0
  while (purged < projectCount) {
    const before = purged
    await waitFor(
      'one more project purged',
      async () => {
        purged = purgedIn(await deletedOf(lethe, headers))
        return purged > before
      },
      60_000,
    )
    if (purged === projectCount) break
    await lethe.kill9()
    killCount += 1
    lethe = await startLethe({ dataDir, env, provision: null })
  }
  expect(killCount).toBeGreaterThan(0)
  for (const { purge_proof: proof } of await deletedOf(lethe, headers)) {
    expect(proof).not.toBeNull()
    expect(Object.values(proof ?? {}).every(({ after }) => after === 0)).toBe(true)
  }
  const { found } = await scanFolder(join(dataDir, 'us'), [...canaries, 'spared'])
  expect([...found.keys()]).toEqual(['spared'])
  await lethe.stop()
}, 240_000)
