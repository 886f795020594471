import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { hmacSha256Hex } from './hash.ts'

/** Key of a seal: 32 bytes. */
export type SealKey = Buffer

/** The key of one purpose, made of the installation's: no other purpose opens its seals. It is in no database. */
export const sealKeyOf = (secret: Buffer, purpose: string): SealKey =>
  Buffer.from(hmacSha256Hex(secret, purpose), 'hex')

/** AES-256-GCM, so that a copy of the control store alone decrypts nothing. `context` ties the seal to its row. */
export const seal = (key: SealKey, context: string, text: string): string => {
  const iv = randomBytes(12)
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context))
  const sealed = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), sealed]).toString('base64')
}

/** Throws when it was sealed by another key or for another context. */
export const unseal = (key: SealKey, context: string, sealed: string): string => {
  const bytes = Buffer.from(sealed, 'base64')
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12)).setAAD(Buffer.from(context))
  decipher.setAuthTag(bytes.subarray(12, 28))
  return Buffer.concat([decipher.update(bytes.subarray(28)), decipher.final()]).toString('utf8')
}
