import { compactVerify, createLocalJWKSet, decodeProtectedHeader } from 'jose'
import { describe, expect, it } from 'vitest'
import { createReceiptSigner } from './receipt.ts'

const signer = createReceiptSigner(Buffer.alloc(32, 1))
const claims = { type: 'lethe-erasure', tracking_id: 't', evidence: { holders: [] } }

describe('a receipt', () => {
  it('is checked by anybody with the public keys', async () => {
    const receipt = await signer.sign(claims)
    const keys = await signer.publicKeys()
    const { payload, protectedHeader } = await compactVerify(receipt, createLocalJWKSet({ keys: [...keys.keys] }))
    expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims)
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', typ: 'lethe-erasure-receipt+json' })
    expect(decodeProtectedHeader(receipt).kid).toBe(keys.keys[0]?.kid)
  })

  it('shows no private part of the key, and is the same after a restart', async () => {
    const [key] = (await signer.publicKeys()).keys
    expect(key).toMatchObject({ kty: 'OKP', crv: 'Ed25519', use: 'sig' })
    expect(key).not.toHaveProperty('d')
    expect(await createReceiptSigner(Buffer.alloc(32, 1)).publicKeys()).toEqual({ keys: [key] })
  })

  it.each(['payload', 'signature', 'key'])('does not hold with another %s', async (part) => {
    const [head, payload, signature] = (await signer.sign(claims)).split('.') as [string, string, string]
    const other = Buffer.from(JSON.stringify({ ...claims, tracking_id: 'u' })).toString('base64url')
    const changed =
      part === 'payload'
        ? `${head}.${other}.${signature}`
        : part === 'signature'
          ? `${head}.${payload}.${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
          : `${head}.${payload}.${signature}`
    const from = part === 'key' ? createReceiptSigner(Buffer.alloc(32, 2)) : signer
    const [key] = (await from.publicKeys()).keys
    // Under the same name, as a forger would.
    const named = { ...key, kid: (await signer.publicKeys()).keys[0]?.kid } as { kty: string; kid: string }
    await expect(compactVerify(changed, createLocalJWKSet({ keys: [named] }))).rejects.toThrow()
  })
})
