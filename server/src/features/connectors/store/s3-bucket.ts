import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3'
import { AppError } from '../../../kernel/errors.ts'
import { isPlainToPublic, type Outbound } from '../../../platform/outbound-address.ts'
import { WarehouseRefused } from '../errors.ts'

export interface BucketPlace {
  readonly bucket: string
  /** Empty: the whole bucket. */
  readonly prefix: string
  readonly region: string
  /** Null: that of AWS for the region. */
  readonly endpoint: string | null
}

export interface BucketKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

export interface BucketFile {
  readonly key: string
  readonly bytes: number
}

export interface Bucket {
  /** In the order of names. */
  files(): AsyncIterable<BucketFile>
  /** Lines of a file, in batches; empty ones are left out. */
  lines(file: BucketFile, isGzip: boolean, signal: AbortSignal): AsyncIterable<readonly string[]>
  close(): void
}

const lineBatchCount = 500
const lineLengthMax = 8 * 1_024 * 1_024

/** CONN-01. Throws WarehouseRefused, whose words are ours. */
export const openS3Bucket = async (outbound: Outbound, place: BucketPlace, keys: BucketKeys): Promise<Bucket> => {
  const { bucket: Bucket, endpoint } = place
  if (endpoint !== null) await checkEndpoint(outbound, endpoint)
  const client = new S3Client({
    region: place.region,
    credentials: keys,
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    requestHandler: { httpAgent: outbound.httpAgent, httpsAgent: outbound.httpsAgent, connectionTimeout: 15_000 },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    maxAttempts: 3,
  })
  return {
    files: async function* () {
      let token: string | undefined
      do {
        const page = await client
          .send(new ListObjectsV2Command({ Bucket, Prefix: place.prefix, ContinuationToken: token }))
          .catch(refuse)
        for (const { Key, Size } of page.Contents ?? []) {
          if (Key !== undefined && !Key.endsWith('/')) yield { key: Key, bytes: Size ?? 0 }
        }
        token = page.NextContinuationToken
      } while (token !== undefined)
    },
    lines: async function* ({ key }, isGzip, signal) {
      const options = { abortSignal: signal }
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }), options).catch(refuse)
      const body = Body as Readable
      try {
        yield* linesOf(isGzip ? inflated(body) : body)
      } catch (error) {
        throw error instanceof AppError ? error : new WarehouseRefused('a file could not be read to its end', error)
      } finally {
        body.destroy()
      }
    },
    close: () => client.destroy(),
  }
}

const checkEndpoint = async (outbound: Outbound, endpoint: string): Promise<void> => {
  if (await isPlainToPublic(outbound, endpoint)) {
    throw new WarehouseRefused('plain http is for networks of LETHE_OUTBOUND_ALLOW only: use https')
  }
}

const inflated = (body: Readable): Readable => {
  const gunzip = createGunzip()
  body.on('error', (error) => gunzip.destroy(error))
  return body.pipe(gunzip)
}

async function* linesOf(body: Readable): AsyncIterable<readonly string[]> {
  let rest = ''
  let batch: string[] = []
  body.setEncoding('utf8')
  for await (const chunk of body as AsyncIterable<string>) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    if (rest.length > lineLengthMax) throw new WarehouseRefused('a line of a file is too long')
    for (const line of lines) {
      if (line.trim() !== '') batch.push(line)
      if (batch.length < lineBatchCount) continue
      yield batch
      batch = []
    }
  }
  if (rest.trim() !== '') batch.push(rest)
  if (batch.length > 0) yield batch
}

const sentences: Readonly<Record<string, string>> = {
  NoSuchBucket: 'there is no such bucket',
  NoSuchKey: 'a file is gone from the bucket',
  AccessDenied: 'the keys may not read the bucket',
  InvalidAccessKeyId: 'the bucket does not know the access key',
  SignatureDoesNotMatch: 'the secret of the access key is wrong',
}

const refuse = (error: unknown): never => {
  const name = error instanceof Error ? error.name : ''
  throw error instanceof AppError ? error : new WarehouseRefused(sentences[name] ?? 'the bucket cannot be read', error)
}
