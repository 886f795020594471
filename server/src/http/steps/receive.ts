import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { BodyTooLarge, InvalidRequest } from '../../kernel/errors.ts'

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
  const encoding = (contentEncoding ?? '').trim().toLowerCase()
  if (body.length > bodyBytesMax) throw new BodyTooLarge(bodyBytesMax)
  if (encoding === '' || encoding === 'identity' || body.length === 0) return body
  const unpack =
    encoding === 'gzip' || encoding === 'x-gzip' ? gunzipAsync : encoding === 'deflate' ? inflateAsync : null
  if (unpack === null) throw new InvalidRequest(`Content-Encoding ${JSON.stringify(encoding)} is not supported`)
  try {
    return await unpack(body, { maxOutputLength: bodyBytesMax })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge(bodyBytesMax)
    throw new InvalidRequest('the body could not be decompressed')
  }
}
