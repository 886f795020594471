import { gunzipSync } from 'node:zlib'
import { BodyTooLarge } from '../../../kernel/errors.ts'

/** Inflates at most `bytesMax` bytes (invariant 9): BodyTooLarge beyond, null for what is no gzip. */
export const boundedGunzip =
  (bytesMax: number) =>
  (bytes: Buffer): Buffer | null => {
    try {
      return gunzipSync(bytes, { maxOutputLength: bytesMax })
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') throw new BodyTooLarge(bytesMax)
      return null
    }
  }
