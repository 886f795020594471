import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { admin, adminAccount, analyst, eu, owner, stranger, us } from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

type Headers = Readonly<Record<string, string>>
let dataDir: string
let lethe: Lethe
let as: Headers
beforeAll(async () => {
  dataDir = await newDataDir()
  const env = { LETHE_GDPR_GRACE_SECONDS: '3600', LETHE_GDPR_RATE_PER_SECOND: '1000000', LETHE_LOG_LEVEL: 'debug' }
  lethe = await startLethe({ dataDir, env })
  as = await logIn(lethe, owner)
})
afterAll(async () => {
  await lethe?.stop().catch(() => undefined)
  await rm(dataDir, { recursive: true, force: true })
})

const root = `/api/app/projects/${us.id}/privacy`
const newId = () => `canary-${randomUUID()}`
const post = (path: string, body: object, headers = as) => lethe.post(`${root}${path}`, { headers, body })
const get = (path: string, headers = as) => lethe.get(`${root}${path}`, { headers })
const made = async (kind: string, ids: readonly string[], more: object = {}) => {
  const answer = await post('/requests', { kind, distinct_ids: ids, ...more })
  expect(answer.status).toBe(201)
  return answer.json().results
}

/** Two events of one day, one of them by a device that becomes the person, and a profile. */
const plant = async (id: string): Promise<string> => {
  const device = `$device:${id}`
  const event = (name: string, time: string, ids: object) => ({
    event: name,
    properties: { token: us.token, time: Date.parse(time) / 1_000, $insert_id: randomUUID(), ...ids },
  })
  const events = [
    event('Seen', '2026-03-01T10:00:00Z', { distinct_id: device, $device_id: id }),
    event('Bought', '2026-05-02T10:00:00Z', { distinct_id: id, $device_id: id, $user_id: id }),
  ]
  const path = `/import?strict=1&project_id=${us.id}`
  const imported = await lethe.post(path, { headers: basic(us.secret), body: events })
  expect(imported.status, imported.text).toBe(200)
  const profile = { $token: us.token, $distinct_id: id, $set: { plan: 'pro' } }
  expect((await lethe.post('/engage', { body: [profile] })).text).toBe('1')
  return device
}

describe('a dry run', () => {
  it('tells people, who belongs together, and what each holder holds, and leaves nothing behind', async () => {
    const [known, unknown] = [newId(), newId()]
    const device = await plant(known)
    const before = (await get('/requests')).json().results.length
    const answer = await post('/dry-run', { distinct_ids: [known, device, unknown] })
    expect(answer.status, answer.text).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    const { results } = answer.json()
    expect(results).toMatchObject({ ids_requested: 3, people: 2, people_unknown: 1, unknown_ids: [unknown] })
    expect(results.together.map((ids: string[]) => [...ids].sort())).toEqual([[known, device].sort()])
    const holder = (name: string) => results.holders.find((one: { holder: string }) => one.holder === name)
    expect(holder('events')).toEqual({
      holder: 'events',
      rows: 2,
      partitions: ['202603', '202605'],
      first: '2026-03-01T10:00:00.000Z',
      last: '2026-05-02T10:00:00.000Z',
    })
    expect(holder('profiles')).toMatchObject({ rows: 1, first: null })
    expect(holder('identity links').rows).toBeGreaterThan(0)
    expect((await get('/requests')).json().results.length).toBe(before)
    // Nobody was harmed.
    expect((await post('/dry-run', { distinct_ids: [known] })).json().results.holders).toEqual(results.holders)
  })

  it.each([
    ['no ids', {}],
    ['an empty list', { distinct_ids: [] }],
    ['a blank id', { distinct_ids: [' '] }],
    ['2,001 ids', { distinct_ids: Array.from({ length: 2_001 }, (_, at) => `id ${at}`) }],
  ])('refuses what a request would be refused for: %s', async (_name, body) => {
    expect((await post('/dry-run', body)).status).toBe(400)
  })
})

describe('a request by a member', () => {
  it('is listed with its clock and what it waits for, shown, and taken back', async () => {
    const id = newId()
    const task = await made('deletion', [id, id], { suppress: true })
    expect(task).toMatchObject({
      kind: 'deletion',
      status: 'PENDING',
      compliance_type: 'GDPR',
      requesting_user: owner.email,
      distinct_id_count: 1,
      suppress: true,
      is_cancelable: true,
      waiting: { for: 'grace', until: task.due_at },
      started_at: null,
      finished_at: null,
    })
    const asked = Date.parse(task.requested_at)
    expect(Date.parse(task.due_at) - asked).toBe(3_600_000)
    expect(Date.parse(task.deadline) - asked).toBeGreaterThanOrEqual(28 * 86_400_000)

    expect((await get('/requests?limit=1')).json().results[0].tracking_id).toBe(task.tracking_id)
    const older = (await get(`/requests?limit=200&before=${task.date_requested}`)).json().results
    expect(older.map((one: { tracking_id: string }) => one.tracking_id)).not.toContain(task.tracking_id)
    const detail = await get(`/requests/${task.tracking_id}`)
    expect(detail.json().results).toMatchObject({ distinct_ids: [id], evidence: null, archive: null, downloads: [] })

    const canceled = await lethe.send('DELETE', `${root}/requests/${task.tracking_id}`, { headers: as })
    expect(canceled.json().results).toMatchObject({ status: 'REVOKED', waiting: null, is_cancelable: false })
    const again = await lethe.send('DELETE', `${root}/requests/${task.tracking_id}`, { headers: as })
    expect(again.status).toBe(405)
    const log = await lethe.get(`/api/app/projects/${us.id}/audit-log?limit=10`, { headers: as })
    const types = log.json().results.map((one: { event_type: string }) => one.event_type)
    expect(types).toContain('user_data_deletion.created')
    expect(types).toContain('user_data_deletion.canceled')
  })

  it('for data ends with an archive, its counts, and who took it', async () => {
    const id = newId()
    await plant(id)
    const { tracking_id: trackingId } = await made('retrieval', [id])
    const done = await waitFor('the archive', async () => {
      const { results } = (await get(`/requests/${trackingId}`)).json()
      return results.status === 'SUCCESS' ? results : null
    })
    expect(done.progress).toEqual({
      ids_in_clusters: 2,
      holders: [
        { holder: 'events', rows_held: 2, rows_written: 2 },
        { holder: 'profiles', rows_held: 1, rows_written: 1 },
      ],
    })
    const own = await get(`/requests/${trackingId}/archive.zip`)
    expect(own.headers['content-type']).toBe('application/zip')
    const link = new URL(done.archive.link)
    expect((await lethe.get(link.pathname + link.search)).bytes.equals(own.bytes)).toBe(true)
    const { downloads } = (await get(`/requests/${trackingId}`)).json().results
    expect(downloads.map((one: { by: string | null }) => one.by)).toEqual([null, owner.email])
  })

  it('is the same as one by the privacy API, whoever asked', async () => {
    const answer = await lethe.post(`/api/app/data-deletions/v3.0?token=${us.token}`, {
      headers: bearer(owner.gdprToken),
      body: { distinct_ids: [newId()], compliance_type: 'CCPA' },
    })
    const trackingId = answer.json().results[0].tracking_id
    const { results } = (await get(`/requests/${trackingId}`)).json()
    expect(results).toMatchObject({ tracking_id: trackingId, compliance_type: 'CCPA' })
    expect(Date.parse(results.deadline) - Date.parse(results.requested_at)).toBe(45 * 86_400_000)
  })

  it('that does not exist here is 404', async () => {
    const { tracking_id: trackingId } = await made('deletion', [newId()])
    for (const path of [
      `${root}/requests/${randomUUID()}`,
      `/api/app/projects/${eu.id}/privacy/requests/${trackingId}`,
    ]) {
      expect((await lethe.get(path, { headers: as })).status).toBe(404)
    }
  })

  it('of a kind that there is not is refused', async () => {
    expect((await post('/requests', { kind: 'both', distinct_ids: ['a'] })).status).toBe(400)
    expect((await get('/requests?limit=0')).status).toBe(400)
    expect((await get('/requests?before=yesterday')).status).toBe(400)
  })
})

describe('who may', () => {
  it('owners and admins; nobody else, and no other credential', async () => {
    const { tracking_id: trackingId } = await made('deletion', [newId()])
    const ask = async (headers: Headers): Promise<readonly number[]> =>
      Promise.all([
        get('/requests', headers).then(({ status }) => status),
        get(`/requests/${trackingId}`, headers).then(({ status }) => status),
        post('/requests', { kind: 'deletion', distinct_ids: [newId()] }, headers).then(({ status }) => status),
        get(`/requests/${trackingId}/archive.zip`, headers).then(({ status }) => status),
        post('/dry-run', { distinct_ids: [newId()] }, headers).then(({ status }) => status),
        lethe.get('/api/app/organizations/1/privacy/requests', { headers }).then(({ status }) => status),
      ])
    expect(await ask(await logIn(lethe, admin))).toEqual([200, 200, 201, 410, 200, 200])
    for (const who of [analyst, stranger]) expect(await ask(await logIn(lethe, who))).toEqual(Array(6).fill(403))
    const others = [bearer(owner.gdprToken), basic(adminAccount.username, adminAccount.secret), basic(us.secret), {}]
    for (const headers of others) expect(await ask(headers)).toEqual(Array(6).fill(401))
    const { Cookie = '' } = as
    const foreign = { Cookie, Origin: 'https://evil.test' }
    expect((await post('/requests', { kind: 'deletion', distinct_ids: ['a'] }, foreign)).status).toBe(403)
  })

  it('an organization is told requests of the region that is asked', async () => {
    const here = await made('deletion', [newId()])
    const path = `/api/app/projects/${eu.id}/privacy/requests`
    const answer = await lethe.post(path, { headers: as, body: { kind: 'deletion', distinct_ids: [newId()] } })
    const there = answer.json().results
    const idsAt = async (host?: string): Promise<readonly string[]> => {
      const at = host === undefined ? {} : { host }
      const { results } = (
        await lethe.get('/api/app/organizations/1/privacy/requests?limit=200', { headers: as, ...at })
      ).json()
      return results.map((one: { tracking_id: string }) => one.tracking_id)
    }
    expect(await idsAt()).toEqual(expect.arrayContaining([here.tracking_id, there.tracking_id]))
    expect(await idsAt('us.lethe.localhost')).toContain(here.tracking_id)
    expect(await idsAt('us.lethe.localhost')).not.toContain(there.tracking_id)
    expect(await idsAt('eu.lethe.localhost')).toContain(there.tracking_id)
  })
})

describe('the control store', () => {
  it('holds no id of a dry run, nor do the logs', async () => {
    const id = newId()
    await plant(id)
    expect((await post('/dry-run', { distinct_ids: [id] })).json().results.people).toBe(1)
    await lethe.stop({ keepData: true })
    const control = await scanFolder(join(dataDir, 'control'), [id, owner.email])
    // The scan can see.
    expect([...control.found.keys()]).toEqual([owner.email])
    expect((await scanFolder(join(dataDir, 'us'), [id])).found.size).toBe(1)
    expect(lethe.logs()).not.toContain(id)
  })
})
