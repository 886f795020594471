import { createHash } from 'node:crypto'
import { PassThrough, type Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { HeadBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { Upload } from '@aws-sdk/lib-storage'
import { AppError, InvalidRequest } from '../../../kernel/errors.ts'
import { isPlainToPublic, type Outbound } from '../../../platform/outbound-address.ts'
import type { Credentials, PipelineSettings } from '../domain/create-request.ts'
import type { WrittenFile } from './postgres-pipeline-store.ts'

const partBytes = 8 * 2 ** 20
const newLine = 10

export interface Destination {
  /** Throws InvalidRequest when the bucket does not answer to the credentials. */
  check(): Promise<void>
  /** Whole or not there at all; takes the place of a file of that key. */
  putLines(key: string, lines: Readable): Promise<WrittenFile>
  putEmpty(key: string): Promise<void>
}

/** The bucket of a pipeline, reached by the guarded way out. Bytes are hashed and counted as they pass; memory is two parts. */
export const openDestination = async (
  outbound: Outbound,
  settings: PipelineSettings,
  credentials: Credentials,
): Promise<Destination> => {
  if (settings.endpoint !== null && (await isPlainToPublic(outbound, settings.endpoint))) {
    throw new InvalidRequest('plain http is for networks of LETHE_OUTBOUND_ALLOW only: use https')
  }
  const { httpAgent, httpsAgent } = outbound
  const client = new S3Client({
    region: settings.region,
    ...(settings.endpoint === null ? {} : { endpoint: settings.endpoint, forcePathStyle: true }),
    credentials: { ...credentials },
    requestHandler: { httpAgent, httpsAgent, connectionTimeout: 10_000 },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  })
  const Bucket = settings.bucket
  const encryption =
    settings.encryption === 'none'
      ? {}
      : {
          ServerSideEncryption: settings.encryption === 'aes' ? ('AES256' as const) : ('aws:kms' as const),
          ...(settings.kmsKeyId === null ? {} : { SSEKMSKeyId: settings.kmsKeyId }),
        }

  const putLines = async (key: string, lines: Readable): Promise<WrittenFile> => {
    const hash = createHash('sha256')
    let rowCount = 0
    let byteCount = 0
    const countLines = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        for (let at = chunk.indexOf(newLine); at !== -1; at = chunk.indexOf(newLine, at + 1)) rowCount += 1
        done(null, chunk)
      },
    })
    const countBytes = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        hash.update(chunk)
        byteCount += chunk.length
        done(null, chunk)
      },
    })
    const body = new PassThrough()
    const params = {
      Bucket,
      Key: key,
      Body: body,
      ContentType: 'application/x-ndjson',
      ContentEncoding: 'gzip',
      ...encryption,
    }
    const upload = new Upload({ client, params, partSize: partBytes, queueSize: 2 })
    const sent = upload.done()
    // A read that fails must not end as a shorter file.
    const read = pipeline(lines, countLines, createGzip(), countBytes, body).catch(async (error: unknown) => {
      await upload.abort()
      throw error
    })
    const [readEnd, sentEnd] = await Promise.allSettled([read, sent])
    if (readEnd.status === 'rejected') throw readEnd.reason
    if (sentEnd.status === 'rejected') throw sentEnd.reason
    return { key, rowCount, byteCount, sha256: hash.digest('hex') }
  }

  return {
    check: async () => {
      try {
        await client.send(new HeadBucketCommand({ Bucket }))
      } catch (error) {
        if (error instanceof AppError) throw error
        throw new InvalidRequest('the bucket does not answer to these credentials')
      }
    },
    putLines,
    putEmpty: async (key) => {
      await client.send(new PutObjectCommand({ Bucket, Key: key, Body: Buffer.alloc(0), ...encryption }))
    },
  }
}
