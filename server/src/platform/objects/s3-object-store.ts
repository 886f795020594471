import type { Readable } from 'node:stream'
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  NoSuchKey,
  type PutObjectCommandInput,
  S3Client,
} from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { AppError, EngineUnavailable } from '../../kernel/errors.ts'
import { dayMs } from '../../kernel/time.ts'
import { checkObjectKey } from './object-key.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'

/** Where a region's objects are. Secrets: never log it. */
export interface S3Place {
  readonly bucket: string
  /** Without slashes at its ends; empty: the whole bucket. */
  readonly prefix: string
  /** Null: that of AWS for the region. */
  readonly endpoint: string | null
  readonly region: string
  readonly encryption: 'none' | 'AES256' | 'aws:kms'
  /** Null: the key of the bucket. */
  readonly kmsKeyId: string | null
  /** Null: found as AWS tools find them. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null
}

const partBytes = 8 * 2 ** 20
const partsAtOnce = 2

const unavailable = (error: unknown): AppError =>
  error instanceof AppError ? error : new EngineUnavailable('the object store does not answer', error)

/**
 * One region's objects in a bucket. A stream goes up in parts and shows when it is whole; memory is two parts. In a
 * bucket with versions, `delete` removes every version of the key: a marker alone would keep the bytes.
 */
export const openS3ObjectStore = async (
  regionId: string,
  place: S3Place,
  abandonedAfterMs = dayMs,
): Promise<ObjectStore> => {
  const client = new S3Client({
    region: place.region,
    ...(place.endpoint === null ? {} : { endpoint: place.endpoint, forcePathStyle: true }),
    // A copy: the client writes into it, and a configuration is frozen.
    ...(place.credentials === null ? {} : { credentials: { ...place.credentials } }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  })
  const Bucket = place.bucket
  const root = place.prefix === '' ? '' : `${place.prefix}/`
  const at = (key: string): string => `${root}${checkObjectKey(key)}`
  const encryption: Pick<PutObjectCommandInput, 'ServerSideEncryption' | 'SSEKMSKeyId'> = {
    ...(place.encryption === 'none' ? {} : { ServerSideEncryption: place.encryption }),
    ...(place.kmsKeyId === null ? {} : { SSEKMSKeyId: place.kmsKeyId }),
  }
  const guarded = async <Value>(work: () => Promise<Value>): Promise<Value> => {
    try {
      return await work()
    } catch (error) {
      throw unavailable(error)
    }
  }

  const put = async (key: string, body: Readable | Buffer | string): Promise<ObjectInfo> => {
    const Key = at(key)
    return guarded(async () => {
      const params = { Bucket, Key, Body: typeof body === 'string' ? Buffer.from(body) : body, ...encryption }
      // A part that fails ends the upload and takes back its parts (leavePartsOnError is off).
      await new Upload({ client, params, partSize: partBytes, queueSize: partsAtOnce }).done()
      const head = await client.send(new HeadObjectCommand({ Bucket, Key }))
      return { key, sizeBytes: head.ContentLength ?? 0, modifiedAtMs: head.LastModified?.getTime() ?? 0 }
    })
  }

  const get = async (key: string): ReturnType<ObjectStore['get']> => {
    const Key = at(key)
    try {
      const found = await client.send(new GetObjectCommand({ Bucket, Key }))
      const info = { key, sizeBytes: found.ContentLength ?? 0, modifiedAtMs: found.LastModified?.getTime() ?? 0 }
      return { info, body: found.Body as Readable }
    } catch (error) {
      // A bucket that is not there is a fault, not an object less.
      if (error instanceof NoSuchKey) return null
      throw unavailable(error)
    }
  }

  const versionsOf = async (Key: string): Promise<readonly string[]> => {
    const found: string[] = []
    let KeyMarker: string | undefined
    let VersionIdMarker: string | undefined
    do {
      const page = await client.send(
        new ListObjectVersionsCommand({ Bucket, Prefix: Key, KeyMarker, VersionIdMarker } as never),
      )
      for (const version of [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])]) {
        if (version.Key === Key && version.VersionId !== undefined) found.push(version.VersionId)
      }
      KeyMarker = page.IsTruncated === true ? page.NextKeyMarker : undefined
      VersionIdMarker = page.NextVersionIdMarker
      // Keys are in order: past ours there is nothing of it.
    } while (KeyMarker !== undefined && KeyMarker <= Key)
    return found
  }

  const remove = async (key: string): Promise<void> => {
    const Key = at(key)
    return guarded(async () => {
      for (const VersionId of await versionsOf(Key)) {
        await client.send(new DeleteObjectCommand({ Bucket, Key, VersionId }))
      }
      if ((await versionsOf(Key)).length > 0) {
        throw new EngineUnavailable('the object store keeps a version of an object that was deleted')
      }
    })
  }

  const list = async (prefix: string): Promise<readonly ObjectInfo[]> =>
    guarded(async () => {
      const found: ObjectInfo[] = []
      let ContinuationToken: string | undefined
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: `${root}${prefix}`, ContinuationToken } as never),
        )
        for (const { Key = '', Size = 0, LastModified } of page.Contents ?? []) {
          found.push({ key: Key.slice(root.length), sizeBytes: Size, modifiedAtMs: LastModified?.getTime() ?? 0 })
        }
        ContinuationToken = page.NextContinuationToken
      } while (ContinuationToken !== undefined)
      return found
    })

  const ping = async (): Promise<void> => {
    await guarded(() => client.send(new HeadBucketCommand({ Bucket })))
  }

  // What a killed server left half-sent may hold personal data, and no list of objects shows it.
  const removeAbandoned = async (): Promise<void> => {
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: root }))
    for (const { Key, UploadId, Initiated } of Uploads) {
      if (Initiated === undefined || Initiated.getTime() > Date.now() - abandonedAfterMs) continue
      await client.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }))
    }
  }

  await guarded(removeAbandoned)
  return { regionId, dataDir: null, put, get, delete: remove, list, ping }
}
