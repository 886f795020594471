import { gzipSync } from 'node:zlib'
import { PutObjectCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CephS3, startCephS3, whyNoCeph } from '../support/ceph-s3.ts'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, eu, us } from '../support/provision.ts'
import { waitFor } from '../support/wait-for.ts'

const missing = whyNoCeph()
if (missing !== null) console.log(`imports from a bucket are not tested against a real one: ${missing}`)

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_OUTBOUND_ALLOW: '127.0.0.1/32' } })
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const path = `/api/app/projects/${us.id}/connectors/`
const call = async (method: string, rest = '', body?: object, headers = admin) => {
  const answer = await lethe.send(method, path + rest, { headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, body: answer.json(), text: answer.text }
}
const properties = (more: object = {}) => ({
  ...{ s3_bucket: 'data', s3_prefix: '', s3_region: 'us-east-1' },
  ...{ s3_access_key_id: 'lethe', s3_secret_access_key: 'a secret of tests' },
  ...more,
})
const asked = (connector_properties: object, data_format = 'mixpanel_event', compression = 'none') => ({
  ...{ connector_type: 's3Import', connector_properties },
  category_properties: { data_format, compression },
})

describe('what is not there', () => {
  it.each([
    ['Google Cloud Storage', { ...asked({ gcs_bucket: 'b', gcs_region: 'r' }), connector_type: 'gcsImport' }],
    ['a role', asked({ s3_bucket: 'b', s3_region: 'r', s3_role: 'arn:aws:iam::1:role/x' })],
    ['another format', asked(properties(), 'remap_event')],
    ['no keys', asked({ s3_bucket: 'b', s3_region: 'r' })],
    ['an address of the network', asked(properties({ s3_endpoint: 'http://169.254.169.254' }))],
    ['a decimal address', asked(properties({ s3_endpoint: 'http://2852039166' }))],
    ['a mapped address', asked(properties({ s3_endpoint: 'http://[::ffff:10.0.0.1]' }))],
    ['a file', asked(properties({ s3_endpoint: 'file:///etc/passwd' }))],
    ['gopher', asked(properties({ s3_endpoint: 'gopher://127.0.0.1' }))],
  ])('answers 400 with a sentence: %s', async (_what, body) => {
    expect(await call('POST', '', body)).toMatchObject({
      status: 400,
      body: { error: expect.any(String), status: 'error' },
    })
  })

  it('answers 403 to an analyst, and 404 for what nobody made', async () => {
    expect((await call('GET', '', undefined, basic(analystAccount.username, analystAccount.secret))).status).toBe(403)
    for (const id of ['x', '9d2f2c1e-2b8e-4e43-9d6a-0c6a3f2b7a11']) {
      expect((await call('GET', id)).status).toBe(404)
      expect((await call('GET', `${id}/history`)).status).toBe(404)
      expect((await call('DELETE', id)).status).toBe(404)
    }
  })
})

describe.skipIf(missing !== null)('a bucket', () => {
  let s3: CephS3
  beforeAll(async () => {
    s3 = await startCephS3()
    await s3.makeBucket('data')
  }, 120_000)
  afterAll(() => s3?.close())

  const put = (Key: string, Body: string | Buffer) =>
    s3.client.send(new PutObjectCommand({ Bucket: 'data', Key, Body }))
  const real = (prefix: string) => {
    const { accessKeyId, secretAccessKey } = s3.credentials
    const keys = { s3_access_key_id: accessKeyId, s3_secret_access_key: secretAccessKey }
    return properties({ ...keys, s3_endpoint: s3.endpoint, s3_prefix: prefix })
  }
  const create = async (body: object) => {
    const made = await call('POST', '', body)
    expect([made.status, made.text]).toEqual([200, expect.any(String)])
    return made.body.results
  }
  const ended = (id: string) =>
    waitFor('the end of the import', async () => {
      const { data } = (await call('GET', `${id}/history/`)).body.results
      return ['success', 'failed'].includes(data[0].status) ? data[0] : null
    })
  const line = (id: string, more: object = {}) =>
    `${JSON.stringify({ event: 'From S3', properties: { distinct_id: id, time: 1_714_557_600, ...more } })}\n`

  it('is imported once, file by file, with what is bad counted', async () => {
    const many = Array.from({ length: 1_200 }, (_, at) => line(`p${at}`)).join('')
    await put('events/1.json', many)
    await put('events/2.json', `${line('a', { $insert_id: 'mine' })}no json\n${line('b', { time: 'x' })}\n${line('c')}`)
    await put('elsewhere/3.json', line('not me'))
    const made = await create(asked(real('events/')))
    expect(made).toMatchObject({ connector_type: 's3Import', status: 'active', created_by: adminAccount.username })
    const run = await ended(made.connector_id)
    expect(run).toMatchObject({
      ...{ status: 'success', progress: 1, error: null },
      connector_properties: {
        ...{ num_events_imported: 1_202, num_events_processed: 1_204, num_events_dropped: 2, num_files_imported: 2 },
      },
    })
    const day = 'from_date=2024-05-01&to_date=2024-05-01'
    const exported = async (id: number) =>
      (await lethe.get(`/api/2.0/export?project_id=${id}&${day}`, { headers: admin })).text.trim().split('\n')
    const ids = (await exported(us.id)).map((text) => JSON.parse(text).properties.distinct_id)
    expect(new Set(ids)).toEqual(new Set([...Array.from({ length: 1_200 }, (_, at) => `p${at}`), 'a', 'c']))
    expect(await exported(eu.id)).toEqual([''])
    const shown = await call('GET')
    expect(shown.body.results).toMatchObject({ url: null, has_more: false })
    expect(shown.text).not.toContain(s3.credentials.secretAccessKey)
    expect((await call('GET', `${made.connector_id}/`)).body.results).toMatchObject({ connector_id: made.connector_id })
    const gone = await call('DELETE', `${made.connector_id}/`)
    expect(gone.body.results).toBe(`Successfully deleted Connector with ID:${made.connector_id}`)
    expect((await call('GET', made.connector_id)).status).toBe(404)
  }, 60_000)

  it('holds people and groups, compressed', async () => {
    await put('people/1.gz', gzipSync('{"$distinct_id":"s3-ada","$properties":{"plan":"pro"}}\n'))
    await put('groups/1.gz', gzipSync('{"$group_key":"company","$group_id":"acme","$properties":{"size":3}}\n'))
    const people = await create(asked(real('people/'), 'mixpanel_people', 'gzip'))
    const groups = await create(asked(real('groups/'), 'mixpanel_group', 'gzip'))
    const one = { status: 'success', connector_properties: { num_events_imported: 1, num_events_dropped: 0 } }
    expect(await ended(people.connector_id)).toMatchObject(one)
    expect(await ended(groups.connector_id)).toMatchObject(one)
    const { results } = (await lethe.get(`/api/query/engage?project_id=${us.id}`, { headers: admin })).json()
    expect(results).toContainEqual({ $distinct_id: 's3-ada', $properties: expect.objectContaining({ plan: 'pro' }) })
  })

  it('says why it cannot be read', async () => {
    const wrong = await create(asked({ ...real(''), s3_secret_access_key: 'wrong' }))
    expect(await ended(wrong.connector_id)).toMatchObject({
      ...{ status: 'failed', error: { message: 'the secret of the access key is wrong', code: 'IMPORT_FAILED' } },
    })
    const none = await create(asked({ ...real(''), s3_bucket: 'nowhere' }))
    expect(await ended(none.connector_id)).toMatchObject({ error: { message: 'there is no such bucket' } })
  })
})
