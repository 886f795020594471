import { Readable } from 'node:stream'
import {
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CephS3, startCephS3, whyNoCeph } from '../../../test/support/ceph-s3.ts'
import { itIsAnObjectStore } from '../../../test/support/object-store-port.ts'
import type { ObjectStore } from './object-store.ts'
import { openS3ObjectStore, type S3Place } from './s3-object-store.ts'

const missing = whyNoCeph()
const title = missing === null ? 'S3 object store' : `S3 object store (skipped: ${missing})`

describe.skipIf(missing !== null)(title, () => {
  let ceph: CephS3
  let place: S3Place
  let store: ObjectStore

  const versionsOf = async (bucket: string, prefix: string): Promise<readonly string[]> => {
    const found = await ceph.client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: prefix }))
    return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])].map(({ Key = '' }) => Key)
  }

  beforeAll(async () => {
    ceph = await startCephS3()
    await ceph.makeBucket('objects')
    await ceph.makeBucket('versions')
    const { endpoint, credentials } = ceph
    const rest = { region: 'us-east-1', encryption: 'none', kmsKeyId: null } as const
    place = { bucket: 'objects', prefix: 'lethe/us', endpoint, credentials, ...rest }
    store = await openS3ObjectStore('US', place)
  }, 120_000)
  afterAll(() => ceph?.close())

  itIsAnObjectStore(
    () => store,
    (prefix) => versionsOf('objects', `lethe/us/${prefix}`),
  )

  it('deletes every version of a key, and of no other', async () => {
    const VersioningConfiguration = { Status: 'Enabled' } as const
    await ceph.client.send(new PutBucketVersioningCommand({ Bucket: 'versions', VersioningConfiguration }))
    const versioned = await openS3ObjectStore('US', { ...place, bucket: 'versions', prefix: '' })
    for (const body of ['one', 'two', 'three']) await versioned.put('a/it', body)
    await versioned.put('a/it2', 'beside')
    expect(await versionsOf('versions', 'a/')).toHaveLength(4)
    await versioned.delete('a/it')
    expect(await versionsOf('versions', 'a/')).toEqual(['a/it2'])
  })

  it('leaves no parts of an upload whose body fails', async () => {
    const failing = Readable.from(
      (async function* () {
        yield Buffer.alloc(20 * 2 ** 20)
        throw new Error('the sender left')
      })(),
    )
    await expect(store.put('parts/it', failing)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    const open = await ceph.client.send(new ListMultipartUploadsCommand({ Bucket: 'objects' }))
    expect(open.Uploads ?? []).toEqual([])
  })

  it('does not answer with a wrong secret or without a bucket', async () => {
    const wrong = { accessKeyId: ceph.credentials.accessKeyId, secretAccessKey: 'wrong' }
    for (const other of [{ credentials: wrong }, { bucket: 'none' }]) {
      await expect(openS3ObjectStore('US', { ...place, ...other })).rejects.toMatchObject({ status: 503 })
    }
  })

  it('takes a bucket that is gone for a fault, not for one without objects', async () => {
    await ceph.makeBucket('gone')
    const gone = await openS3ObjectStore('US', { ...place, bucket: 'gone' })
    await ceph.client.send(new DeleteBucketCommand({ Bucket: 'gone' }))
    for (const ask of [() => gone.get('a'), () => gone.list(''), () => gone.delete('a'), gone.ping]) {
      await expect(ask()).rejects.toMatchObject({ status: 503 })
    }
  })

  it('removes parts that a killed server left, once they are old', async () => {
    const Bucket = 'objects'
    await ceph.client.send(new CreateMultipartUploadCommand({ Bucket, Key: 'lethe/us/left' }))
    const uploads = async () => (await ceph.client.send(new ListMultipartUploadsCommand({ Bucket }))).Uploads ?? []
    await openS3ObjectStore('US', place)
    expect(await uploads()).toHaveLength(1)
    await openS3ObjectStore('US', place, -60_000)
    expect(await uploads()).toEqual([])
  })
})
