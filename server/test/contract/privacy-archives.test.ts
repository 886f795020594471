import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { linesOf, zipEntries } from '../../../demo/zip-entries.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents } from '../support/privacy-officer.ts'
import { adminAccount, owner, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

let lethe: Lethe
beforeAll(async () => {
  const env = { LETHE_GDPR_RATE_PER_SECOND: '1000000', LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000' }
  lethe = await startLethe({ env })
})
afterAll(() => lethe?.stop())

const as = { headers: bearer(owner.gdprToken) }
const retrievals = '/api/app/data-retrievals/v3.0'
const ofUs = `?token=${us.token}`
const newId = () => `c-${randomUUID()}`

describe('a retrieval', () => {
  const dayMs = 86_400_000
  const user = newId()
  const device = newId()
  let cohortId = 0

  beforeAll(async () => {
    const track = (properties: object) =>
      lethe.post('/track', { body: { event: 'Viewed', properties: { token: us.token, ...properties } } })
    await track({ $device_id: device, distinct_id: `$device:${device}`, mp_lib: 'web' })
    await track({ $device_id: device, $user_id: user, distinct_id: user, mp_lib: 'web' })
    const imported = [100, 364, 366, 900].map((days) => ({
      event: `Bought ${days}`,
      properties: { time: Date.now() - days * dayMs, distinct_id: user, $insert_id: `i${days}`, price: days },
    }))
    const headers = basic(adminAccount.username, adminAccount.secret)
    const answer = await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers, body: imported })
    expect(answer.status).toBe(200)
    await lethe.post('/engage', { body: [{ $token: us.token, $distinct_id: user, $set: { plan: 'pro' } }] })
    const cohorts = `/api/app/projects/${us.id}/cohorts`
    const made = await lethe.post(cohorts, { headers, body: { name: 'List', definition: { type: 'static' } } })
    cohortId = made.json().results.id
    const body = [`$device:${device}`, 'somebody else']
    expect((await lethe.send('PUT', `${cohorts}/${cohortId}/members`, { headers, body })).status).toBe(200)
  })

  const archiveOf = async (body: object) => {
    const created = await lethe.post(`${retrievals}${ofUs}`, { ...as, body })
    const id: string = created.json().results[0].tracking_id
    const link: string = await waitFor('the archive', async () => {
      return (await lethe.get(`${retrievals}/${id}${ofUs}`, as)).json().results.result
    })
    const answer = await lethe.get(link.slice(new URL(link).origin.length))
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/zip'])
    const entries = zipEntries(answer.bytes)
    const json = (name: string) => JSON.parse(entries.get(name)?.toString('utf8') ?? 'null')
    const lines = (name: string) => linesOf(entries.get(name)?.toString('utf8') ?? '').map((line) => JSON.parse(line))
    return { id, link, names: [...entries.keys()], json, lines }
  }
  const names = (lines: readonly { event: string }[]) => lines.map(({ event }) => event).sort()

  it('for GDPR holds every event of the whole cluster and the profile', async () => {
    const archive = await archiveOf({ distinct_ids: [`$device:${device}`], disclosure_type: 'Sources' })
    expect(archive.names).toEqual(['events.json', 'people.json', 'cohorts.json', 'manifest.json'])
    const all = ['Bought 100', 'Bought 364', 'Bought 366', 'Bought 900', 'Viewed', 'Viewed']
    expect(names(archive.lines('events.json'))).toEqual(all)
    expect(archive.lines('people.json')).toMatchObject([{ $distinct_id: user, $properties: { plan: 'pro' } }])
    expect(archive.lines('cohorts.json')).toEqual([
      { cohort_id: cohortId, distinct_id: `$device:${device}`, uploaded_at: expect.stringMatching(/^20.*Z$/) },
    ])
    expect(archive.json('manifest.json')).toMatchObject({
      tracking_id: archive.id,
      project_id: us.id,
      compliance_type: 'GDPR',
      disclosure_type: 'DATA',
      requested_distinct_ids: [`$device:${device}`],
      distinct_ids: expect.arrayContaining([user, `$device:${device}`]),
      records: { 'events.json': 6, 'people.json': 1, 'cohorts.json': 1 },
      nothing_held: false,
    })
  })

  it('for CCPA holds nothing older than 365 days', async () => {
    const { lines } = await archiveOf({ distinct_ids: [user], compliance_type: 'ccpa', disclosure_type: 'data' })
    expect(names(lines('events.json'))).toEqual(['Bought 100', 'Bought 364', 'Viewed', 'Viewed'])
  })

  it('of CCPA categories holds names and no value', async () => {
    const body = { distinct_ids: [user], compliance_type: 'CCPA', disclosure_type: 'CATEGORIES' }
    const archive = await archiveOf(body)
    expect(archive.names).toEqual(['categories.json', 'manifest.json'])
    const categories = archive.json('categories.json')
    expect(categories.event_names).toEqual(['Bought 100', 'Bought 364', 'Viewed'])
    expect(categories.event_properties['Bought 100']).toContain('price')
    expect(categories.profile_properties).toContain('plan')
    expect(JSON.stringify(categories)).not.toMatch(/pro"|web/)
  })

  it('of CCPA sources holds how the data came in and none of it', async () => {
    const { json } = await archiveOf({ distinct_ids: [user], compliance_type: 'CCPA', disclosure_type: 'Sources' })
    const { sources } = json('sources.json')
    expect(sources).toContainEqual(
      expect.objectContaining({ source: { mp_lib: 'web', $mp_api_endpoint: '127.0.0.1' }, event_count: 2 }),
    )
    expect(JSON.stringify(sources)).not.toContain('price')
  })

  it('of nobody says so', async () => {
    const { json, lines } = await archiveOf({ distinct_ids: [newId()] })
    expect(json('manifest.json')).toMatchObject({ nothing_held: true })
    expect(lines('events.json')).toEqual([])
  })

  it('is opened by its link alone, and by no changed one', async () => {
    const { link } = await archiveOf({ distinct_ids: [user] })
    const { pathname, searchParams } = new URL(link)
    const [expires, signature] = [Number(searchParams.get('expires')), searchParams.get('signature') ?? '']
    expect(expires).toBeGreaterThan(Date.now() / 1_000 + 6 * 86_400)
    const open = async (at: number, by: string) => (await lethe.get(`${pathname}?expires=${at}&signature=${by}`)).status
    expect(await open(expires, signature)).toBe(200)
    expect(await open(expires + 1, signature)).toBe(403)
    expect(await open(expires, `${signature.slice(1)}0`)).toBe(403)
    expect((await lethe.get(pathname)).status).toBe(403)
  })
})

describe('events and profiles around opting out', () => {
  it('keeps $opt_in and the events of somebody whose profile $delete takes', async () => {
    const id = newId()
    const events = [{ event: '$opt_in', properties: { token: us.token, distinct_id: id } }]
    expect((await lethe.post('/track', { body: events })).text).toBe('1')
    const update = (operation: object) =>
      lethe.post('/engage', { body: [{ $token: us.token, $distinct_id: id, ...operation }] })
    await update({ $set: { plan: 'pro' } })
    expect((await update({ $delete: '' })).text).toBe('1')
    const mine = (await exportEvents(lethe, us)).filter(({ properties }) => properties['distinct_id'] === id)
    expect(mine.map(({ event }) => event)).toEqual(['$opt_in'])
  })
})
