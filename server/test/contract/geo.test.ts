import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type Lethe, newDataDir, runLethe, startLethe } from '../support/lethe.ts'
import { cityRecord, mmdbOf } from '../support/mmdb.ts'
import { exportEvents, privacyOfficer } from '../support/privacy-officer.ts'
import { us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'

// ING-15, PRIV-32: a server with an operator's database, behind a proxy that says whom it speaks for.

const visitor = '203.0.113.77'
const forger = '198.51.100.77'

let lethe: Lethe
let dataDir = ''
let databaseFile = ''
beforeAll(async () => {
  dataDir = await newDataDir()
  databaseFile = join(dataDir, 'places.mmdb')
  const munich = { city: 'München', region: 'Bavaria', countryCode: 'DE', timezone: 'Europe/Berlin' }
  const networks = [
    { cidr: '203.0.113.0/24', record: cityRecord(munich) },
    { cidr: '198.51.100.0/24', record: cityRecord({ city: 'Forged', countryCode: 'XX' }) },
  ]
  await writeFile(databaseFile, mmdbOf(networks))
  const env = {
    LETHE_GEO_DATABASE: databaseFile,
    LETHE_TRUSTED_PROXIES: '127.0.0.1',
    LETHE_LOG_LEVEL: 'debug',
    LETHE_GDPR_GRACE_SECONDS: '0',
    LETHE_GDPR_RATE_PER_SECOND: '1000000',
    LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
  }
  lethe = await startLethe({ dataDir, env })
})
afterAll(async () => {
  await lethe?.stop()
  await rm(dataDir, { recursive: true, force: true })
})

it('stores where a visitor is, and of the address not a byte', async () => {
  // The last hop that is no trusted proxy is the visitor; what stands before it can be made up.
  const headers = { 'X-Forwarded-For': `${forger}, ${visitor}` }
  const time = Math.floor(Date.now() / 1_000)
  const event = { event: 'Seen', properties: { token: us.token, distinct_id: 'geo', time, $insert_id: 'geo-1' } }
  const update = { $token: us.token, $distinct_id: 'geo', $set: { plan: 'free' } }
  expect((await lethe.post('/track?ip=1', { headers, body: [event] })).text).toBe('1')
  expect((await lethe.post('/engage?ip=1', { headers, body: [update] })).text).toBe('1')

  const [stored] = await exportEvents(lethe, us)
  expect(stored?.properties).toMatchObject({ $city: 'München', $region: 'Bavaria', mp_country_code: 'DE' })
  expect(await privacyOfficer(lethe, us).profile('geo')).toMatchObject({
    plan: 'free',
    $city: 'München',
    $region: 'Bavaria',
    $country_code: 'DE',
    $timezone: 'Europe/Berlin',
  })

  await lethe.stop({ keepData: true })
  const { found } = await scanFolder(dataDir, [visitor, forger, 'München'])
  expect([...found.keys()]).toEqual(['München'])
  expect(lethe.logs()).toContain('"route":"/track"')
  for (const address of [visitor, forger]) expect(lethe.logs()).not.toContain(address)
})

it('does not start with a file that it cannot read', async () => {
  const folder = await newDataDir()
  try {
    const none = join(folder, 'none.mmdb')
    const { code, output } = await runLethe({ dataDir: folder, env: { LETHE_GEO_DATABASE: none } })
    expect(code).toBe(1)
    expect(output).toContain(`LETHE_GEO_DATABASE: ${none} cannot be read`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
