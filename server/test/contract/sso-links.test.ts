import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'
import { type Lethe, startLethe } from '../support/lethe.ts'
import { analyst, defaultProvision, owner, stranger } from '../support/provision.ts'
import { cookieOf, logIn, postAnswer, settingsOf } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

// AUTH-29 (auth §8): organizations 1 and 2 sign in by organization 3, which has the provider and the domains.

const boss = { email: 'boss@group.test', password: 'boss horse battery' }
const provision = defaultProvision()
const group = { id: 3, name: 'Group', users: [{ ...boss, role: 'owner' }], projects: [], service_accounts: [] }
provision.organizations.push({ ...group, gdpr_tokens: [] } as never)

type Headers = Readonly<Record<string, string>>
let lethe: Lethe
let names: TxtServer
let provider: IdentityProvider
let asBoss: Headers
let asOwner: Headers
let asStranger: Headers

const sso = (organizationId: number) => `/api/app/organizations/${organizationId}/sso`
const call = async (method: string, path: string, headers: Headers, body?: object) => {
  const answer = await lethe.send(method, path, { headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, body: answer.json(), results: answer.json().results }
}
const claim = async (organizationId: number, domain: string, headers: Headers, password: string) => {
  const claimed = await call('POST', `${sso(organizationId)}/domains`, headers, { domain, password })
  names.records.set(domain, [claimed.results.txt_record])
  const verified = await call('POST', `${sso(organizationId)}/domains/${domain}/verify`, headers)
  expect(verified.results.verified).toBe(true)
}
const codeOf = async (headers: Headers = asBoss, organizationId = 3): Promise<string> =>
  (await call('POST', `${sso(organizationId)}/link-codes`, headers)).results.code
const link = (organizationId: number, headers: Headers, code: string) =>
  call('PUT', `${sso(organizationId)}/link`, headers, { code })
const signIn = async (organizationId: number, email: string) => {
  const address = `http://us.lethe.localhost:${lethe.port}/security/login/${organizationId}`
  const answer = await postAnswer(lethe, address, await provider.answer(provider.say(address, { email })))
  return { status: answer.status, cookie: cookieOf(answer) }
}
const organizationsOf = async (cookie: string): Promise<readonly number[]> =>
  (await call('GET', '/api/app/organizations', { Cookie: cookie })).results.map(({ id }: { id: number }) => id)
const membersOf = async (organizationId: number, headers: Headers): Promise<readonly string[]> =>
  (await call('GET', `/api/app/organizations/${organizationId}/members`, headers)).results.map(
    ({ email }: { email: string }) => email,
  )

beforeAll(async () => {
  names = await startTxtServer()
  lethe = await startLethe({ provision, env: { LETHE_DNS_SERVERS: names.address } })
  provider = await createIdentityProvider('https://idp.test/metadata')
  asBoss = await logIn(lethe, boss)
  asOwner = await logIn(lethe, owner)
  asStranger = await logIn(lethe, stranger)
  await claim(3, 'group.test', asBoss, boss.password)
  expect((await call('PUT', sso(3), asBoss, settingsOf(provider))).status).toBe(200)
})
afterAll(async () => {
  await lethe?.stop()
  names?.close()
})

describe('a link', () => {
  it('is made by a code of an organization without projects, once', async () => {
    expect((await call('POST', `${sso(1)}/link-codes`, asOwner)).status).toBe(409)
    const code = await codeOf()
    expect((await link(1, asOwner, 'wrong')).status).toBe(400)
    expect((await link(3, asBoss, await codeOf())).status).toBe(400)
    const linked = await link(1, asOwner, code)
    expect([linked.status, linked.results]).toEqual([200, { admin_organization_id: 3, scim_name: 'organization 1' }])
    expect((await link(2, asStranger, code)).status).toBe(400)
    expect((await link(1, asOwner, await codeOf())).status).toBe(409)
    expect((await call('GET', `${sso(3)}/links`, asBoss)).results).toEqual([
      { organization_id: 1, name: 'Acme', scim_name: 'organization 1' },
    ])
    // From now on the admin organization has none.
    const project = { name: 'Not here', region: 'US' }
    expect((await call('POST', '/api/app/organizations/3/projects', asBoss, project)).status).toBe(409)
  })

  it('is nobody else’s to see, make or end', async () => {
    const asAnalyst = await logIn(lethe, analyst)
    for (const [headers, status] of [
      [asAnalyst, 403],
      [asStranger, 403],
      [{}, 401],
    ] as const) {
      for (const [method, path] of [
        ['POST', `${sso(3)}/link-codes`],
        ['GET', `${sso(3)}/links`],
        ['PATCH', `${sso(3)}/links/1`],
        ['DELETE', `${sso(3)}/links/1`],
        ['GET', `${sso(1)}/link`],
        ['PUT', `${sso(1)}/link`],
        ['DELETE', `${sso(1)}/link`],
        ['POST', `${sso(1)}/domains/acme.test/transfer`],
      ] as const) {
        const body = method === 'GET' || method === 'DELETE' ? undefined : {}
        expect([path, (await call(method, path, headers, body)).status]).toEqual([path, status])
      }
    }
    expect((await call('DELETE', `${sso(3)}/links/2`, asBoss)).status).toBe(404)
    expect((await call('GET', `${sso(2)}/link`, asStranger)).status).toBe(404)
  })

  it('lets people of the admin organization’s domains into the linked one, and nobody else', async () => {
    const ada = await signIn(1, 'ada@group.test')
    expect(ada.status).toBe(303)
    expect(await organizationsOf(ada.cookie)).toEqual([1])
    expect((await signIn(1, 'eve@elsewhere.test')).status).toBe(403)
    // Organization 2 is not linked: it has no provider.
    expect((await signIn(2, 'ada@group.test')).status).toBeGreaterThanOrEqual(400)
    expect((await signIn(3, 'ada@group.test')).status).toBe(303)
  })

  it('makes settings and domains of the linked organization count for nothing, until they are handed over', async () => {
    await claim(1, 'acme.test', asOwner, owner.password)
    const own = await createIdentityProvider('https://own.test/metadata')
    expect((await call('PUT', sso(1), asOwner, { ...settingsOf(own), issuer: own.issuer })).status).toBe(200)
    const address = `http://us.lethe.localhost:${lethe.port}/security/login/1`
    const refused = await postAnswer(lethe, address, await own.answer(own.say(address)))
    expect(refused.status).toBeGreaterThanOrEqual(400)
    const asked = () => call('POST', '/api/app/login/sso', {}, { email: 'new@acme.test' })
    expect((await asked()).status).toBe(404)
    expect((await signIn(1, 'new@acme.test')).status).toBe(403)
    expect((await call('POST', `${sso(1)}/domains/acme.test/transfer`, asOwner)).status).toBe(200)
    expect((await call('GET', `${sso(3)}/domains`, asBoss)).results).toMatchObject([
      { domain: 'acme.test', verified: true },
      { domain: 'group.test', verified: true },
    ])
    expect((await asked()).results).toEqual({ sign_in_path: '/security/login/3' })
    expect((await signIn(1, 'new@acme.test')).status).toBe(303)
  })

  it('shares what the admin organization requires', async () => {
    const cookie = (await logIn(lethe, analyst)).Cookie
    expect((await call('PUT', sso(3), asBoss, { ...settingsOf(provider), required: true })).status).toBe(200)
    expect((await lethe.get('/api/app/me', { headers: { Cookie: cookie } })).status).toBe(401)
    const login = { email: analyst.email, password: analyst.password }
    const refused = await lethe.post('/api/app/login', { body: login })
    expect([refused.status, refused.json().error]).toEqual([403, expect.stringContaining('single sign-on')])
    // Owners and admins can still put it right.
    expect(
      (await lethe.post('/api/app/login', { body: { email: owner.email, password: owner.password } })).status,
    ).toBe(200)
    expect((await call('PUT', sso(3), asBoss, settingsOf(provider))).status).toBe(200)
  })
})

describe('SCIM groups of the admin organization', () => {
  let token: string
  const scim = async (method: string, path: string, body?: object) =>
    lethe.send(method, `/api/app/scim/v2${path}`, {
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/scim+json' },
      ...(body === undefined ? {} : { body }),
    })
  const user = async (userName: string): Promise<string> => {
    const answer = await scim('POST', '/Users', { userName, name: {}, emails: [{ value: userName, primary: true }] })
    expect(answer.status).toBe(201)
    return answer.json().id
  }

  it('put people into linked organizations by name, and take out whom they put in', async () => {
    token = (await call('POST', `${sso(3)}/scim-token`, asBoss)).results.token
    const renamed = await call('PATCH', `${sso(3)}/links/1`, asBoss, { scim_name: 'Acme people' })
    expect(renamed.results).toMatchObject({ scim_name: 'Acme people' })
    const [bob, carol] = [await user('bob@group.test'), await user('carol@group.test')]
    const made = await scim('POST', '/Groups', { displayName: 'acme PEOPLE', members: [{ value: bob }] })
    expect(made.status).toBe(201)
    const { id } = made.json()
    expect(await membersOf(1, asOwner)).toContain('bob@group.test')
    const put = (members: readonly string[]) =>
      scim('PUT', `/Groups/${id}`, { displayName: 'Acme people', members: members.map((value) => ({ value })) })
    expect((await put([carol])).status).toBe(200)
    const members = await membersOf(1, asOwner)
    expect([members.includes('bob@group.test'), members.includes('carol@group.test')]).toEqual([false, true])
    const log = (await call('GET', '/api/app/organizations/1/audit-log?event_type=organization.user_removed', asOwner))
      .results[0]
    expect(log.actor).toMatchObject({ type: 'system', name: 'SCIM' })

    // Put aside at the provider: out of all, and no old assertion lets them in again.
    const aside = await scim('PATCH', `/Users/${carol}`, { Operations: [{ op: 'replace', value: { active: false } }] })
    expect(aside.status).toBe(200)
    expect(await membersOf(1, asOwner)).not.toContain('carol@group.test')
    expect((await signIn(1, 'carol@group.test')).status).toBe(403)
  })

  it('leave who was a member before where they are', async () => {
    expect(await membersOf(1, asOwner)).toContain('ada@group.test')
    const users = (await scim('GET', '/Users')).json().Resources as { id: string; userName: string }[]
    const ada = users.find(({ userName }) => userName === 'ada@group.test')?.id
    const [{ id }] = (await scim('GET', '/Groups')).json().Resources
    const put = (members: readonly object[]) => scim('PUT', `/Groups/${id}`, { displayName: 'Acme people', members })
    expect((await put([{ value: ada }])).status).toBe(200)
    expect((await put([])).status).toBe(200)
    expect(await membersOf(1, asOwner)).toContain('ada@group.test')
  })

  it('are of the admin organization alone: a token of a linked one opens nothing', async () => {
    token = (await call('POST', `${sso(1)}/scim-token`, asOwner)).results.token
    expect((await scim('GET', '/Users')).status).toBe(401)
  })
})

it('ends by either side, and leaves members where they are', async () => {
  const before = await membersOf(1, asOwner)
  expect((await call('DELETE', `${sso(3)}/links/1`, asBoss)).status).toBe(200)
  expect(await membersOf(1, asOwner)).toEqual(before)
  expect((await signIn(1, 'ada@group.test')).status).toBeGreaterThanOrEqual(400)
  expect((await link(2, asStranger, await codeOf())).status).toBe(200)
  expect((await call('DELETE', `${sso(2)}/link`, asStranger)).status).toBe(200)
  expect((await call('GET', `${sso(3)}/links`, asBoss)).results).toEqual([])
  const log = (await call('GET', '/api/app/organizations/3/audit-log?event_type=sso_link.removed', asBoss)).results
  expect(log.map(({ target }: { target: { id: string } }) => target.id)).toEqual(['2', '1'])
})
