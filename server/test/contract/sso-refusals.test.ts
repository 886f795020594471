import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdentityProvider, type IdentityProvider, type Said, type Signing } from '../support/identity-provider.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { owner, stranger } from '../support/provision.ts'
import { logIn, postAnswer, settingsOf, setUpSso } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

// What somebody forges, replays or diverts opens nothing (AUTH-24). Each case differs from a good answer in one thing.

let lethe: Lethe
let names: TxtServer
let provider: IdentityProvider
let address: string

beforeAll(async () => {
  names = await startTxtServer()
  lethe = await startLethe({ env: { LETHE_DNS_SERVERS: names.address } })
  provider = await createIdentityProvider('https://idp.test/metadata')
  await setUpSso(lethe, names, provider)
  address = `http://us.lethe.localhost:${lethe.port}/security/login/1`
})
afterAll(async () => {
  await lethe?.stop()
  names?.close()
})
// The good answer in between shows that a refusal is about the case, and that failures are not counted against it.
const good = async (): Promise<void> => {
  const answer = await postAnswer(lethe, address, await provider.answer(provider.say(address)))
  expect(answer.status, answer.text).toBe(303)
}
const refused = async (xml: string, to = address, status = 401): Promise<string> => {
  const answer = await postAnswer(lethe, to, xml)
  expect([answer.status, answer.headers['set-cookie'], answer.headers['location']]).toEqual([
    status,
    undefined,
    undefined,
  ])
  expect(answer.json()).toEqual({ status: 'error', error: expect.any(String) })
  return answer.json().error
}
const minuteMs = 60_000

describe('an answer that says something else', () => {
  const other = 'https://other.test/acs'
  const cases: readonly (readonly [string, (now: number) => Partial<Said>, string])[] = [
    ['another issuer', () => ({ issuer: 'https://evil.test/metadata' }), 'issuer'],
    ['another audience', () => ({ audience: 'https://other.test/security/sso/v2/authorize/' }), 'audience'],
    ['an audience of another path', () => ({ audience: 'http://us.lethe.localhost/other' }), 'audience'],
    ['another destination', () => ({ destination: other }), 'destination'],
    ['another recipient', () => ({ recipient: other }), 'recipient'],
    ['no recipient', () => ({ recipient: '' }), 'recipient'],
    ['the path of another organization', () => ({ recipient: address.replace(/1$/, '2') }), 'recipient'],
    ['the host of another region', () => ({ recipient: address.replace('us.', 'eu.') }), 'recipient'],
    ['a time that is over', (now) => ({ notOnOrAfterMs: now - 6 * minuteMs }), 'expired'],
    ['a time to come', (now) => ({ notBeforeMs: now + 6 * minuteMs }), 'not valid yet'],
    ['an issue to come', (now) => ({ nowMs: now + 6 * minuteMs, notBeforeMs: now }), 'future'],
    ['a failure', () => ({ status: 'urn:oasis:names:tc:SAML:2.0:status:Responder' }), 'failure'],
    ['no e-mail', () => ({ email: null, nameId: 'ada' }), 'e-mail'],
    ['an e-mail that is none', () => ({ email: 'ada@acme.test@evil.test' }), 'e-mail'],
    ['no ID', () => ({ assertionId: '' }), 'refused'],
  ]
  it.each(cases)('%s', async (_name, changes, reason) => {
    const said = provider.say(address, changes(Date.now()))
    expect(await refused(await provider.answer(said, { what: 'response' }))).toContain(reason)
    await good()
  })

  it('somebody of a domain that is not claimed', async () => {
    const said = provider.say(address, { email: 'ada@other.test' })
    expect(await refused(await provider.answer(said), address, 403)).toContain('domain')
  })

  it('a good answer at another address: of another organization, region or host', async () => {
    const port = lethe.port
    for (const to of [
      `http://us.lethe.localhost:${port}/security/login/2`,
      `http://us.lethe.localhost:${port}/sso/saml2`,
      `http://eu.lethe.localhost:${port}/security/login/1`,
      `http://idp.test:${port}/security/login/1`,
    ]) {
      await refused(await provider.answer(provider.say(address)), to)
    }
  })

  it('a host in no list, whatever it is called', async () => {
    const spoofed = 'http://other.test/security/login/1'
    const said = provider.say(spoofed, { audience: 'http://other.test/security/sso/v2/authorize/' })
    await refused(await provider.answer(said), spoofed)
  })
})

describe('a signature', () => {
  const rsaSha1 = 'http://www.w3.org/2000/09/xmldsig#rsa-sha1'
  const sha1 = 'http://www.w3.org/2000/09/xmldsig#sha1'
  const weak: readonly (readonly [string, Signing])[] = [
    ['by SHA-1', { signatureAlgorithm: rsaSha1, digestAlgorithm: sha1 }],
    ['of SHA-1 digests', { digestAlgorithm: sha1 }],
    ['with SHA-1 around SHA-256', { signatureAlgorithm: rsaSha1 }],
  ]
  it.each(weak)('%s', async (_name, signing) => {
    const said = provider.say(address)
    expect(await refused(await provider.answer(said, signing))).toContain('sign with RSA and SHA-256')
    await good()
  })

  it('by SHA-1 inside of what is encrypted', async () => {
    const headers = await logIn(lethe, owner)
    const shown = await lethe.get('/api/app/organizations/1/sso', { headers })
    const encryptTo = shown.json().results.configuration.encryption_certificate
    const signing = { encryptTo, signatureAlgorithm: rsaSha1, digestAlgorithm: sha1 }
    expect(await refused(await provider.answer(provider.say(address), signing))).toContain('sign with RSA and SHA-256')
  })

  it('that is not there', async () => {
    expect(await refused(await provider.answer(provider.say(address), { what: 'nothing' }))).toContain('signature')
    const stripped = (await provider.answer(provider.say(address), { what: 'both' }))
      .replace(signature, '')
      .replace(signature, '')
    expect(stripped).not.toContain('SignatureValue')
    expect(await refused(stripped)).toContain('signature')
  })

  it('of somebody else, who sends the certificate along', async () => {
    const thief = await createIdentityProvider(provider.issuer)
    expect(await refused(await thief.answer(thief.say(address), { what: 'both' }))).toContain('signature')
  })

  it.each([
    ['ada@acme.test', 'owner@acme.test'],
    ['>Ada<', '>Eve<'],
    ['us.lethe.localhost', 'US.lethe.localhost'],
  ])('of something else: %s made %s', async (was, is) => {
    for (const what of ['assertion', 'response', 'both'] as const) {
      const xml = await provider.answer(provider.say(address), { what })
      expect(xml).toContain(was)
      await refused(xml.replaceAll(was, is))
    }
  })
})

const signature = /<(?:ds:)?Signature xmlns[\s\S]*?<\/(?:ds:)?Signature>/
const assertion = /<saml:Assertion[\s\S]*<\/saml:Assertion>/

describe('text that is not plain', () => {
  it.each([
    ['a comment in the name', 'ada@acme.test</saml:NameID>', 'ada@acme.test<!---->.evil.test</saml:NameID>'],
    ['a comment in the e-mail', 'ada@acme.test</saml:AttributeValue>', 'ada<!-- x -->@acme.test</saml:AttributeValue>'],
    ['CDATA', '>ada@acme.test</saml:AttributeValue>', '><![CDATA[ada@acme.test]]></saml:AttributeValue>'],
    ['an instruction', '<saml:Subject>', '<?x y?><saml:Subject>'],
  ])('%s', async (_name, was, is) => {
    const xml = await provider.answer(provider.say(address))
    expect(xml).toContain(was)
    expect(await refused(xml.replace(was, is))).toContain('not allowed')
    await good()
  })

  it.each([
    '<!DOCTYPE r [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    '<!DOCTYPE x>',
    '<?xml version="1.0"?>\n<!DOCTYPE r [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>',
  ])('a DOCTYPE: %s', async (doctype) => {
    expect(await refused(doctype + (await provider.answer(provider.say(address))))).toContain('DOCTYPE')
  })

  it('what is no answer at all', async () => {
    for (const text of ['', 'x', '<a/>', '<Response/>', '<samlp:Response xmlns:samlp="x">', '\0']) await refused(text)
    const empty = await lethe.post('/security/login/1', { body: 'RelayState=%2F' })
    expect(empty.status).toBe(400)
  })
})

describe('a signed element wrapped into another answer', () => {
  const parts = async (what: 'assertion' | 'response') => {
    const said = provider.say(address)
    const xml = await provider.answer(said, { what })
    const evilSaid = provider.say(address, { email: owner.email, nameId: owner.email })
    const evil = await provider.answer(evilSaid, { what: 'nothing' })
    const found = signature.exec(xml)?.[0] ?? ''
    expect(found).not.toBe('')
    return {
      xml,
      signature: found,
      bare: xml.replace(found, ''),
      signedAssertion: assertion.exec(xml)?.[0] ?? '',
      evil,
      evilAssertion: assertion.exec(evil)?.[0] ?? '',
    }
  }
  type Parts = Awaited<ReturnType<typeof parts>>
  const inObject = (signed: string, inner: string): string =>
    signed.replace(/<\/((?:ds:)?)Signature>$/, `<$1Object>${inner}</$1Object></$1Signature>`)
  const afterIssuer = (xml: string, inner: string): string => xml.replace('</saml:Issuer>', `</saml:Issuer>${inner}`)
  const variants: readonly (readonly [string, 'assertion' | 'response', (part: Parts) => string])[] = [
    ['1: the answer inside of its signature', 'response', (p) => afterIssuer(p.evil, inObject(p.signature, p.bare))],
    ['2: the answer after its signature', 'response', (p) => afterIssuer(p.evil, p.signature + p.bare)],
    [
      '3: an assertion before the signed one',
      'assertion',
      (p) => p.xml.replace(assertion, p.evilAssertion + p.signedAssertion),
    ],
    [
      '4: an assertion around the signed one',
      'assertion',
      (p) =>
        p.xml.replace(
          assertion,
          p.evilAssertion.replace(/<\/saml:Assertion>$/, `${p.signedAssertion}</saml:Assertion>`),
        ),
    ],
    [
      '5: the signature in another assertion, the signed one at the end',
      'assertion',
      (p) =>
        p.xml.replace(
          assertion,
          afterIssuer(p.evilAssertion, p.signature) + p.signedAssertion.replace(p.signature, ''),
        ),
    ],
    [
      '6: the signed one inside of the signature of another',
      'assertion',
      (p) =>
        p.xml.replace(
          assertion,
          afterIssuer(p.evilAssertion, inObject(p.signature, p.signedAssertion.replace(p.signature, ''))),
        ),
    ],
    [
      '7: an assertion in extensions',
      'assertion',
      (p) => afterIssuer(p.xml, `<samlp:Extensions>${p.evilAssertion}</samlp:Extensions>`),
    ],
    [
      '8: the signed one in an object of another, which is signed by its ID',
      'assertion',
      (p) => {
        const id = / ID="(_\w+)"/.exec(p.signedAssertion)?.[1] ?? ''
        const sameId = p.evilAssertion.replace(/ ID="_\w+"/, ` ID="${id}"`)
        return p.xml.replace(assertion, afterIssuer(sameId, inObject(p.signature, p.signedAssertion)))
      },
    ],
  ]
  it.each(variants)('%s', async (_name, what, forge) => {
    const part = await parts(what)
    expect((await postAnswer(lethe, address, part.xml)).status).toBe(303)
    const forged = forge(await parts(what))
    expect(forged).toContain(owner.email)
    await refused(forged)
  })
})

describe('an answer that was used', () => {
  it('opens nothing again, whatever is around the assertion', async () => {
    const said = provider.say(address)
    const xml = await provider.answer(said)
    expect((await postAnswer(lethe, address, xml)).status).toBe(303)
    expect(await refused(xml)).toContain('used before')
    expect(await refused(xml.replace(said.responseId, '_another'))).toContain('used before')
    await good()
  })
})

describe('a provider of another organization', () => {
  it('signs nobody of a domain that is not its own in, also at the address that all share', async () => {
    const headers = await logIn(lethe, stranger)
    const other = await createIdentityProvider('https://idp.other.test/metadata')
    const put = (body: object) => lethe.send('PUT', '/api/app/organizations/2/sso', { headers, body })
    expect((await put(settingsOf(provider))).status).toBe(409)
    expect((await put(settingsOf(other))).status).toBe(200)
    const shared = `http://us.lethe.localhost:${lethe.port}/sso/saml2`
    const said = other.say(shared, { email: owner.email })
    expect(await refused(await other.answer(said), shared, 403)).toContain('domain')
    // Its own signature under the first one's name.
    await refused(await other.answer({ ...said, issuer: provider.issuer }), shared)
  })
})
