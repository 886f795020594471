import { SamlRefused } from './refused.ts'

/** What the outer element says. Not signed in most answers: good for finding the configuration and for refusing. */
export interface ResponseHead {
  readonly destination: string | null
  readonly inResponseTo: string | null
  readonly issuer: string
}

const xmlenc = 'http://www.w3.org/2001/04/xmlenc#'
const xmlenc11 = 'http://www.w3.org/2009/xmlenc11#'
const dsig = 'http://www.w3.org/2000/09/xmldsig#'
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'

// No SHA-1 in signatures, no PKCS#1 1.5 and no 3DES in encryption. OAEP's own SHA-1 is sound, and all that some providers know.
const signatureAlgorithms = [
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
  'http://www.w3.org/2001/04/xmldsig-more#rsa-sha512',
  'http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1',
]
const otherAlgorithms = [
  `${xmlenc}sha256`,
  `${xmlenc}sha512`,
  `${dsig}enveloped-signature`,
  exclusive,
  `${exclusive}WithComments`,
]
const encryptionAlgorithms = [
  `${xmlenc}rsa-oaep-mgf1p`,
  `${xmlenc}aes128-cbc`,
  `${xmlenc}aes256-cbc`,
  `${xmlenc11}aes128-gcm`,
  `${xmlenc11}aes256-gcm`,
]
const allowedAlgorithms: ReadonlySet<string> = new Set([
  ...signatureAlgorithms,
  ...otherAlgorithms,
  ...encryptionAlgorithms,
])
const oaepDigest = `${dsig}sha1`

/**
 * What is refused before any parser sees it (auth §8): DOCTYPE, comments, CDATA, processing instructions, and every
 * algorithm that is not on the list. Also asked of a decrypted assertion.
 */
export const refuseUnsafeText = (xml: string): void => {
  const body = xml.replace(/^\uFEFF?\s*<\?xml\s[^<>]*\?>/, '')
  if (body.includes('<!DOCTYPE')) throw new SamlRefused('a DOCTYPE is not allowed')
  if (body.includes('<!') || body.includes('<?') || body.includes('\0')) {
    throw new SamlRefused('comments, CDATA, declarations and instructions are not allowed')
  }
  refuseAlgorithms(body)
}

// Attributes cannot be hidden: a name is never written by references, and a value that is does not stand on the list.
const refuseAlgorithms = (xml: string): void => {
  const named = [...xml.matchAll(/<([\w:.-]+)\s[^<>]*?\bAlgorithm\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g)]
  if (named.length !== [...xml.matchAll(/\bAlgorithm\s*=/g)].length) throw new SamlRefused('it cannot be read')
  let oaepCount = 0
  for (const [, element = '', double, single] of named) {
    const algorithm = double ?? single ?? ''
    // Only the digest inside of OAEP, which is no signature's: an element right inside of EncryptionMethod.
    if (algorithm === oaepDigest && localName(element) === 'DigestMethod') oaepCount += 1
    else if (!allowedAlgorithms.has(algorithm)) {
      throw new SamlRefused('it uses an algorithm that is not allowed; sign with RSA and SHA-256')
    }
  }
  const inOaep = [
    ...xml.matchAll(/<(?:[\w.-]+:)?EncryptionMethod\s[^<>]*>\s*<(?:[\w.-]+:)?DigestMethod\s[^<>]*xmldsig#sha1["']/g),
  ]
  if (oaepCount !== inOaep.length) throw new SamlRefused('SHA-1 is not allowed; sign with RSA and SHA-256')
}

const localName = (name: string): string => name.slice(name.indexOf(':') + 1)

const attribute = String.raw`\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*')`
const rootTag = new RegExp(
  String.raw`^\uFEFF?\s*(?:<\?xml\s[^<>]*\?>\s*)?<(?:[\w.-]+:)?Response((?:${attribute})*)\s*>`,
)
const success = 'urn:oasis:names:tc:SAML:2.0:status:Success'

/** Reads the outer element of an answer and refuses what is no plain answer with one assertion. `refuseUnsafeText` ran. */
export const readResponseHead = (xml: string): ResponseHead => {
  const attributes = attributesOf(rootTag.exec(xml)?.[1])
  if (attributes === null) throw new SamlRefused('it is no SAML response')
  const status = /<(?:[\w.-]+:)?StatusCode\s[^<>]*?\bValue\s*=\s*["']([^"'<]*)["']/.exec(xml)?.[1]
  if (status !== success) throw new SamlRefused('the identity provider reports a failure')
  const assertionCount = [...xml.matchAll(/<(?:[\w.-]+:)?(?:Encrypted)?Assertion[\s>/]/g)].length
  if (assertionCount !== 1) throw new SamlRefused('exactly one assertion is expected')
  const issuer = /<(?:[\w.-]+:)?Issuer(?:\s[^<>]*)?>([^<]*)</.exec(xml)?.[1]
  if (issuer === undefined) throw new SamlRefused('it names no issuer')
  return {
    destination: attributes.get('Destination') ?? null,
    inResponseTo: attributes.get('InResponseTo') ?? null,
    issuer: plainText(issuer).trim(),
  }
}

const attributesOf = (text: string | undefined): ReadonlyMap<string, string> | null => {
  if (text === undefined) return null
  const found = [...text.matchAll(/([\w.:-]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/g)]
  return new Map(found.map(([, name = '', double, single]) => [name, plainText(double ?? single ?? '')]))
}

const references: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
const plainText = (text: string): string =>
  text.replace(/&(amp|lt|gt|quot|apos);/g, (_whole, name: string) => references[name] ?? '')

/** The `SAMLResponse` of a form → its text. Bytes that are no base64 or no UTF-8 are refused. */
export const decodeResponse = (field: string): string => {
  const compact = field.replace(/\s+/g, '')
  if (compact === '' || !/^[A-Za-z0-9+/]+={0,2}$/.test(compact)) throw new SamlRefused('it is no base64')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(compact, 'base64'))
  } catch {
    throw new SamlRefused('it is no UTF-8')
  }
}
