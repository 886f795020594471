import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logIn } from '../support/log-in.ts'
import { owner, stranger } from '../support/provision.ts'
import { openSignInRig, type SignInRig, sessionOf } from '../support/sign-in-rig.ts'

// AUTH-21 (auth §7): links by mail, to sign in and to set a new password, and what changes when a password is set.

let rig: SignInRig
beforeAll(async () => {
  rig = await openSignInRig({ LETHE_EU_URL: 'https://eu.acme.test', LETHE_US_URL: 'https://us.acme.test' })
})
afterAll(() => rig?.close())

const password = 'correct horse battery'
const askLink = (email: string, host?: string) => rig.call('POST', '/login/link', {}, { email }, host)
const openLink = (token: string, host?: string) => rig.call('POST', '/login/link/open', {}, { token }, host)
const askReset = (email: string) => rig.call('POST', '/login/reset', {}, { email })
const reset = (token: string, sent = password) =>
  rig.call('POST', '/login/reset/confirm', {}, { token, password: sent })

describe('a link to sign in', () => {
  it('opens a session, once', async () => {
    await rig.newMember('ada@links.test')
    expect((await askLink('ADA@links.test', 'mixpanel.com')).status).toBe(202)
    const token = await rig.linkTo('ada@links.test')
    const { link } = await rig.mail.mailTo('ada@links.test')
    expect(link).toBe(`https://us.acme.test/login/link?token=${token}`)
    const session = sessionOf(await openLink(token))
    expect((await rig.call('GET', '/me', session)).json().results.user_email).toBe('ada@links.test')
    const again = await openLink(token)
    expect([again.status, again.headers['set-cookie']]).toEqual([401, undefined])
    expect(rig.lethe.logs()).not.toContain(token)
    expect((await rig.auditOf('ada@links.test'))[0]).toBe('session.logged_in')
  })

  it('is taken by one of many who open it at the same time', async () => {
    await rig.newMember('race@links.test')
    await askLink('race@links.test')
    const token = await rig.linkTo('race@links.test')
    const answers = await Promise.all(Array.from({ length: 8 }, () => openLink(token)))
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)])
  })

  it('belongs to the host, and so the region, that was asked', async () => {
    await rig.newMember('eu@links.test')
    await askLink('eu@links.test', 'eu.mixpanel.com')
    const { link } = await rig.mail.mailTo('eu@links.test')
    expect(link).toMatch(/^https:\/\/eu\.acme\.test\/login\/link\?/)
    const token = await rig.linkTo('eu@links.test')
    expect((await openLink(token, 'mixpanel.com')).status).toBe(403)
    expect((await openLink(token, 'eu.mixpanel.com')).status).toBe(200)
  })

  it('never leads to a host that only a header names, but to one of the reader’s own machine', async () => {
    await rig.newMember('host@links.test')
    await askLink('host@links.test', 'evil.test')
    expect((await rig.mail.mailTo('host@links.test')).link).toMatch(/^https:\/\/us\.acme\.test\//)
    await askLink('host@links.test', 'localhost:1234')
    expect((await rig.mail.mailTo('host@links.test', 2)).link).toMatch(/^http:\/\/localhost:1234\//)
  })

  it('says the same to everybody, and is sent to those without a password only', async () => {
    await rig.newMember('only@links.test')
    const emails = ['only@links.test', owner.email, 'nobody@links.test', 'no address']
    const answers = await Promise.all(emails.map((email) => askLink(email)))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    await rig.mail.mailTo('only@links.test')
    expect(rig.mail.mails.filter(({ to }) => to.includes(owner.email))).toEqual([])
  })

  it('is gone for good once a password is set, also one that was sent before', async () => {
    await rig.newMember('sets@links.test')
    await askLink('sets@links.test')
    const session = sessionOf(await openLink(await rig.linkTo('sets@links.test')))
    await askLink('sets@links.test')
    const waiting = await rig.linkTo('sets@links.test', 2)
    const set = await rig.call('PUT', '/me/password', session, { password })
    expect(set.status).toBe(200)
    expect((await openLink(waiting)).status).toBe(401)
    await askLink('sets@links.test')
    // The notice of the change is the third mail, and no link follows it.
    expect((await rig.mail.mailTo('sets@links.test', 3)).text).toContain('A password was set')
    await logIn(rig.lethe, { email: 'sets@links.test', password })
    await askReset('sets@links.test')
    expect((await rig.mail.mailTo('sets@links.test', 4)).link).toContain('/login/reset')
    expect(await rig.auditOf('sets@links.test')).toContain('password.set')
  })

  it('is asked for five times in a quarter of an hour at most, whoever is meant', async () => {
    for (const email of ['many@links.test', 'nobody-many@links.test']) {
      if (email.startsWith('many')) await rig.newMember(email)
      for (let count = 0; count < 5; count += 1) expect((await askLink(email)).status).toBe(202)
      const refused = await askLink(email.toUpperCase())
      expect(refused.status).toBe(429)
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    }
  })
})

describe('a password', () => {
  it('is changed with the one before; other sessions end, this one gets a new token', async () => {
    await rig.newMember('bo@links.test', password)
    const person = { email: 'bo@links.test', password }
    const [here, there] = [await logIn(rig.lethe, person), await logIn(rig.lethe, person)]
    const change = (body: object) => rig.call('PUT', '/me/password', here, body)
    expect((await change({ password: 'another long word' })).status).toBe(400)
    expect((await change({ password: 'another long word', current_password: 'wrong' })).status).toBe(403)
    for (const poor of ['short', 'aaaaaaaaaa', 'bo@links.test']) {
      expect((await change({ password: poor, current_password: password })).status).toBe(400)
    }
    const changed = await change({ password: 'another long word', current_password: password })
    expect(changed.status).toBe(200)
    const now = sessionOf(changed)
    const statuses = await Promise.all([here, there, now].map((one) => rig.call('GET', '/me', one)))
    expect(statuses.map(({ status }) => status)).toEqual([401, 401, 200])
    expect((await rig.mail.mailTo(person.email)).text).toContain('Your password was changed')
    await expect(logIn(rig.lethe, person)).rejects.toThrow('401')
    await logIn(rig.lethe, { ...person, password: 'another long word' })
    expect(await rig.auditOf(person.email)).toContain('password.changed')
  })

  it('is reset by a mailed link, once; all sessions end and nobody is signed in by it', async () => {
    await rig.newMember('forgot@links.test', password)
    const session = await logIn(rig.lethe, { email: 'forgot@links.test', password })
    expect((await askReset('forgot@links.test')).text).toBe((await askReset('nobody@links.test')).text)
    const token = await rig.linkTo('forgot@links.test')
    expect((await reset(token, 'forgot')).status).toBe(400)
    const done = await reset(token, 'a much better one')
    expect([done.status, done.headers['set-cookie']]).toEqual([200, undefined])
    expect((await reset(token, 'and once more')).status).toBe(401)
    expect((await rig.call('GET', '/me', session)).status).toBe(401)
    await expect(logIn(rig.lethe, { email: 'forgot@links.test', password })).rejects.toThrow('401')
    await logIn(rig.lethe, { email: 'forgot@links.test', password: 'a much better one' })
    expect((await rig.mail.mailTo('forgot@links.test', 2)).text).toContain('reset by a mailed link')
    expect(await rig.auditOf('forgot@links.test')).toContain('password.reset')
  })

  it('of nobody is reset: those who have none get no such link', async () => {
    await rig.newMember('none@links.test')
    await askReset('none@links.test')
    await askLink('none@links.test')
    expect((await rig.mail.mailTo('none@links.test')).link).toContain('/login/link')
    expect((await reset(await rig.linkTo('none@links.test'))).status).toBe(401)
  })
})

it('tells nobody who is not a member of the installation anything, in the log either', async () => {
  await rig.call('POST', '/login', {}, { email: 'ghost@links.test', password: 'x' })
  const log = await rig.call('GET', '/organizations/2/audit-log', await logIn(rig.lethe, stranger))
  expect(log.text).not.toContain('links.test')
  expect(rig.lethe.logs()).not.toContain('ghost@links.test')
})
