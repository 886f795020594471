import { createSign, generateKeyPair, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'

/** A key and a certificate of our own, for identity providers that encrypt what they send to us. */
export interface OwnKey {
  /** PKCS#8, PEM. */
  readonly privateKey: string
  /** PEM. */
  readonly certificate: string
}

const lifeYears = 10

/** RSA 2048 with a certificate signed by itself: providers read only the key out of it. */
export const makeOwnKey = async (commonName: string, nowMs: number): Promise<OwnKey> => {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  return {
    privateKey: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    certificate: pemOf(selfSigned(commonName, nowMs, privateKey, publicKey)),
  }
}

const selfSigned = (commonName: string, nowMs: number, privateKey: KeyObject, publicKey: KeyObject): Buffer => {
  const name = sequence(set(sequence(der(0x06, commonNameId), der(0x0c, Buffer.from(commonName)))))
  const ends = new Date(nowMs)
  ends.setUTCFullYear(ends.getUTCFullYear() + lifeYears)
  const toSign = sequence(
    // Version 1 has no extensions, and needs none.
    der(0x02, Buffer.from([1])),
    signatureId,
    name,
    sequence(time(nowMs), time(ends.getTime())),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
  )
  const signature = createSign('sha256').update(toSign).sign(privateKey)
  return sequence(toSign, signatureId, der(0x03, Buffer.concat([Buffer.from([0]), signature])))
}

// X.690: tag, length, content.
const der = (tag: number, content: Buffer): Buffer => Buffer.concat([Buffer.from([tag]), lengthOf(content), content])
const lengthOf = ({ length }: Buffer): Buffer => {
  if (length < 0x80) return Buffer.from([length])
  return length < 0x100 ? Buffer.from([0x81, length]) : Buffer.from([0x82, length >> 8, length & 0xff])
}
const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, Buffer.concat(parts))
const set = (part: Buffer): Buffer => der(0x31, part)
/** GeneralizedTime; X.509 wants UTCTime before 2050. */
const time = (ms: number): Buffer => {
  const digits = new Date(ms)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replace(/[-:T]/g, '')
  return new Date(ms).getUTCFullYear() < 2050 ? der(0x17, Buffer.from(digits.slice(2))) : der(0x18, Buffer.from(digits))
}

/** 2.5.4.3 */
const commonNameId = Buffer.from([0x55, 0x04, 0x03])
/** 1.2.840.113549.1.1.11, sha256WithRSAEncryption */
const signatureId = sequence(
  der(0x06, Buffer.from([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b])),
  der(0x05, Buffer.alloc(0)),
)

const pemOf = (bytes: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${(bytes.toString('base64').match(/.{1,64}/g) ?? []).join('\n')}\n-----END CERTIFICATE-----\n`
