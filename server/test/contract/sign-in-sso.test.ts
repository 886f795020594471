import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createAuthenticator } from '../support/authenticator.ts'
import { createIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'
import { logIn } from '../support/log-in.ts'
import { owner } from '../support/provision.ts'
import { codeOf, type Headers, openSignInRig, type SignInRig, sessionOf } from '../support/sign-in-rig.ts'
import { postAnswer, settingsOf, setUpSso } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

// AUTH-22, AUTH-27 (auth §7, §8): single sign-on and the other ways in. Where it is required, none of them gets around it.

const host = 'us.lethe.localhost'
const password = 'correct horse battery'
let names: TxtServer
let rig: SignInRig
let provider: IdentityProvider
/** Of both@acme.test. */
let bothSecret: string
beforeAll(async () => {
  names = await startTxtServer()
  rig = await openSignInRig({ LETHE_DNS_SERVERS: names.address })
  provider = await createIdentityProvider('https://idp.test/metadata')
})
afterAll(async () => {
  await rig?.close()
  names?.close()
})

const call = (method: string, path: string, headers: Headers = {}, body?: object) =>
  rig.call(method, path, headers, body, `${host}:${rig.lethe.port}`)
const bySso = async (email: string): Promise<Headers> => {
  const address = `http://${host}:${rig.lethe.port}/security/login/1`
  return sessionOf(await postAnswer(rig.lethe, address, await provider.answer(provider.say(address, { email }))))
}
const set = (session: Headers, changes: object) =>
  call('PUT', '/organizations/1/sso', session, { ...settingsOf(provider), ...changes })

describe('single sign-on', () => {
  it('asks for second factors itself: an organization that has it cannot, and what was asked before has no effect', async () => {
    await rig.newMember('plain@acme.test', password)
    const asOwner = await logIn(rig.lethe, owner)
    const { secret } = (await call('POST', '/me/two-factor', asOwner, { password: owner.password })).json().results
    const secured = sessionOf(await call('POST', '/me/two-factor/confirm', asOwner, { code: codeOf(secret) }))
    const wanted = { required: true, password: owner.password }
    expect((await call('PUT', '/organizations/1/two-factor', secured, wanted)).status).toBe(200)
    const plain = await logIn(rig.lethe, { email: 'plain@acme.test', password })
    expect((await call('GET', '/organizations/1', plain)).status).toBe(403)
    await call('PUT', '/organizations/1/two-factor', secured, { ...wanted, required: false })
    const removed = await call('DELETE', '/me/two-factor', secured, { password: owner.password })
    await setUpSso(rig.lethe, names, provider)
    const now = sessionOf(removed)
    expect((await call('PUT', '/organizations/1/two-factor', now, wanted)).status).toBe(409)
    const shown = (await call('GET', '/organizations/1/two-factor', now)).json().results
    expect(shown).toMatchObject({ required: false, available: false })
    expect((await call('GET', '/organizations/1', plain)).status).toBe(200)
  })

  it('lets somebody in whose second factor is on, without asking for it again', async () => {
    await rig.newMember('both@acme.test', password)
    const session = await logIn(rig.lethe, { email: 'both@acme.test', password })
    const begun = (await call('POST', '/me/two-factor', session, { password })).json().results
    bothSecret = begun.secret
    await call('POST', '/me/two-factor/confirm', session, { code: codeOf(bothSecret) })
    const signedIn = await bySso('both@acme.test')
    expect((await call('GET', '/organizations/1', signedIn)).status).toBe(200)
    const sessions = (await call('GET', '/me/sessions', signedIn)).json().results
    expect(sessions.find(({ current }: { current: boolean }) => current)).toMatchObject({ method: 'sso' })
  })

  it('where it is required is not bypassed: by passkey, link, new password or second factor', async () => {
    const email = 'key@acme.test'
    await rig.newMember(email, password)
    await rig.newMember('linked@acme.test')
    const session = await logIn(rig.lethe, { email, password })
    const authenticator = createAuthenticator(`http://${host}:${rig.lethe.port}`)
    const begun = (await call('POST', '/me/passkeys/options', session, { password })).json().results
    const response = authenticator.register(begun.options)
    const made = await call('POST', '/me/passkeys', session, { ticket: begun.ticket, name: 'Key', response })
    expect(made.status).toBe(201)
    await call('POST', '/login/link', {}, { email: 'linked@acme.test' })
    const link = await rig.linkTo('linked@acme.test')
    const ticket = (await call('POST', '/login', {}, { email: 'both@acme.test', password })).json().results
      .second_factor

    expect((await set(await logIn(rig.lethe, owner), { required: true })).status).toBe(200)
    expect((await call('GET', '/me', sessionOf(made))).status).toBe(401)
    const options = (await call('POST', '/login/passkey/options', {}, {})).json().results
    const signed = { ticket: options.ticket, response: authenticator.sign(options.options) }
    const refused = [
      await call('POST', '/login/passkey', {}, signed),
      await call('POST', '/login/link/open', {}, { token: link }),
      await call('POST', '/login', {}, { email, password }),
    ]
    for (const answer of refused) {
      expect([answer.status, answer.headers['set-cookie']]).toEqual([403, undefined])
      expect(answer.json().error).toContain('/security/login/1')
    }
    // The code is right, and the way in is closed all the same.
    const half = await call('POST', '/login/second-factor', {}, { ...ticket, code: codeOf(bothSecret, 1) })
    expect([half.status, half.headers['set-cookie']]).toEqual([403, undefined])
    const ownerCount = rig.mail.mails.filter(({ to }) => to.includes(owner.email)).length
    const mailCount = rig.mail.mails.length
    for (const path of ['/login/link', '/login/reset']) {
      for (const to of ['linked@acme.test', email])
        expect((await call('POST', path, {}, { email: to })).status).toBe(202)
    }
    await call('POST', '/login/reset', {}, { email: owner.email })
    // Owners may still come in by password, so theirs is the only mail.
    await rig.mail.mailTo(owner.email, ownerCount + 1)
    const later = rig.mail.mails.slice(mailCount).flatMap(({ to }) => to)
    expect(later.filter((to) => to !== owner.email)).toEqual([])
    expect((await call('GET', '/organizations/1', await bySso(email))).status).toBe(200)
  })
})
