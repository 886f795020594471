import { gunzipSync } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CephS3, startCephS3, whyNoCeph } from '../support/ceph-s3.ts'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { privacyOfficer } from '../support/privacy-officer.ts'
import { adminAccount, analystAccount, defaultProvision, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

// PIPE-01…06: events of a project as files in a real S3 bucket. Needs Debian's ceph.

const missing = whyNoCeph()
const title = missing === null ? 'pipelines to S3' : `pipelines to S3 (skipped: ${missing})`
const dayMs = 86_400_000
const dayBefore = (days: number): string => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10)
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const base = '/api/2.0/nessie/pipeline'

describe.skipIf(missing !== null)(title, () => {
  let ceph: CephS3
  let lethe: Lethe
  const asAdmin = basic(adminAccount.username, adminAccount.secret)

  const start = (dataDir?: string): Promise<Lethe> =>
    startLethe({
      provision: defaultProvision(),
      env: {
        LETHE_OUTBOUND_ALLOW: '127.0.0.0/8',
        LETHE_GDPR_GRACE_SECONDS: '0',
        LETHE_GDPR_RATE_PER_SECOND: '1000000',
        LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
      },
      ...(dataDir === undefined ? {} : { dataDir }),
    })
  beforeAll(async () => {
    ceph = await startCephS3()
    await ceph.makeBucket('events')
    lethe = await start()
  }, 120_000)
  afterAll(async () => {
    await lethe?.stop()
    await ceph?.close()
  })

  const post = (
    name: string,
    params: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>> = asAdmin,
  ) =>
    lethe.post(`${base}/${name}`, {
      headers: { ...headers, ...form },
      body: new URLSearchParams({ project_id: String(us.id), ...params }).toString(),
    })
  const get = async (name: string, params: Readonly<Record<string, string>> = {}) => {
    const query = new URLSearchParams({ project_id: String(us.id), ...params })
    return lethe.get(`${base}/${name}?${query}`, { headers: asAdmin })
  }
  const wanted = (more: Readonly<Record<string, string>> = {}) => ({
    type: 's3-raw',
    from_date: dayBefore(3),
    s3_bucket: 'events',
    s3_region: 'us-east-1',
    s3_prefix: 'raw',
    s3_endpoint: ceph.endpoint,
    s3_access_key_id: ceph.credentials.accessKeyId,
    s3_secret_access_key: ceph.credentials.secretAccessKey,
    ...more,
  })
  const keys = async (prefix: string): Promise<readonly string[]> => {
    const found = await ceph.client.send(new ListObjectsV2Command({ Bucket: 'events', Prefix: prefix }))
    return (found.Contents ?? []).map(({ Key = '' }) => Key)
  }
  const bytesOf = async (Key: string): Promise<Buffer> => {
    const found = await ceph.client.send(new GetObjectCommand({ Bucket: 'events', Key }))
    return Buffer.from((await found.Body?.transformToByteArray()) ?? [])
  }
  const linesOf = async (key: string): Promise<readonly string[]> =>
    gunzipSync(await bytesOf(key))
      .toString('utf8')
      .split('\n')
      .filter((line) => line !== '')
  const folder = (prefix: string, days: number) => `${prefix}/${us.id}/${dayBefore(days).replaceAll('-', '/')}`

  it('writes whole days with what an export of them says, and nobody who was erased', async () => {
    const events = [1, 2, 3].flatMap((days) =>
      ['keeper', 'canary-person'].map((who) => ({
        event: days === 3 ? 'Bought' : 'Viewed',
        properties: { time: Date.now() - days * dayMs, distinct_id: who, $insert_id: `${who}${days}`, days },
      })),
    )
    const sent = await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: asAdmin, body: events })
    expect(sent.status).toBe(200)
    await privacyOfficer(lethe, { token: us.token }).erase('canary-person')

    const made = await post('create', wanted())
    expect([made.status, made.json()]).toEqual([200, { pipeline_names: ['events-daily-s3-raw'] }])
    const name = 'events-daily-s3-raw'
    await waitFor('three days or two', async () => {
      const { succeeded = 0 } = (await get('status', { name, summary: 'true' })).json()
      return succeeded >= 2
    })
    for (const days of [2, 3]) {
      const at = `${folder('raw', days)}/full_day`
      expect(await keys(at)).toEqual([`${at}/complete`, `${at}/events.json.gz`])
      expect((await bytesOf(`${at}/complete`)).length).toBe(0)
      const query = `project_id=${us.id}&from_date=${dayBefore(days)}&to_date=${dayBefore(days)}`
      const exported = await lethe.get(`/api/2.0/export?${query}`, { headers: asAdmin })
      expect(await linesOf(`${at}/events.json.gz`)).toEqual(exported.text.split('\n').filter((line) => line !== ''))
      expect((await linesOf(`${at}/events.json.gz`)).join('')).toContain('keeper')
      expect((await linesOf(`${at}/events.json.gz`)).join('')).not.toContain('canary-person')
    }
    const jobs = (await get('jobs')).json()
    expect(jobs[us.id]).toEqual([
      expect.objectContaining({ name, Dispatcher: 'recurring', frequency: 'daily', sync_enabled: 'false' }),
    ])
    const { day_syncs } = (await get('timeline', { name })).json()
    expect(day_syncs[0]).toMatchObject({ date: dayBefore(3), status: 'synced' })
    const status = (await get('status', { name, status: 'succeeded' })).json()
    expect(status.succeeded[0]).toMatchObject({ name, state: 'succeeded', from_date: `${dayBefore(3)}T00:00:00.000Z` })
    expect(lethe.logs()).not.toContain(ceph.credentials.secretAccessKey)
  })

  it('writes hours of the events and the condition it is told, again over itself after a kill', async () => {
    const more = { frequency: 'hourly', s3_prefix: 'hours', events: 'Bought', where: 'properties["days"] == 3' }
    expect((await post('create', wanted(more))).status).toBe(200)
    const name = 'events-hourly-s3-raw'
    const doneCount = async (): Promise<number> =>
      (await get('status', { name, summary: 'true' })).json().succeeded ?? 0
    await waitFor('some hours', async () => (await doneCount()) >= 5)
    await lethe.kill9()
    const { dataDir } = lethe
    lethe = await start(dataDir)
    const hourCount = await waitFor(
      'all hours',
      async () => {
        const steps = (await get('status', { name })).json().succeeded ?? []
        const last = steps.at(-1)
        return last !== undefined && Date.parse(last.to_date) > Date.now() - 4 * 3_600_000 ? steps.length : null
      },
      60_000,
    )
    const found = await keys('hours/')
    expect(found).toHaveLength(2 * hourCount)
    const lines = (await Promise.all(found.filter((key) => key.endsWith('.gz')).map(linesOf))).flat()
    expect(
      lines.map((line) => JSON.parse(line)).map(({ event, properties }) => [event, properties.distinct_id]),
    ).toEqual([['Bought', 'keeper']])
  }, 120_000)

  it('is paused, resumed, edited and canceled by its name', async () => {
    const name = 'events-daily-s3-raw'
    for (const [call, paused] of [
      ['pause', true],
      ['resume', false],
    ] as const) {
      expect((await post(call, { name })).json()).toEqual({ status: 'ok' })
      const [job] = (await get('jobs')).json()[us.id]
      expect(job.paused).toBe(paused)
    }
    expect((await post('edit', { name, events: 'Viewed', where: '' })).json()).toEqual({ status: 'ok' })
    expect((await post('edit', { name, where: 'this is (no expression' })).status).toBe(400)
    expect((await post('cancel', { name })).json()).toEqual({ status: 'ok' })
    for (const call of ['pause', 'resume', 'edit', 'cancel']) expect((await post(call, { name })).status).toBe(404)
    expect((await get('status', { name })).status).toBe(404)
  })

  it('refuses what it does not do, beyond its limits, and buckets that do not answer', async () => {
    const errorOf = async (params: Readonly<Record<string, string>>) => {
      const answer = await post('create', params)
      expect(answer.status, JSON.stringify(params)).toBe(400)
      return answer.json().error as string
    }
    expect(await errorOf(wanted({ type: 'bigquery' }))).toContain('are not in this release')
    expect(await errorOf(wanted({ type: 'x' }))).toContain('type must be')
    expect(await errorOf(wanted({ frequency: 'hourly' }))).toContain('differ in frequency')
    expect(await errorOf(wanted({ s3_access_key_id: '' }))).toContain('s3_access_key_id')
    expect(await errorOf(wanted({ from_date: '2001-01-01' }))).toContain('6 months')
    expect(await errorOf(wanted({ s3_bucket: 'none' }))).toContain('does not answer')
    expect(await errorOf(wanted({ s3_secret_access_key: 'wrong' }))).toContain('does not answer')
    expect(await errorOf(wanted({ s3_endpoint: 'http://169.254.169.254' }))).toContain('not a public address')
    expect(await errorOf(wanted({ s3_endpoint: 'http://[::1]:80' }))).toContain('not a public address')
    const range = wanted({ from_date: dayBefore(9), to_date: dayBefore(9), s3_prefix: 'range' })
    expect((await post('create', range)).status).toBe(200)
    expect(await errorOf(range)).toMatch(/at most 1 active|in 24 hours/)
  })

  it('is for owners and admins and the project itself', async () => {
    const analyst = basic(analystAccount.username, analystAccount.secret)
    expect((await post('create', wanted(), analyst)).status).toBe(403)
    expect((await post('cancel', { name: 'x' }, basic(us.secret, ''))).status).toBe(404)
    expect((await post('cancel', { name: 'x' }, {})).status).toBe(401)
  })
})
