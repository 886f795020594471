import { createHash, createHmac, timingSafeEqual } from 'node:crypto'

export const sha256Hex = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex')

export const hmacSha256Hex = (key: Buffer | string, text: string): string =>
  createHmac('sha256', key).update(text).digest('hex')

/** Constant-time comparison of two texts of any length. */
export const equalSecret = (a: string, b: string): boolean =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest())
