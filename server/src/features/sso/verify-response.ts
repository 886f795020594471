import { SAML, ValidateInResponseTo } from '@node-saml/node-saml'
import { decrypt } from 'xml-encryption'
import { type AssertedPerson, type ExpectedAssertion, readAssertion, type XmlElement } from './domain/assertion.ts'
import { SamlRefused } from './domain/refused.ts'
import { type ResponseHead, refuseUnsafeText } from './domain/response-text.ts'

export interface Verification {
  readonly xml: string
  readonly head: ResponseHead
  readonly certificates: readonly string[]
  /** PEM; for an assertion that is encrypted to us. */
  readonly privateKey: () => string
  readonly expected: ExpectedAssertion
}

/**
 * Signature, decryption and the choice of what was signed are node-saml's; everything else is checked on what it says was
 * signed (auth §8, ADR 0018). Throws SamlRefused. Proof against replay is the caller's.
 */
export const verifyResponse = async (given: Verification): Promise<AssertedPerson> => {
  const { xml, head, expected } = given
  if (head.issuer !== expected.issuer) throw new SamlRefused('it comes from another issuer')
  // Optional where only the assertion is signed; the signed Recipient is never optional.
  if (head.destination !== null && !expected.isOwnAddress(head.destination)) {
    throw new SamlRefused('it was sent to another destination')
  }
  const isEncrypted = /<(?:[\w.-]+:)?EncryptedAssertion[\s>]/.test(xml)
  if (isEncrypted) refuseUnsafeText(await decrypted(xml, given.privateKey()))
  const assertion = await signedAssertion(given, isEncrypted)
  const person = readAssertion(assertion, expected)
  const { inResponseTo } = person
  if (inResponseTo !== null && head.inResponseTo !== null && inResponseTo !== head.inResponseTo) {
    throw new SamlRefused('it answers two requests')
  }
  return { ...person, inResponseTo: inResponseTo ?? head.inResponseTo }
}

const signedAssertion = async (given: Verification, isEncrypted: boolean): Promise<XmlElement> => {
  const saml = new SAML({
    idpCert: [...given.certificates],
    // Needed by its constructor; what they would check is checked by `readAssertion`.
    issuer: given.expected.issuer,
    callbackUrl: 'https://unused.invalid',
    audience: false,
    acceptedClockSkewMs: -1,
    validateInResponseTo: ValidateInResponseTo.never,
    // One of the two has to be: it takes the assertion's signature when the whole answer has none.
    wantAssertionsSigned: false,
    wantAuthnResponseSigned: false,
    ...(isEncrypted ? { decryptionPvk: given.privateKey() } : {}),
  })
  const found = await saml
    .validatePostResponseAsync({ SAMLResponse: Buffer.from(given.xml, 'utf8').toString('base64') })
    .catch(() => null)
  const assertion = (found?.profile?.getAssertion?.() as { Assertion?: XmlElement } | undefined)?.Assertion
  // One text for all of it: which step failed would help whoever tries to forge.
  if (assertion === undefined) throw new SamlRefused('its signature does not hold')
  return assertion
}

const decrypted = (xml: string, key: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const element = /<((?:[\w.-]+:)?EncryptedAssertion)[\s>][\s\S]*?<\/\1\s*>/.exec(xml)?.[0] ?? ''
    decrypt(element, { key, disallowDecryptionWithInsecureAlgorithm: false }, (error, text) => {
      if (error !== null && error !== undefined) reject(new SamlRefused('its signature does not hold'))
      else resolve(text ?? '')
    })
  })
