import { createHash, createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'

/** What the server asks an authenticator, as browsers are handed it. */
export interface CreationOptions {
  readonly challenge: string
  readonly rp: { readonly id: string }
  readonly user: { readonly id: string }
}
export interface RequestOptions {
  readonly challenge: string
  readonly rpId: string
}

/** Faults of an authenticator, or of a page that is not ours. */
export interface Faults {
  readonly origin?: string
  readonly challenge?: string
  readonly rpId?: string
  readonly isVerified?: boolean
  readonly signCount?: number
  readonly userHandle?: string
  readonly type?: string
  readonly otherKey?: boolean
}

const sha256 = (bytes: string | Buffer): Buffer => createHash('sha256').update(bytes).digest()
const base64url = (bytes: Buffer): string => bytes.toString('base64url')

/** CBOR (RFC 8949), as much of it as attestations need. */
const head = (major: number, value: number): Buffer => {
  const type = major << 5
  if (value < 24) return Buffer.from([type | value])
  if (value < 256) return Buffer.from([type | 24, value])
  return Buffer.from([type | 25, value >> 8, value & 255])
}
const cborInt = (value: number): Buffer => (value >= 0 ? head(0, value) : head(1, -1 - value))
const cborBytes = (bytes: Buffer): Buffer => Buffer.concat([head(2, bytes.length), bytes])
const cborText = (text: string): Buffer => Buffer.concat([head(3, Buffer.byteLength(text)), Buffer.from(text)])
const cborMap = (pairs: readonly (readonly [Buffer, Buffer])[]): Buffer =>
  Buffer.concat([head(5, pairs.length), ...pairs.flat()])

/** An authenticator of the test's own: real keys and signatures (ES256), no device. */
export const createAuthenticator = (origin: string) => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const id = randomBytes(32)
  let userHandle = ''
  let signCount = 0

  const clientData = (type: string, challenge: string, faults: Faults): Buffer =>
    Buffer.from(
      JSON.stringify({
        type: faults.type ?? type,
        challenge: faults.challenge ?? challenge,
        origin: faults.origin ?? origin,
        crossOrigin: false,
      }),
    )
  const authData = (rpId: string, faults: Faults, attested?: Buffer): Buffer => {
    signCount += 1
    const count = Buffer.alloc(4)
    count.writeUInt32BE(faults.signCount ?? signCount)
    const verified = faults.isVerified === false ? 0 : 0x04
    const flags = 0x01 | verified | (attested === undefined ? 0 : 0x40)
    return Buffer.concat([sha256(faults.rpId ?? rpId), Buffer.from([flags]), count, attested ?? Buffer.alloc(0)])
  }
  const frame = (response: object) => ({
    id: base64url(id),
    rawId: base64url(id),
    type: 'public-key',
    authenticatorAttachment: 'platform',
    clientExtensionResults: {},
    response,
  })

  return {
    id: base64url(id),
    /** Answer to the options of a registration. */
    register: (options: CreationOptions, faults: Faults = {}) => {
      userHandle = options.user.id
      const credential = Buffer.concat([Buffer.alloc(16), Buffer.from([0, id.length]), id, coseKeyOf(publicKey)])
      const attestationObject = cborMap([
        [cborText('fmt'), cborText('none')],
        [cborText('attStmt'), cborMap([])],
        [cborText('authData'), cborBytes(authData(options.rp.id, faults, credential))],
      ])
      return frame({
        clientDataJSON: base64url(clientData('webauthn.create', options.challenge, faults)),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      })
    },
    /** Answer to the options of a sign-in. */
    sign: (options: RequestOptions, faults: Faults = {}) => {
      const clientDataJson = clientData('webauthn.get', options.challenge, faults)
      const authenticatorData = authData(options.rpId, faults)
      const signer = createSign('sha256').update(authenticatorData).update(sha256(clientDataJson))
      return frame({
        clientDataJSON: base64url(clientDataJson),
        authenticatorData: base64url(authenticatorData),
        signature: base64url(signer.sign(faults.otherKey === true ? other : privateKey)),
        userHandle: faults.userHandle ?? userHandle,
      })
    },
  }
}

const coseKeyOf = (key: KeyObject): Buffer => {
  const { x = '', y = '' } = key.export({ format: 'jwk' })
  return cborMap([
    [cborInt(1), cborInt(2)],
    [cborInt(3), cborInt(-7)],
    [cborInt(-1), cborInt(1)],
    [cborInt(-2), cborBytes(Buffer.from(x, 'base64url'))],
    [cborInt(-3), cborBytes(Buffer.from(y, 'base64url'))],
  ])
}
