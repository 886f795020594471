import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { createIdentityProvider, type IdentityProvider } from '../../../test/support/identity-provider.ts'
import { dayMs } from '../../kernel/time.ts'
import { migratePostgres } from '../../platform/postgres/migrate.ts'
import type { ClosableControlDb } from '../../platform/postgres/pg-control-db.ts'
import { openPgControlDb } from '../../platform/postgres/pg-control-db.ts'
import { createAddresses } from './domain/addresses.ts'
import { createDomains } from './domains.ts'
import { createSettings } from './settings.ts'
import { createSignIn } from './sign-in.ts'

const region = {
  id: 'US',
  cluster: 'c',
  hosts: ['us.test'],
  apiHost: 'us.test',
  dataHost: 'us.test',
  webHost: 'us.test',
  publicUrl: 'https://us.test',
}
const address = 'https://us.test/security/login/1'
const cameIn = { host: 'us.test', hostHeader: 'us.test', region, url: '/security/login/1' }
const who = { actor: { type: 'user', id: '1', name: null }, requestId: 'r' } as const
const start = Date.UTC(2026, 0, 31)

let engines: TestEngines
let provider: IdentityProvider
let controls: readonly ClosableControlDb[]
let nowMs: number
let records: readonly string[] | Error
let openedCount: number
let audited: string[]

beforeAll(async () => {
  engines = await openTestEngines()
  provider = await createIdentityProvider('https://idp.test')
})
afterAll(() => engines.close())

/** A server of its own, with its own connections. */
const openServer = (control: ClosableControlDb) => {
  const deps = {
    control,
    clock: { nowMs: () => nowMs },
    addresses: createAddresses({ regions: [region], servedRegionIds: new Set(['US']), allowHttp: false }),
    sealKey: Buffer.alloc(32, 1),
    appendAudit: async (_tx: unknown, { type }: { readonly type: string }) => void audited.push(type),
    openSession: async () => {
      openedCount += 1
      return `token ${openedCount}`
    },
    findTxtRecords: async () => {
      if (records instanceof Error) throw records
      return records
    },
    onProblem: () => undefined,
  }
  return { signIn: createSignIn(deps), domains: createDomains(deps), settings: createSettings(deps) }
}
let servers: ReturnType<typeof openServer>[]

beforeEach(async () => {
  const fresh = await engines.freshControl()
  await migratePostgres(fresh.connection, join(import.meta.dirname, '../../../migrations/postgres'))
  const second = openPgControlDb(fresh.connection)
  controls = [fresh.control, second]
  nowMs = start
  records = []
  openedCount = 0
  audited = []
  await fresh.control.rows(`INSERT INTO organization (id, name) VALUES (1, 'Acme')`)
  servers = controls.map(openServer)
  const { domains, settings } = servers[0] as ReturnType<typeof openServer>
  const claim = await domains.claim(1, 'acme.test', who)
  records = [claim.txt_record]
  await domains.verify(1, 'acme.test', who)
  await settings.put(
    1,
    { issuer: provider.issuer, sign_in_url: 'https://idp.test/sso', certificates: [provider.certificate] },
    who,
  )
  return () => second.close()
})

const posted = (xml: string) => ({
  cameIn,
  organizationId: 1,
  samlResponse: Buffer.from(xml).toString('base64'),
  clientIp: '127.0.0.1',
  requestId: 'r',
})
const finish = (server: number, xml: string) =>
  (servers[server] as ReturnType<typeof openServer>).signIn.finish(posted(xml))
const say = (changes = {}) => provider.answer(provider.say(address, { nowMs, ...changes }))

describe('an assertion', () => {
  it('opens one session, however often and wherever it is shown at once', async () => {
    const xml = await say()
    const outcomes = await Promise.allSettled([0, 1, 0, 1, 0, 1].map((server) => finish(server, xml)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(openedCount).toBe(1)
    expect(audited.filter((type) => type === 'organization.user_added')).toHaveLength(1)
  })

  it('is remembered for as long as its times allow it, and no longer', async () => {
    const xml = await say()
    await finish(0, xml)
    const kept = async () => (await controls[0]?.rows('SELECT 1 FROM sso_used_assertion'))?.length
    nowMs = start + 9 * 60_000
    await expect(finish(1, xml)).rejects.toThrow('used before')
    nowMs = start + 10 * 60_000
    await expect(finish(1, xml)).rejects.toThrow('expired')
    expect(await kept()).toBe(1)
    nowMs += 1
    await finish(1, await say())
    expect(await kept()).toBe(1)
  })

  it('is good five minutes before and after, and no more', async () => {
    await finish(0, await say({ notBeforeMs: start + 300_000 }))
    await expect(finish(0, await say({ notBeforeMs: start + 300_001 }))).rejects.toThrow('not valid yet')
    await finish(0, await say({ notOnOrAfterMs: start - 299_999 }))
    await expect(finish(0, await say({ notOnOrAfterMs: start - 300_000 }))).rejects.toThrow('expired')
  })

  it('of many that are refused stops the address that sends them', async () => {
    const xml = await say({ issuer: 'https://evil.test' })
    for (let count = 0; count < 100; count += 1) await expect(finish(0, xml)).rejects.toThrow('refused')
    await expect(finish(0, await say())).rejects.toMatchObject({ status: 429 })
  })
})

describe('a claimed domain', () => {
  const look = async () => servers[1]?.domains.checkDue(new AbortController().signal)
  const isVerified = async () => (await servers[0]?.domains.list(1))?.[0]?.verified

  it('is looked at again, and is lost when its record is away for a week', async () => {
    records = []
    for (let day = 1; day < 7; day += 1) {
      nowMs = start + day * dayMs
      await look()
      expect([day, await isVerified()]).toEqual([day, true])
    }
    nowMs = start + 7 * dayMs
    await look()
    expect(await isVerified()).toBe(false)
    expect(audited).toContain('sso_domain.lost')
    await expect(finish(0, await say())).rejects.toThrow('domain')
  })

  it('is kept while the name servers say nothing at all', async () => {
    records = new Error('no answer')
    nowMs = start + 30 * dayMs
    await look()
    expect(await isVerified()).toBe(true)
  })
})
