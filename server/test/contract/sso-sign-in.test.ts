import { inflateRawSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { analyst, owner } from '../support/provision.ts'
import { cookieOf, logIn, postAnswer, settingsOf, setUpSso } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

let lethe: Lethe
let names: TxtServer
let provider: IdentityProvider

beforeAll(async () => {
  names = await startTxtServer()
  lethe = await startLethe({ env: { LETHE_DNS_SERVERS: names.address } })
  provider = await createIdentityProvider('https://idp.test/metadata')
  await setUpSso(lethe, names, provider)
})
afterAll(async () => {
  await lethe?.stop()
  names?.close()
})

const at = (region: string, path: string): string => `http://${region}.lethe.localhost:${lethe.port}${path}`
const meOf = async (cookie: string, host: string) =>
  (await lethe.get('/api/app/me', { host, headers: { Cookie: cookie } })).json()

describe('a sign-in that begins at the identity provider (AUTH-24, 25, RES-11)', () => {
  const paths = ['/security/login/1', '/security/sso/v2/authorize/?org_id=1', '/sso/saml2']
  it.each(['us', 'eu'].flatMap((region) => paths.map((path) => [region, path] as const)))(
    'lands on the host of %s, by %s',
    async (region, path) => {
      const address = at(region, path)
      const answer = await postAnswer(lethe, address, await provider.answer(provider.say(address)))
      expect(answer.status).toBe(303)
      expect(answer.headers['location']).toBe('/')
      expect(String(answer.headers['set-cookie'])).toMatch(
        /^lethe_session=\w{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=43200$/,
      )
      const me = await meOf(cookieOf(answer), `${region}.lethe.localhost`)
      expect(me.results).toMatchObject({ user_email: 'ada@acme.test', organizations: { 1: { role: 'member' } } })
      expect(me.results.projects).toEqual({})
    },
  )

  it('serves the names of the public service too', async () => {
    const address = 'https://eu.mixpanel.com/security/login/1'
    const said = provider.say(address, { audience: 'https://mixpanel.com/security/sso/v2/authorize/' })
    const answer = await postAnswer(lethe, address, await provider.answer(said))
    expect(answer.status).toBe(303)
  })

  it.each([
    ['/project/1001?a=b#c', '/project/1001?a=b#c'],
    ['https://evil.test/', '/'],
    ['//evil.test/', '/'],
    ['/..//evil.test/', '/'],
    ['/\\evil.test/', '/'],
    ['/\tevil', '/'],
    ['javascript:alert(1)', '/'],
  ])('goes on to a path of this host only: %j', async (relayState, location) => {
    const address = at('eu', '/sso/saml2')
    const answer = await postAnswer(lethe, address, await provider.answer(provider.say(address)), relayState)
    expect(answer.headers['location']).toBe(location)
  })

  it.each(['assertion', 'response', 'both'] as const)('takes a signature of the %s', async (what) => {
    const address = at('us', '/security/login/1')
    const xml = await provider.answer(provider.say(address), { what })
    expect((await postAnswer(lethe, address, xml)).status).toBe(303)
  })

  it('takes the name for the e-mail when there is no such attribute, in any case of letters', async () => {
    const address = at('us', '/security/login/1')
    const said = provider.say(address, { email: null, nameId: 'Grace@ACME.test' })
    const answer = await postAnswer(lethe, address, await provider.answer(said))
    expect((await meOf(cookieOf(answer), 'us.lethe.localhost')).results.user_email).toBe('grace@acme.test')
  })

  it('lets somebody who exists in with what they may do', async () => {
    const address = at('us', '/security/login/1')
    const answer = await postAnswer(
      lethe,
      address,
      await provider.answer(provider.say(address, { email: analyst.email })),
    )
    const { results } = await meOf(cookieOf(answer), 'us.lethe.localhost')
    expect(results).toMatchObject({ user_email: analyst.email })
  })

  it.each([
    ['http://www.w3.org/2009/xmlenc11#aes256-gcm', 'assertion'],
    ['http://www.w3.org/2001/04/xmlenc#aes128-cbc', 'both'],
    ['http://www.w3.org/2009/xmlenc11#aes128-gcm', 'response'],
  ] as const)('reads an assertion encrypted to it: %s, %s signed', async (encryptionAlgorithm, what) => {
    const headers = await logIn(lethe, owner)
    const shown = await lethe.get('/api/app/organizations/1/sso', { headers })
    const encryptTo = shown.json().results.configuration.encryption_certificate
    const address = at('eu', '/security/login/1')
    const xml = await provider.answer(provider.say(address), { what, encryptTo, encryptionAlgorithm })
    expect(xml).not.toContain('ada@acme.test')
    expect((await postAnswer(lethe, address, xml)).status).toBe(303)
  })

  it('takes either of two certificates while the provider changes its key', async () => {
    const next = await createIdentityProvider(provider.issuer)
    const headers = await logIn(lethe, owner)
    const address = at('us', '/security/login/1')
    const put = (certificates: readonly string[]) =>
      lethe.send('PUT', '/api/app/organizations/1/sso', { headers, body: { ...settingsOf(provider), certificates } })
    const byNext = async () => (await postAnswer(lethe, address, await next.answer(next.say(address)))).status
    const byOld = async () => (await postAnswer(lethe, address, await provider.answer(provider.say(address)))).status
    expect(await byNext()).toBe(401)
    await put([provider.certificate, next.certificate])
    expect([await byOld(), await byNext()]).toEqual([303, 303])
    await put([next.certificate])
    expect([await byOld(), await byNext()]).toEqual([401, 303])
    await put([provider.certificate])
  })
})

describe('a sign-in that begins here (AUTH-23)', () => {
  const begin = async (region: string, path: string) => {
    const answer = await lethe.get(path, { host: `${region}.lethe.localhost:${lethe.port}` })
    expect(answer.status).toBe(303)
    const url = new URL(String(answer.headers['location']))
    const request = inflateRawSync(Buffer.from(url.searchParams.get('SAMLRequest') ?? '', 'base64')).toString()
    return { url, request, id: / ID="(\w+)"/.exec(request)?.[1] ?? '' }
  }

  it('asks for the address, and is told the path', async () => {
    const answer = await lethe.post('/api/app/login/sso', { body: { email: 'new@acme.test' } })
    expect(answer.json()).toEqual({ status: 'ok', results: { sign_in_path: '/security/login/1' } })
    expect((await lethe.post('/api/app/login/sso', { body: { email: 'new@other.test' } })).status).toBe(404)
  })

  it.each([
    ['us', '/security/login/1'],
    ['eu', '/security/login/1'],
    ['eu', '/security/sso/v2/authorize/?org_id=1'],
  ])('goes to the provider from %s%s, and comes back to the same place, once', async (region, path) => {
    const { url, request, id } = await begin(region, `${path}${path.includes('?') ? '&' : '?'}next=/report/7`)
    expect(url.origin + url.pathname).toBe('https://idp.test/sso')
    const address = at(region, path)
    expect(request).toContain(`AssertionConsumerServiceURL="${address}"`)
    expect(request).toContain(`>${at(region, '/security/sso/v2/authorize/')}<`)
    const relayState = url.searchParams.get('RelayState') ?? ''
    const answered = async () =>
      postAnswer(lethe, address, await provider.answer(provider.say(address, { inResponseTo: id })), relayState)
    const answer = await answered()
    expect([answer.status, answer.headers['location']]).toEqual([303, '/report/7'])
    expect((await answered()).text).toContain('nobody waits for')
  })

  it('refuses an answer to a request that was never made', async () => {
    const address = at('us', '/security/login/1')
    const said = provider.say(address, { inResponseTo: '_0123456789abcdef' })
    const answer = await postAnswer(lethe, address, await provider.answer(said))
    expect([answer.status, answer.headers['set-cookie']]).toEqual([401, undefined])
  })

  it.each(['/security/login/2', '/security/login/999', '/security/login/x', '/security/sso/v2/authorize/?org_id='])(
    'has nothing to offer at %s',
    async (path) => {
      expect((await lethe.get(path)).status).toBe(404)
    },
  )
})
