import { randomBytes } from 'node:crypto'
import { SignedXml } from 'xml-crypto'
import { encrypt } from 'xml-encryption'
import { makeOwnKey, type OwnKey } from '../../src/features/sso/domain/self-signed.ts'

/** What an identity provider says; a test changes one thing of it. */
export interface Said {
  readonly issuer: string
  readonly audience: string
  readonly address: string
  /** Null: the attribute is left out. */
  readonly email: string | null
  readonly nameId: string
  readonly firstName: string
  readonly lastName: string
  readonly assertionId: string
  readonly responseId: string
  readonly inResponseTo: string | null
  readonly destination: string | null
  readonly recipient: string
  readonly nowMs: number
  readonly notBeforeMs: number
  readonly notOnOrAfterMs: number
  readonly status: string
}

export type What = 'assertion' | 'response' | 'both' | 'nothing'

export interface Signing {
  readonly what?: What
  readonly signatureAlgorithm?: string
  readonly digestAlgorithm?: string
  /** Certificate to encrypt the assertion to. */
  readonly encryptTo?: string
  readonly encryptionAlgorithm?: string
}

export interface IdentityProvider {
  readonly issuer: string
  readonly certificate: string
  /** What it says of somebody who goes to `address`, good unless changed. */
  say(address: string, changes?: Partial<Said>): Said
  /** XML of the answer. */
  answer(said: Said, signing?: Signing): Promise<string>
}

const rsaSha256 = 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256'
const sha256 = 'http://www.w3.org/2001/04/xmlenc#sha256'
const exclusive = 'http://www.w3.org/2001/10/xml-exc-c14n#'
const enveloped = 'http://www.w3.org/2000/09/xmldsig#enveloped-signature'
const iso = (ms: number): string => new Date(ms).toISOString()
const newId = (): string => `_${randomBytes(16).toString('hex')}`

/** An identity provider of the test's own: real keys, real signatures, no HTTP. */
export const createIdentityProvider = async (issuer: string): Promise<IdentityProvider> => {
  const key = await makeOwnKey('identity provider of a test', Date.now())
  return {
    issuer,
    certificate: key.certificate,
    say: (address, changes = {}) => {
      const nowMs = changes.nowMs ?? Date.now()
      return {
        issuer,
        audience: `${new URL(address).origin}/security/sso/v2/authorize/`,
        address,
        email: 'ada@acme.test',
        nameId: 'ada@acme.test',
        firstName: 'Ada',
        lastName: 'Lovelace',
        assertionId: newId(),
        responseId: newId(),
        inResponseTo: null,
        destination: address,
        recipient: address,
        nowMs,
        notBeforeMs: nowMs - 30_000,
        notOnOrAfterMs: nowMs + 300_000,
        status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
        ...changes,
      }
    },
    answer: (said, signing = {}) => answerXml(key, said, signing),
  }
}

const answerXml = async (key: OwnKey, said: Said, signing: Signing): Promise<string> => {
  const { what = 'assertion' } = signing
  const plain = assertionXml(said)
  const inner = what === 'assertion' || what === 'both' ? sign(key, plain, said.assertionId, signing) : plain
  const response = responseXml(said, signing.encryptTo === undefined ? inner : await encrypted(inner, signing))
  return what === 'response' || what === 'both' ? sign(key, response, said.responseId, signing) : response
}

export const sign = (key: OwnKey, xml: string, id: string, signing: Signing = {}): string => {
  const signed = new SignedXml({
    privateKey: key.privateKey,
    signatureAlgorithm: signing.signatureAlgorithm ?? rsaSha256,
    canonicalizationAlgorithm: exclusive,
  })
  signed.addReference({
    xpath: `//*[@ID='${id}']`,
    transforms: [enveloped, exclusive],
    digestAlgorithm: signing.digestAlgorithm ?? sha256,
  })
  signed.computeSignature(xml, {
    location: { reference: `//*[@ID='${id}']/*[local-name(.)='Issuer']`, action: 'after' },
  })
  return signed.getSignedXml()
}

const encrypted = (assertion: string, { encryptTo = '', encryptionAlgorithm }: Signing): Promise<string> =>
  new Promise((resolve, reject) => {
    const options = {
      rsa_pub: encryptTo,
      pem: encryptTo,
      encryptionAlgorithm: encryptionAlgorithm ?? 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
      keyEncryptionAlgorithm: 'http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p',
      warnInsecureAlgorithm: false,
    }
    encrypt(assertion, options, (error, text) => {
      if (error) reject(error)
      else resolve(`<saml:EncryptedAssertion>${text}</saml:EncryptedAssertion>`)
    })
  })

const optional = (name: string, value: string | null): string => (value === null ? '' : ` ${name}="${escaped(value)}"`)
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const responseXml = (said: Said, assertion: string): string =>
  `<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="${said.responseId}" Version="2.0" IssueInstant="${iso(said.nowMs)}"${optional('Destination', said.destination)}${optional('InResponseTo', said.inResponseTo)}>` +
  `<saml:Issuer>${escaped(said.issuer)}</saml:Issuer>` +
  `<samlp:Status><samlp:StatusCode Value="${said.status}"/></samlp:Status>${assertion}</samlp:Response>`

const assertionXml = (said: Said): string =>
  `<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xs="http://www.w3.org/2001/XMLSchema" ID="${said.assertionId}" Version="2.0" IssueInstant="${iso(said.nowMs)}">` +
  `<saml:Issuer>${escaped(said.issuer)}</saml:Issuer>` +
  `<saml:Subject><saml:NameID Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress">${escaped(said.nameId)}</saml:NameID>` +
  `<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer"><saml:SubjectConfirmationData NotOnOrAfter="${iso(said.notOnOrAfterMs)}" Recipient="${escaped(said.recipient)}"${optional('InResponseTo', said.inResponseTo)}/></saml:SubjectConfirmation></saml:Subject>` +
  `<saml:Conditions NotBefore="${iso(said.notBeforeMs)}" NotOnOrAfter="${iso(said.notOnOrAfterMs)}"><saml:AudienceRestriction><saml:Audience>${escaped(said.audience)}</saml:Audience></saml:AudienceRestriction></saml:Conditions>` +
  `<saml:AuthnStatement AuthnInstant="${iso(said.nowMs)}" SessionIndex="${said.assertionId}"><saml:AuthnContext><saml:AuthnContextClassRef>urn:oasis:names:tc:SAML:2.0:ac:classes:Password</saml:AuthnContextClassRef></saml:AuthnContext></saml:AuthnStatement>` +
  `<saml:AttributeStatement>${said.email === null ? '' : attribute('email', said.email)}${attribute('firstName', said.firstName)}${attribute('lastName', said.lastName)}</saml:AttributeStatement></saml:Assertion>`

const attribute = (name: string, value: string): string =>
  `<saml:Attribute Name="${name}"><saml:AttributeValue>${escaped(value)}</saml:AttributeValue></saml:Attribute>`
