import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator, type Faults } from '../support/authenticator.ts'
import { logIn } from '../support/log-in.ts'
import { owner } from '../support/provision.ts'
import { codeOf, type Headers, openSignInRig, type SignInRig, sessionOf } from '../support/sign-in-rig.ts'

// AUTH-22 (auth §7): passkeys, by an authenticator of the test's own with real keys.

const host = 'us.lethe.localhost'
const euHost = 'eu.lethe.localhost'
let rig: SignInRig
let origin: string
beforeAll(async () => {
  rig = await openSignInRig()
  origin = `http://${host}:${rig.lethe.port}`
})
afterAll(() => rig?.close())

const password = 'correct horse battery'
const at = (name = host): string => `${name}:${rig.lethe.port}`
const call = (method: string, path: string, headers: Headers = {}, body?: object, name = host) =>
  rig.call(method, path, headers, body, at(name))

type Authenticator = ReturnType<typeof createAuthenticator>
const begin = async (session: Headers, name = host) => {
  const answer = await call('POST', '/me/passkeys/options', session, { password }, name)
  expect(answer.status).toBe(200)
  return answer.json().results
}
const register = async (session: Headers, authenticator: Authenticator, faults: Faults = {}) => {
  const { ticket, options } = await begin(session)
  const body = { ticket, name: 'Laptop', response: authenticator.register(options, faults) }
  return call('POST', '/me/passkeys', session, body)
}
const signInWith = async (authenticator: Authenticator, faults: Faults = {}, name = host) => {
  const { ticket, options } = (await call('POST', '/login/passkey/options', {}, {}, name)).json().results
  return call('POST', '/login/passkey', {}, { ticket, response: authenticator.sign(options, faults) }, name)
}
const newPerson = async (email: string) => {
  await rig.newMember(email, password)
  const authenticator = createAuthenticator(origin)
  const answer = await register(await logIn(rig.lethe, { email, password }), authenticator)
  expect(answer.status).toBe(201)
  return { authenticator, session: sessionOf(answer), results: answer.json().results }
}

describe('a passkey', () => {
  it('is made with the password again, named, listed, and signs in without a word', async () => {
    await rig.newMember('ada@key.test', password)
    const session = await logIn(rig.lethe, { email: 'ada@key.test', password })
    expect((await call('POST', '/me/passkeys/options', session, {})).status).toBe(400)
    expect((await call('POST', '/me/passkeys/options', session, { password: 'wrong' })).status).toBe(403)
    const { options } = await begin(session)
    expect(options).toMatchObject({
      rp: { id: host },
      authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
    })
    // The handle that the authenticator keeps says nothing of the person.
    expect(Buffer.from(options.user.id, 'base64url').toString('latin1')).not.toContain('ada')
    const authenticator = createAuthenticator(origin)
    const made = await register(session, authenticator)
    expect(made.json().results.passkey).toMatchObject({ name: 'Laptop', host, last_used: null })
    expect(made.json().results.recovery_codes).toHaveLength(10)
    const now = sessionOf(made)
    expect((await call('GET', '/me', session)).status).toBe(401)
    // The same authenticator is not registered twice.
    expect((await begin(now)).options.excludeCredentials).toMatchObject([{ id: authenticator.id }])
    expect((await register(now, authenticator)).status).toBe(409)

    const signedIn = await signInWith(authenticator)
    expect(signedIn.status).toBe(200)
    expect((await call('GET', '/me', sessionOf(signedIn))).json().results.user_email).toBe('ada@key.test')
    const [passkey] = (await call('GET', '/me/passkeys', now)).json().results
    expect(passkey.last_used).not.toBeNull()
    const path = `/me/passkeys/${passkey.id}`
    expect((await call('PATCH', path, now, { name: 'Telephone' })).status).toBe(200)
    const strange = await logIn(rig.lethe, owner)
    expect((await call('PATCH', path, strange, { name: 'Mine' })).status).toBe(404)
    expect((await call('DELETE', path, strange, { password: owner.password })).status).toBe(404)
    expect((await call('DELETE', path, now)).status).toBe(400)
    expect((await call('DELETE', path, now, { password })).status).toBe(200)
    expect((await signInWith(authenticator)).status).toBe(401)
    const events = await rig.auditOf('ada@key.test')
    for (const type of ['passkey.created', 'passkey.renamed', 'passkey.deleted']) expect(events).toContain(type)
    expect((await rig.mail.mailTo('ada@key.test', 2)).text).toContain('passkey was removed')
  })

  it.each<[string, Faults]>([
    ['of another origin', { origin: 'https://evil.test' }],
    ['of another challenge', { challenge: Buffer.alloc(32, 7).toString('base64url') }],
    ['for another host', { rpId: 'evil.test' }],
    ['without asking who holds it', { isVerified: false }],
    ['of another kind', { type: 'webauthn.get' }],
  ])('is not registered when it is %s', async (name, faults) => {
    const email = `bad-${name.replaceAll(' ', '-')}@key.test`
    await rig.newMember(email, password)
    const session = await logIn(rig.lethe, { email, password })
    const answer = await register(session, createAuthenticator(origin), faults)
    expect([answer.status, answer.json().error]).toEqual([400, 'the passkey could not be verified'])
    expect((await call('GET', '/me/passkeys', session)).json().results).toEqual([])
  })

  it('does not sign in when anything about it is wrong, and the answer does not say what', async () => {
    const { authenticator } = await newPerson('bo@key.test')
    const wrong: readonly Faults[] = [
      { origin: 'https://evil.test' },
      { challenge: Buffer.alloc(32, 7).toString('base64url') },
      { rpId: 'evil.test' },
      { isVerified: false },
      { otherKey: true },
      { signCount: 1 },
      { userHandle: Buffer.alloc(32, 1).toString('base64url') },
      { type: 'webauthn.create' },
    ]
    const unknown = createAuthenticator(origin)
    unknown.register((await begin(await logIn(rig.lethe, { email: 'bo@key.test', password }))).options)
    const answers = [await signInWith(unknown)]
    for (const faults of wrong) answers.push(await signInWith(authenticator, faults))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`))).toEqual(
      new Set(['401 {"error":"the passkey could not be verified","status":"error"}']),
    )
    expect((await signInWith(authenticator)).status).toBe(200)
  })

  it('signs each challenge once', async () => {
    const { authenticator } = await newPerson('once@key.test')
    const { ticket, options } = (await call('POST', '/login/passkey/options', {}, {})).json().results
    const response = authenticator.sign(options)
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/login/passkey', {}, { ticket, response })))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
  })

  it('is for the host, and so the region, that it was made at', async () => {
    const { authenticator } = await newPerson('region@key.test')
    const elsewhere = { origin: `http://${euHost}:${rig.lethe.port}`, rpId: euHost }
    expect((await signInWith(authenticator, elsewhere, euHost)).status).toBe(401)
    expect((await rig.call('POST', '/login/passkey/options', {}, {})).status).toBe(400)
  })

  it('stands for both factors; a second one follows the password where an organization wants it', async () => {
    const { authenticator, results } = await newPerson('both@key.test')
    const asOwner = await logIn(rig.lethe, owner)
    const { secret } = (await call('POST', '/me/two-factor', asOwner, { password: owner.password })).json().results
    const confirmed = await call('POST', '/me/two-factor/confirm', asOwner, { code: codeOf(secret) })
    const secured = sessionOf(confirmed)
    const logInHere = () => call('POST', '/login', {}, { email: 'both@key.test', password })
    const before = sessionOf(await logInHere())
    const body = { required: true, password: owner.password }
    expect((await call('PUT', '/organizations/1/two-factor', secured, body)).status).toBe(200)
    try {
      // By the password alone somebody could set up a factor of their own: that session is over.
      expect((await call('GET', '/me/security', before)).status).toBe(401)
      const session = sessionOf(await signInWith(authenticator))
      expect((await call('GET', '/organizations/1', session)).status).toBe(200)
      const half = await logInHere()
      expect(half.status).toBe(202)
      const { ticket } = half.json().results.second_factor
      const [code] = results.recovery_codes
      const full = await call('POST', '/login/second-factor', {}, { ticket, code })
      expect((await call('GET', '/organizations/1', sessionOf(full))).status).toBe(200)
    } finally {
      await call('PUT', '/organizations/1/two-factor', secured, { required: false, password: owner.password })
    }
  })
})
