import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import tls from 'node:tls'
import mixpanelImport from 'mixpanel-import'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, us } from '../support/provision.ts'

// Profiles by the official `mixpanel-import` package: page after page of one session. Its hosts cannot be set, so its
// connections are led to the server; what it sends, and the name that it sends it to, stay as they are.

const certificates = join(import.meta.dirname, '../fixtures/tls')
const connect = tls.connect
const peopleCount = 2_300
const idOf = (at: number): string => `p${String(at).padStart(4, '0')}`

let lethe: Lethe
let cohortId: number
beforeAll(async () => {
  // What fills the server comes without TLS.
  const dataDir = await fill()
  lethe = await startLethe({
    dataDir,
    env: { LETHE_TLS_CERT: join(certificates, 'cert.pem'), LETHE_TLS_KEY: join(certificates, 'key.pem') },
  })
  const led = (options: tls.ConnectionOptions, done?: () => void) =>
    connect({ ...options, host: '127.0.0.1', port: lethe.port, rejectUnauthorized: false }, done)
  tls.connect = led as typeof tls.connect
})
afterAll(async () => {
  tls.connect = connect
  await lethe?.stop()
  if (lethe !== undefined) await rm(lethe.dataDir, { recursive: true, force: true })
})

const fill = async (): Promise<string> => {
  const plain = await startLethe()
  const people = Array.from({ length: peopleCount }, (_, at) => ({
    $token: us.token,
    $distinct_id: idOf(at),
    $set: { n: at, $name: at % 100 === 0 ? 'U1' : 'U2' },
  }))
  for (let at = 0; at < people.length; at += 1_000) {
    expect((await plain.post('/engage', { body: people.slice(at, at + 1_000) })).text).toBe('1')
  }
  const headers = basic(adminAccount.username, adminAccount.secret)
  const path = `/api/app/projects/${us.id}/cohorts`
  const made = await plain.post(path, { headers, body: { name: 'some', definition: { type: 'static' } } })
  cohortId = made.json().results.id
  const members = ['p0001', 'p0100', 'p0200', 'without-profile']
  await plain.send('PUT', `${path}/${cohortId}/members`, { headers, body: members })
  await plain.stop({ keepData: true })
  return plain.dataDir
}

const exported = async (options: object): Promise<readonly { $distinct_id: string; $properties: object }[]> => {
  const creds = { acct: adminAccount.username, pass: adminAccount.secret, project: us.id }
  const done = await mixpanelImport(creds, null as never, {
    recordType: 'profile-export',
    region: 'US',
    logs: false,
    verbose: false,
    skipWriteToDisk: true,
    ...options,
  })
  return (done as unknown as { dryRun: { $distinct_id: string; $properties: object }[] }).dryRun
}

describe('profiles, by mixpanel-import', () => {
  it('are all of them, once each', async () => {
    const profiles = await exported({})
    expect(profiles.map(({ $distinct_id: id }) => id)).toEqual(Array.from({ length: peopleCount }, (_, at) => idOf(at)))
    expect(profiles[7]?.$properties).toMatchObject({ n: 7, $last_seen: expect.any(String) })
  })

  it('are those of a cohort that meet a condition', async () => {
    const profiles = await exported({ cohortId, whereClause: 'user["$name"]=="U1"' })
    expect(profiles.map(({ $distinct_id: id }) => id)).toEqual(['p0100', 'p0200'])
  })
})
