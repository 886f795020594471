import { createPrivateKey, createPublicKey, hkdfSync } from 'node:crypto'
import { CompactSign, exportJWK, type JWK } from 'jose'
import { sha256Hex } from '../../kernel/hash.ts'

// DER of a PKCS #8 Ed25519 key up to the 32 bytes of its seed (RFC 8410 §7).
const ed25519Prefix = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface ReceiptSigner {
  /** Compact JWS (EdDSA) over the JSON of `claims`. Anyone checks it with `publicKeys()`. */
  sign(claims: object): Promise<string>
  /** JWK set. */
  publicKeys(): Promise<{ readonly keys: readonly JWK[] }>
}

/** The signing key comes out of the installation's secret, so it survives restarts and is the same on every server. */
export const createReceiptSigner = (secret: Buffer): ReceiptSigner => {
  const seed = Buffer.from(hkdfSync('sha256', secret, '', 'lethe receipt key 1', 32))
  const privateKey = createPrivateKey({ key: Buffer.concat([ed25519Prefix, seed]), format: 'der', type: 'pkcs8' })
  const publicKey = createPublicKey(privateKey)
  const keyId = sha256Hex(publicKey.export({ format: 'der', type: 'spki' })).slice(0, 16)
  return {
    sign: (claims) =>
      new CompactSign(Buffer.from(JSON.stringify(claims)))
        .setProtectedHeader({ alg: 'EdDSA', kid: keyId, typ: 'lethe-erasure-receipt+json' })
        .sign(privateKey),
    publicKeys: async () => ({
      keys: [{ ...(await exportJWK(publicKey)), kid: keyId, alg: 'EdDSA', use: 'sig' }],
    }),
  }
}
