import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { owner } from '../support/provision.ts'
import { formOf, type SimpleSaml, startSimpleSaml, whyNoSimpleSaml } from '../support/simplesamlphp.ts'
import { cookieOf, logIn, postAnswer, setUpSso } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

// A provider that others wrote: what it sends is what we take. Needs Debian's simplesamlphp and php-xml.

const missing = whyNoSimpleSaml()
const title = missing === null ? 'SimpleSAMLphp' : `SimpleSAMLphp (skipped: ${missing})`

describe.skipIf(missing !== null)(title, () => {
  let lethe: Lethe
  let names: TxtServer
  let idp: SimpleSaml

  const at = (region: string, path: string): string => `http://${region}.lethe.localhost:${lethe.port}${path}`
  const entityId = (region: string): string => at(region, '/security/sso/v2/authorize/')

  beforeAll(async () => {
    names = await startTxtServer()
    lethe = await startLethe({ env: { LETHE_DNS_SERVERS: names.address } })
    idp = await startSimpleSaml({ email: 'ada@acme.test', firstName: 'Ada', lastName: 'Lovelace' })
    const provider = { issuer: idp.issuer, certificate: idp.certificate } as Parameters<typeof setUpSso>[2]
    await setUpSso(lethe, names, provider, { sign_in_url: `${idp.url}/saml2/idp/SSOService.php` })
    const headers = await logIn(lethe, owner)
    const settings = await lethe.get('/api/app/organizations/1/sso', { headers })
    const encryptTo = settings.json().results.configuration.encryption_certificate
    await idp.trust([
      { entityId: entityId('us'), acsUrl: at('us', '/security/login/1'), encryptTo: null },
      { entityId: entityId('eu'), acsUrl: at('eu', '/security/login/1'), encryptTo },
    ])
  })
  afterAll(async () => {
    await idp?.close()
    await lethe?.stop()
    names?.close()
  })

  const meAt = async (region: string, cookie: string) =>
    (await lethe.get('/api/app/me', { host: `${region}.lethe.localhost`, headers: { Cookie: cookie } })).json().results

  it.each(['us', 'eu'])('signs in from its own page into the region %s', async (region) => {
    const query = new URLSearchParams({ spentityid: entityId(region), RelayState: '/report/7' })
    const { action, xml, relayState } = await formOf(`${idp.url}/saml2/idp/SSOService.php?${query}`)
    expect(action).toBe(at(region, '/security/login/1'))
    expect(xml.includes('EncryptedAssertion')).toBe(region === 'eu')
    const answer = await postAnswer(lethe, action, xml, relayState ?? undefined)
    expect([answer.status, answer.headers['location']]).toEqual([303, '/report/7'])
    expect((await meAt(region, cookieOf(answer))).user_email).toBe('ada@acme.test')
    expect((await postAnswer(lethe, action, xml)).status).toBe(401)
  })

  it.each(['us', 'eu'])('is asked from the region %s, and answers there', async (region) => {
    const host = `${region}.lethe.localhost:${lethe.port}`
    const begun = await lethe.get('/security/login/1?next=/board/3', { host })
    const { action, xml, relayState } = await formOf(String(begun.headers['location']))
    expect([action, relayState]).toEqual([at(region, '/security/login/1'), '/board/3'])
    const answer = await postAnswer(lethe, action, xml, relayState ?? undefined)
    expect([answer.status, answer.headers['location']]).toEqual([303, '/board/3'])
    expect((await meAt(region, cookieOf(answer))).organizations).toMatchObject({ 1: { role: 'member' } })
  })
})
