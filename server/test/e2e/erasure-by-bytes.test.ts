import { randomBytes } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startPostgres } from '../../src/platform/postgres/embedded-postgres.ts'
import { basic, bearer, type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { exportEvents, privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, eu, owner, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

const tag = randomBytes(4).toString('hex')
const kinds = ['user', 'device', 'email', 'value', 'nested', 'profile', 'property', 'trait', 'event', 'insert'] as const

/** A person whose every text can be told from everybody else's in any byte. */
const person = (name: string) => {
  const canaries = Object.fromEntries(kinds.map((kind) => [kind, `cnry-${name}-${kind}-${tag}`])) as Record<
    (typeof kinds)[number],
    string
  >
  return { ...canaries, all: Object.values(canaries) }
}
type Person = ReturnType<typeof person>

const [alma, bert, cleo, dora] = [person('alma'), person('bert'), person('cleo'), person('dora')]
const erased = [...alma.all, ...bert.all]
const kept = [...cleo.all, ...dora.all]
const asOfficer = { headers: bearer(owner.gdprToken) }
const deletions = `/api/app/data-deletions/v3.0`

let dataDir: string
let lethe: Lethe
const allLogs: string[] = []

const start = async (graceSeconds: number) => {
  const env = {
    LETHE_GDPR_GRACE_SECONDS: String(graceSeconds),
    LETHE_GDPR_RATE_PER_SECOND: '1000000',
    LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    LETHE_LOG_LEVEL: 'debug',
  }
  lethe = await startLethe({ dataDir, env })
}
const stop = async () => {
  await lethe.stop({ keepData: true })
  allLogs.push(lethe.logs())
}

beforeAll(async () => {
  dataDir = await newDataDir()
  await start(3_600)
})
afterAll(async () => {
  await lethe?.stop().catch(() => undefined)
  await rm(dataDir, { recursive: true, force: true })
})

const dayMs = 86_400_000

/** Anonymous, linked and known events by /track and /import over several months, and a profile that changes. */
const plant = async (somebody: Person, project: { readonly id: number; readonly token: string } = us) => {
  const properties = {
    [somebody.property]: somebody.value,
    list: [1, { deep: somebody.nested }],
    $insert_id: somebody.insert,
  }
  const track = async (more: object) => {
    const event = { event: somebody.event, properties: { token: project.token, ...properties, ...more } }
    const answer = await lethe.post('/track', { body: [event] })
    expect(answer.text).toBe('1')
  }
  await track({ $device_id: somebody.device, distinct_id: `$device:${somebody.device}` })
  await track({ $device_id: somebody.device, $user_id: somebody.user, distinct_id: somebody.user })
  const imported = [400, 90, 60, 30, 1].map((days) => ({
    event: somebody.event,
    properties: {
      ...properties,
      time: Date.now() - days * dayMs,
      distinct_id: somebody.user,
      $insert_id: `${somebody.insert}-${days}`,
    },
  }))
  const answer = await lethe.post(`/import?strict=1&project_id=${project.id}`, {
    headers: basic(adminAccount.username, adminAccount.secret),
    body: imported,
  })
  expect(answer.json()).toMatchObject({ num_records_imported: imported.length })
  for (const $set of [{ $email: somebody.email, [somebody.trait]: somebody.profile }, { plan: 'free' }]) {
    const update = { $token: project.token, $distinct_id: somebody.user, $set }
    expect((await lethe.post('/engage', { body: [update] })).text).toBe('1')
  }
}

/** What is refused must not lie about either: in no log and in no store. */
const sendRefused = async (somebody: Person) => {
  const broken = {
    event: somebody.event,
    properties: { time: 'never', distinct_id: somebody.user, [somebody.property]: 1 },
  }
  const answer = await lethe.post(`/import?strict=1&project_id=${us.id}`, {
    headers: basic(adminAccount.username, adminAccount.secret),
    body: [broken],
  })
  expect(answer.status).toBe(400)
  await lethe.get(`${deletions}/${somebody.user}?token=${somebody.device}`, asOfficer)
  await lethe.get(`/api/2.0/export?from_date=${somebody.user}`, { headers: basic(somebody.user, somebody.value) })
}

const scan = async (region: string) => {
  const result = await scanFolder(join(dataDir, region), [...erased, ...kept])
  expect(result.undecoded).toEqual([])
  expect(result.fileCount).toBeGreaterThan(10)
  return result
}
const whereFound = (found: ReadonlyMap<string, readonly string[]>, needles: readonly string[]) =>
  Object.fromEntries([...found].filter(([needle]) => needles.includes(needle)))

describe('erasure, by the bytes of everything that the server has written', () => {
  it('leaves nothing of the erased and everything of the others', async () => {
    for (const somebody of [alma, bert, cleo, dora]) await plant(somebody)
    await plant(alma, eu)
    await sendRefused(alma)

    const officer = privacyOfficer(lethe, us)
    const before = await officer.retrieve(alma.user, cleo.user)
    expect(before.events).toHaveLength(14)
    const listed = await lethe.post(`/api/app/data-retrievals/v3.0?token=${us.token}`, {
      ...asOfficer,
      body: { distinct_ids: [`$device:${alma.device}`] },
    })
    const retrievalPath = `/api/app/data-retrievals/v3.0/${listed.json().results[0].tracking_id}?token=${us.token}`
    const link: string = await waitFor(
      'an archive of the person',
      async () => (await lethe.get(retrievalPath, asOfficer)).json().results.result,
    )
    const archivePath = link.slice(new URL(link).origin.length)
    expect((await lethe.get(archivePath)).status).toBe(200)
    const waiting = await lethe.post(`${deletions}?token=${us.token}`, {
      ...asOfficer,
      body: { distinct_ids: [alma.user, cleo.user] },
    })
    const waitingPath = `${deletions}/${waiting.json().results[0].tracking_id}?token=${us.token}`

    // The scanner first: it sees every text of everybody, and archives and lists as well.
    const full = await scan('us')
    expect([...full.found.keys()].sort()).toEqual([...erased, ...kept].sort())
    const ofAlma = full.found.get(alma.user)?.join('\n')
    expect(ofAlma).toMatch(/objects\/privacy\/\d+\/ids\/.*json/)
    expect(full.found.get(alma.value)?.join('\n')).toMatch(/objects\/privacy\/\d+\/archives\/.*zip/)
    expect(full.found.get(alma.user)?.join('\n')).toMatch(/by_person\.proj/)

    await stop()
    await start(0)
    const receipts = await Promise.all([alma, bert].map(({ user }) => privacyOfficer(lethe, us).erase(user)))
    for (const receipt of receipts) expect(receipt).toMatchObject({ status: 'SUCCESS' })

    // At the moment of SUCCESS, with everything running.
    const live = await scan('us')
    expect(whereFound(live.found, erased)).toEqual({})
    expect([...live.found.keys()].sort()).toEqual([...kept].sort())
    expect((await lethe.get(archivePath)).status).toBe(410)
    expect((await lethe.get(retrievalPath, asOfficer)).json().results).toMatchObject({ result: '', distinct_ids: [] })
    expect((await lethe.get(waitingPath, asOfficer)).json().results).toMatchObject({
      status: 'PENDING',
      distinct_ids: [cleo.user],
    })
    const exported = JSON.stringify(await exportEvents(lethe, us))
    expect(erased.filter((needle) => exported.includes(needle))).toEqual([])
    expect(exported.split(cleo.value)).toHaveLength(1 + 7)
    // The same ids in another region are another project's people.
    expect((await exportEvents(lethe, eu)).length).toBe(7)

    await stop()
    const still = await scan('us')
    expect([...still.found.keys()].sort()).toEqual([...kept].sort())
    expect([...(await scan('eu')).found.keys()].sort()).toEqual([...alma.all].sort())
  })

  it('has at no time written a text of anybody into the control store', async () => {
    const everybody = [...erased, ...kept]
    const files = await scanFolder(join(dataDir, 'control'), [...everybody, owner.email])
    expect([...files.found.keys()]).toEqual([owner.email])
    // Rows may be compressed on their pages: every table as text, too.
    const postgres = await startPostgres({ folder: join(dataDir, 'control') })
    const client = new Client(postgres.connection)
    try {
      await client.connect()
      const tables = await client.query<{ name: string }>(
        `SELECT quote_ident(schemaname) || '.' || quote_ident(tablename) AS name FROM pg_tables WHERE schemaname = 'public'`,
      )
      const texts: string[] = []
      for (const { name } of tables.rows) {
        const rows = await client.query<{ row: string }>(`SELECT t::text AS row FROM ${name} AS t`)
        texts.push(name, ...rows.rows.map(({ row }) => row))
      }
      const text = texts.join('\n')
      expect(text).toContain('public.privacy_task')
      expect(text).toContain('SUCCESS')
      expect(everybody.filter((needle) => text.includes(needle))).toEqual([])
    } finally {
      await client.end()
      await postgres.stop()
    }
  })

  it('has at no time logged a text of anybody', () => {
    const logged = allLogs.join('\n')
    expect(logged).toContain('lethe ready')
    expect(logged).toContain('answered')
    expect([...erased, ...kept].filter((needle) => logged.includes(needle))).toEqual([])
  })
})
