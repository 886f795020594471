import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ListObjectVersionsCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CephS3, startCephS3, whyNoCeph } from '../support/ceph-s3.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { privacyOfficer } from '../support/privacy-officer.ts'
import { us } from '../support/provision.ts'

// The whole server with the objects of one region in a bucket with versions. Needs Debian's ceph.

const missing = whyNoCeph()
const title = missing === null ? 'objects in a bucket' : `objects in a bucket (skipped: ${missing})`

describe.skipIf(missing !== null)(title, () => {
  let ceph: CephS3
  let lethe: Lethe

  beforeAll(async () => {
    ceph = await startCephS3()
    await ceph.makeBucket('objects')
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await ceph.client.send(new PutBucketVersioningCommand({ Bucket: 'objects', VersioningConfiguration }))
    const { accessKeyId, secretAccessKey } = ceph.credentials
    const env = {
      LETHE_US_OBJECTS_URL: `s3://${accessKeyId}:${secretAccessKey}@objects/us?endpoint=${ceph.endpoint}`,
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    }
    lethe = await startLethe({ env })
  }, 120_000)
  afterAll(async () => {
    await lethe?.stop()
    await ceph?.close()
  })

  const keptKeys = async (): Promise<readonly string[]> => {
    const found = await ceph.client.send(new ListObjectVersionsCommand({ Bucket: 'objects' }))
    return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])].map(({ Key = '' }) => Key)
  }

  it('retrieves a person by way of the bucket, and erases every version of what names them', async () => {
    const properties = { token: us.token, distinct_id: 'canary-person', note: 'canary' }
    expect((await lethe.post('/track', { body: { event: 'Viewed', properties } })).status).toBe(200)
    const officer = privacyOfficer(lethe, { token: us.token })
    const { events } = await officer.retrieve('canary-person')
    expect(events).toHaveLength(1)
    const before = await keptKeys()
    const archives = before.filter((key) => key.endsWith('.zip'))
    expect(archives).toHaveLength(1)
    expect(before.every((key) => key.startsWith('us/'))).toBe(true)
    expect(await readdir(join(lethe.dataDir, 'us'))).not.toContain('objects')

    await officer.erase('canary-person')
    const after = await keptKeys()
    expect(after.filter((key) => archives.includes(key))).toEqual([])
    expect(lethe.logs()).not.toContain(ceph.credentials.secretAccessKey)
  })
})
