import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { admin, analyst, owner, stranger } from '../support/provision.ts'
import { cookieOf, logIn, postAnswer, settingsOf } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

let lethe: Lethe
let names: TxtServer
let provider: IdentityProvider
let headers: Readonly<Record<string, string>>

const root = '/api/app/organizations/1/sso'
const password = owner.password

beforeAll(async () => {
  names = await startTxtServer()
  lethe = await startLethe({ env: { LETHE_DNS_SERVERS: names.address } })
  provider = await createIdentityProvider('https://idp.test/metadata')
  headers = await logIn(lethe, owner)
})
afterAll(async () => {
  await lethe?.stop()
  names?.close()
})

const put = (body: object) => lethe.send('PUT', root, { headers, body: { ...settingsOf(provider), ...body } })
const show = async () => (await lethe.get(root, { headers })).json().results

describe('settings of single sign-on', () => {
  it('are nobody else’s to see and to change', async () => {
    const others = [
      [await logIn(lethe, analyst), 403],
      [await logIn(lethe, stranger), 403],
      [{}, 401],
    ] as const
    const calls = [
      ['GET', ''],
      ['PUT', ''],
      ['DELETE', ''],
      ['GET', '/domains'],
      ['POST', '/domains'],
      ['POST', '/domains/acme.test/verify'],
      ['DELETE', '/domains/acme.test'],
    ] as const
    for (const [sent, status] of others) {
      for (const [method, path] of calls) {
        const body = method === 'GET' || method === 'DELETE' ? {} : { body: settingsOf(provider) }
        const answer = await lethe.send(method, root + path, { headers: sent, ...body })
        expect([method, path, answer.status]).toEqual([method, path, status])
      }
    }
    expect((await lethe.get(root, { headers: await logIn(lethe, admin) })).status).toBe(200)
  })

  it('name the URLs of every region, also before anything is set', async () => {
    const { configuration, service_provider } = await show()
    expect(configuration).toBeNull()
    expect(service_provider.map(({ region }: { region: string }) => region)).toEqual(['US', 'EU'])
    expect(service_provider[0].postback_url).toBe(`${lethe.url}/security/sso/v2/authorize/?org_id=1`)
  })

  it('are shown as they were set, with what the certificate is, and keep no key to themselves', async () => {
    expect((await put({})).status).toBe(200)
    const { configuration } = await show()
    expect(configuration).toMatchObject({ issuer: provider.issuer, enabled: true, required: false, warnings: [] })
    expect(configuration.certificates).toEqual([
      expect.objectContaining({
        fingerprint256: expect.stringMatching(/^([0-9A-F]{2}:){31}/),
        pem: provider.certificate,
      }),
    ])
    expect(JSON.stringify(configuration)).not.toContain('PRIVATE')
    const before = configuration.encryption_certificate
    await put({ sign_in_url: 'https://idp.test/other' })
    expect((await show()).configuration.encryption_certificate).toBe(before)
  })

  it.each([
    [{ certificates: [] }, 'certificates'],
    [{ certificates: ['<EntityDescriptor/>'] }, 'metadata'],
    [{ certificates: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----'] }, 'cannot be read'],
    [{ sign_in_url: 'javascript:alert(1)' }, 'sign_in_url'],
    [{ issuer: '' }, 'issuer'],
    [{ required: true }, 'verify a domain'],
    [{ enabled: false, required: true }, 'not enabled'],
    [{ certificate: 'x' }, 'certificate'],
  ])('refuse %j', async (body, text) => {
    const answer = await put(body)
    expect(answer.status).toBe(400)
    expect(answer.json()).toEqual({ status: 'error', error: expect.stringContaining(text) })
  })

  it('are removed only when they are disabled', async () => {
    expect((await lethe.send('DELETE', root, { headers })).status).toBe(400)
    await put({ enabled: false })
    expect((await lethe.get('/security/login/1')).status).toBe(404)
    const address = `http://us.lethe.localhost:${lethe.port}/security/login/1`
    expect((await postAnswer(lethe, address, await provider.answer(provider.say(address)))).status).toBe(401)
    expect((await lethe.send('DELETE', root, { headers })).status).toBe(200)
    expect((await show()).configuration).toBeNull()
    expect((await lethe.send('DELETE', root, { headers })).status).toBe(404)
  })
})

describe('claimed domains (AUTH-26)', () => {
  const claim = (domain: string, sent = headers, word = password, at = root) =>
    lethe.post(`${at}/domains`, { headers: sent, body: { domain, password: word } })
  const verify = (domain: string, sent = headers, at = root) =>
    lethe.post(`${at}/domains/${domain}/verify`, { headers: sent })

  it('ask for the password again', async () => {
    expect((await claim('acme.test', headers, 'wrong')).status).toBe(403)
    expect((await lethe.get(`${root}/domains`, { headers })).json().results).toEqual([])
  })

  it.each(['acme', 'a b.test', '-a.test', '127.0.0.1', `${'x'.repeat(64)}.test`, 'a.test/x'])(
    'are no %j',
    async (domain) => {
      expect((await claim(domain)).status).toBe(400)
    },
  )

  it('are proved by a record, which only the right text is', async () => {
    const claimed = (await claim('ACME.test.')).json().results
    expect(claimed).toMatchObject({ domain: 'acme.test', verified: false, last_checked: null })
    expect(claimed.txt_record).toMatch(/^mixpanel-domain-verify=\w{32}$/)
    expect((await verify('acme.test')).json().results.verified).toBe(false)
    names.records.set('acme.test', [`${claimed.txt_record}x`, 'mixpanel-domain-verify='])
    expect((await verify('acme.test')).json().results.verified).toBe(false)
    names.records.set('acme.test', ['other', claimed.txt_record])
    expect((await verify('acme.test')).json().results).toMatchObject({ verified: true })
    // Away for a moment only: still ours.
    names.records.delete('acme.test')
    expect((await verify('acme.test')).json().results).toMatchObject({ verified: true })
    expect((await claim('acme.test')).json().results.txt_record).toBe(claimed.txt_record)
  })

  it('belong to one organization', async () => {
    const other = '/api/app/organizations/2/sso'
    const theirs = await logIn(lethe, stranger)
    const claimed = (await claim('acme.test', theirs, stranger.password, other)).json().results
    names.records.set('acme.test', [claimed.txt_record])
    expect((await verify('acme.test', theirs, other)).status).toBe(409)
    await lethe.send('DELETE', `${root}/domains/acme.test`, { headers })
    expect((await verify('acme.test', theirs, other)).json().results.verified).toBe(true)
    expect((await lethe.send('DELETE', `${other}/domains/acme.test`, { headers: theirs })).status).toBe(200)
    expect((await verify('acme.test', theirs, other)).status).toBe(404)
  })
})

describe('required single sign-on (AUTH-27)', () => {
  it('ends sessions by password of all but owners and admins, and refuses new ones', async () => {
    const claimed = await lethe.post(`${root}/domains`, { headers, body: { domain: 'acme.test', password } })
    names.records.set('acme.test', [claimed.json().results.txt_record])
    await lethe.post(`${root}/domains/acme.test/verify`, { headers })
    const session = await logIn(lethe, analyst)
    const me = (sent: Readonly<Record<string, string>>) => lethe.get('/api/app/me', { headers: sent })
    expect((await put({ required: true })).status).toBe(200)
    expect((await me(session)).status).toBe(401)
    expect((await me(headers)).status).toBe(200)
    const refused = await lethe.post('/api/app/login', { body: { email: analyst.email, password: analyst.password } })
    expect([refused.status, refused.json().error]).toEqual([403, expect.stringContaining('/security/login/1')])
    // Whoever does not know the password learns nothing.
    const guess = await lethe.post('/api/app/login', { body: { email: analyst.email, password: 'guess' } })
    expect([guess.status, guess.json().error]).toEqual([401, 'wrong e-mail or password'])
    await logIn(lethe, owner)
    await logIn(lethe, admin)
    await logIn(lethe, stranger)

    const address = `http://eu.lethe.localhost:${lethe.port}/security/login/1`
    const said = provider.say(address, { email: analyst.email })
    const answer = await postAnswer(lethe, address, await provider.answer(said))
    expect((await me({ Cookie: cookieOf(answer) })).json().results.user_email).toBe(analyst.email)

    expect((await put({ required: false })).status).toBe(200)
    await logIn(lethe, analyst)
  })
})

describe('the audit log', () => {
  it('tells of all of it, and logs hold no address and no answer', async () => {
    const answer = await lethe.get('/api/app/organizations/1/audit-log?limit=1000', { headers })
    const types = new Set(answer.json().results.map((record: { event_type: string }) => record.event_type))
    for (const type of [
      'sso.updated',
      'sso.removed',
      'sso_domain.claimed',
      'sso_domain.verified',
      'sso_domain.removed',
    ]) {
      expect(types).toContain(type)
    }
    expect(answer.text).not.toContain('BEGIN CERTIFICATE')
    expect(lethe.logs()).not.toContain('acme.test')
  })
})
