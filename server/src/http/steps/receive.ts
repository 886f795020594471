import { Readable, type Transform } from 'node:stream'
import { promisify } from 'node:util'
import { createGunzip, createInflate, gunzip, inflate } from 'node:zlib'
import { AppError, BodyTooLarge, InvalidRequest } from '../../kernel/errors.ts'

const gunzipAsync = promisify(gunzip)
const inflateAsync = promisify(inflate)

/**
 * ING-07: inflates a body, never beyond `bodyBytesMax` (413), whatever the ratio (invariant 9).
 * An empty Content-Encoding means none: one client sends it so. Bytes that start as gzip are taken for gzip only when announced.
 */
export const inflateBody = async (
  body: Buffer,
  contentEncoding: string | undefined,
  bodyBytesMax: number,
): Promise<Buffer> => {
  if (body.length > bodyBytesMax) throw new BodyTooLarge(bodyBytesMax)
  const encoding = encodingOf(contentEncoding)
  if (encoding === 'identity' || body.length === 0) return body
  const unpack = encoding === 'gzip' ? gunzipAsync : inflateAsync
  try {
    return await unpack(body, { maxOutputLength: bodyBytesMax })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge(bodyBytesMax)
    throw new InvalidRequest('the body could not be decompressed')
  }
}

const encodingOf = (contentEncoding: string | undefined): 'identity' | 'gzip' | 'deflate' => {
  const encoding = (contentEncoding ?? '').trim().toLowerCase()
  if (encoding === '' || encoding === 'identity') return 'identity'
  if (encoding === 'gzip' || encoding === 'x-gzip') return 'gzip'
  if (encoding === 'deflate') return 'deflate'
  throw new InvalidRequest(`Content-Encoding ${JSON.stringify(encoding)} is not supported`)
}

/**
 * As `inflateBody`, for a body that is not held: at most a few chunks are in memory, whoever is slow. The bound holds
 * for the bytes as sent and as inflated. `source` is never destroyed, so that the caller can still be answered.
 */
export async function* inflateStream(
  source: Readable,
  contentEncoding: string | undefined,
  bodyBytesMax: number,
): AsyncGenerator<Buffer> {
  const encoding = encodingOf(contentEncoding)
  const sent = bounded(chunksOf(source), bodyBytesMax)
  if (encoding === 'identity') {
    yield* sent
    return
  }
  const input = Readable.from(sent, { objectMode: false })
  const unpack: Transform = encoding === 'gzip' ? createGunzip() : createInflate()
  input.on('error', (error) => unpack.destroy(error))
  unpack.on('close', () => input.destroy())
  try {
    yield* bounded(input.pipe(unpack), bodyBytesMax)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    throw new InvalidRequest('the body could not be decompressed')
  }
}

async function* bounded(chunks: AsyncIterable<Buffer>, bytesMax: number): AsyncGenerator<Buffer> {
  let bytes = 0
  for await (const chunk of chunks) {
    bytes += chunk.length
    if (bytes > bytesMax) throw new BodyTooLarge(bytesMax)
    yield chunk
  }
}

/** Reads `source` to its end and throws it away. False when more than `bytesMax` came, or the sender went away. */
export const discard = async (source: Readable, bytesMax: number): Promise<boolean> => {
  try {
    for await (const _chunk of bounded(chunksOf(source), bytesMax));
    return true
  } catch {
    return false
  }
}

/** A sender that goes away ends the body with an error of the socket, which is no fault of ours. */
async function* chunksOf(source: Readable): AsyncGenerator<Buffer> {
  try {
    yield* source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>
  } catch {
    throw new InvalidRequest('the body ended before it was complete')
  }
}
