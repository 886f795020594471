import { randomBytes } from 'node:crypto'
import { hmacSha256Hex } from '../../../kernel/hash.ts'

/** So many are made at once. */
export const recoveryCodeCount = 10
// Without letters and digits that look alike; 32 of them, so that a byte has no bias.
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'

/** `ABCDE-FGH23`: 50 bits. */
export const newRecoveryCode = (): string => {
  const letters = [...randomBytes(10)].map((byte) => alphabet[byte % 32])
  return `${letters.slice(0, 5).join('')}-${letters.slice(5).join('')}`
}

/** As typed: small letters, spaces and missing dashes do not matter. Null: it cannot be one. */
export const readRecoveryCode = (text: string): string | null => {
  const letters = text.toUpperCase().replace(/[\s-]/g, '')
  return /^[A-HJ-NP-Z2-9]{10}$/.test(letters) ? `${letters.slice(0, 5)}-${letters.slice(5)}` : null
}

/** Keyed: the store alone tells no code, however long it is tried. */
export const recoveryCodeHash = (key: Buffer, accountId: number, code: string): string =>
  hmacSha256Hex(key, `recovery code ${accountId} ${code}`)
