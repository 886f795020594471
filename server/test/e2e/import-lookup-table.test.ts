import { join } from 'node:path'
import tls from 'node:tls'
import mixpanelImport from 'mixpanel-import'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, defaultProvision, eu, us } from '../support/provision.ts'

// The lookup table call of the official `mixpanel-import` package. Its hosts cannot be set, so its connections are led
// to the server; what it sends, and the name that it sends it to, stay as they are.

const tables: Readonly<Record<number, string>> = {
  [us.id]: '55b4fb2b-e8de-466c-930f-8b36640b9b5e',
  [eu.id]: '1297297a-43a7-4cac-82b0-635d2bd88aac',
}
const certificates = join(import.meta.dirname, '../fixtures/tls')
const connect = tls.connect

let lethe: Lethe
beforeAll(async () => {
  const { organizations } = defaultProvision()
  const withTables = organizations.map((organization) => ({
    ...organization,
    projects: organization.projects.map((project) => {
      const id = tables[project.id]
      return { ...project, lookup_tables: id === undefined ? [] : [{ id, name: 'Accounts' }] }
    }),
  }))
  lethe = await startLethe({
    provision: { organizations: withTables },
    env: { LETHE_TLS_CERT: join(certificates, 'cert.pem'), LETHE_TLS_KEY: join(certificates, 'key.pem') },
  })
  const led = (options: tls.ConnectionOptions, done?: () => void) =>
    connect({ ...options, host: '127.0.0.1', port: lethe.port, rejectUnauthorized: false }, done)
  tls.connect = led as typeof tls.connect
})
afterAll(async () => {
  tls.connect = connect
  await lethe?.stop()
})

const upload = (region: 'US' | 'EU', project: { readonly id: number }, lookupTableId: string, csv: string) =>
  mixpanelImport({ acct: adminAccount.username, pass: adminAccount.secret, project: project.id, lookupTableId }, csv, {
    recordType: 'table',
    region,
    logs: false,
    verbose: false,
    streamFormat: 'csv',
  })

describe('a lookup table, by mixpanel-import', () => {
  it.each([
    ['US', us],
    ['EU', eu],
  ] as const)('is replaced in %s', async (region, project) => {
    const done = await upload(region, project, tables[project.id] as string, 'id,plan\nacme,paid\nother,free\n')
    expect(done.errors).toEqual({})
    expect(done.responses).toMatchObject([{ code: 200, status: 'OK', num_failed: 0 }])
  })

  it('is refused where a row is bad, or the project lives elsewhere', async () => {
    const bad = await upload('US', us, tables[us.id] as string, 'id,plan\nacme,paid\nacme,free\n')
    expect(bad.responses).toMatchObject([{ code: 400, status: 'Bad Request', num_failed: 1 }])
    const elsewhere = await upload('US', eu, tables[eu.id] as string, 'id,plan\nacme,paid\n')
    expect(elsewhere.responses).toMatchObject([{ code: 403, error: expect.stringContaining('api-eu.mixpanel.com') }])
  })
})
