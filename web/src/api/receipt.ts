import { sendJson } from './request.ts'

/** What a receipt says, once its signature was found right. */
export interface CheckedReceipt {
  readonly keyId: string
  readonly claims: Readonly<Record<string, unknown>>
}

export const receiptKeysPath = '/api/app/privacy/receipt-keys'

const bytesOf = (base64url: string): Uint8Array<ArrayBuffer> => {
  const text = atob(base64url.replaceAll('-', '+').replaceAll('_', '/'))
  return Uint8Array.from(text, (mark) => mark.charCodeAt(0))
}
const jsonOf = (part: string): Readonly<Record<string, unknown>> => JSON.parse(new TextDecoder().decode(bytesOf(part)))

/**
 * Checks the signature of a receipt (a JWS by Ed25519) in this browser, with the keys that the server tells. Null: it is
 * not right. Throws where the browser has no such check: it is kept for pages over TLS and of this machine.
 */
export const checkReceipt = async (receipt: string): Promise<CheckedReceipt | null> => {
  const [head = '', body = '', signature = ''] = receipt.split('.')
  const { kid } = jsonOf(head)
  const { keys } = await sendJson<{ readonly keys: readonly (JsonWebKey & { readonly kid: string })[] }>(
    'GET',
    receiptKeysPath,
  )
  const found = keys.find((candidate) => candidate.kid === kid)
  if (found === undefined) return null
  const { kty = '', crv = '', x = '' } = found
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify'])
  const isRight = await crypto.subtle.verify(
    'Ed25519',
    key,
    bytesOf(signature),
    new TextEncoder().encode(`${head}.${body}`),
  )
  return isRight ? { keyId: found.kid, claims: jsonOf(body) } : null
}
