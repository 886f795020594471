import { equalSecret, hmacSha256Hex } from '../../kernel/hash.ts'
import { dayMs } from '../../kernel/time.ts'

export interface LinkSigner {
  /** A URL that opens the archive without any other credential, until it expires (privacy §1.8). */
  sign(baseUrl: string, trackingId: string): string
  verify(trackingId: string, expires: string, signature: string): 'valid' | 'expired' | 'invalid'
}

/** `key` is the installation's secret; the signature covers the task and the expiry. */
export const createLinkSigner = (key: Buffer, nowMs: () => number, lifeDays: number): LinkSigner => {
  const signatureOf = (trackingId: string, expires: string) =>
    hmacSha256Hex(key, `archive-link\n${trackingId}\n${expires}`)
  return {
    sign: (baseUrl, trackingId) => {
      const expires = String(Math.floor((nowMs() + lifeDays * dayMs) / 1_000))
      const path = `/api/app/data-retrievals/v3.0/${trackingId}/archive.zip`
      return `${baseUrl}${path}?expires=${expires}&signature=${signatureOf(trackingId, expires)}`
    },
    verify: (trackingId, expires, signature) => {
      if (!equalSecret(signatureOf(trackingId, expires), signature)) return 'invalid'
      return Number(expires) * 1_000 < nowMs() ? 'expired' : 'valid'
    },
  }
}
