import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdentityProvider, type IdentityProvider } from '../support/identity-provider.ts'
import { type Answer, type Lethe, startLethe } from '../support/lethe.ts'
import { admin, analyst, owner, stranger } from '../support/provision.ts'
import { logIn, postAnswer, setUpSso } from '../support/sso-session.ts'
import { startTxtServer, type TxtServer } from '../support/txt-server.ts'

// AUTH-28 (auth §8): people and groups as Okta and Entra send them.

let lethe: Lethe
let names: TxtServer
let provider: IdentityProvider
let token: string
let headers: Readonly<Record<string, string>>

const root = '/api/app/scim/v2'
const tokenPath = '/api/app/organizations/1/sso/scim-token'

beforeAll(async () => {
  names = await startTxtServer()
  lethe = await startLethe({ env: { LETHE_DNS_SERVERS: names.address } })
  provider = await createIdentityProvider('https://idp.test/metadata')
  await setUpSso(lethe, names, provider)
  headers = await logIn(lethe, owner)
  token = (await lethe.post(tokenPath, { headers })).json().results.token
})
afterAll(async () => {
  await lethe?.stop()
  names?.close()
})

const call = (method: string, path: string, body?: object, bearer = token): Promise<Answer> =>
  lethe.send(method, root + path, {
    headers: { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/scim+json' },
    ...(body === undefined ? {} : { body }),
  })
const list = async (path: string) => (await call('GET', path)).json()
const find = async (email: string) =>
  (await list(`/Users?filter=${encodeURIComponent(`userName eq "${email}"`)}`)).Resources[0]
const okta = (userName: string, changes = {}) => ({
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
  userName,
  name: { givenName: 'New', familyName: 'Person' },
  emails: [{ primary: true, value: userName, type: 'work' }],
  displayName: 'New Person',
  externalId: `okta ${userName}`,
  groups: [],
  active: true,
  ...changes,
})
const patch = (id: string, ...operations: readonly object[]) =>
  call('PATCH', `/Users/${id}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: operations,
  })
const expectError = (answer: Answer, status: number): void => {
  expect([answer.status, answer.headers['content-type']]).toEqual([status, 'application/scim+json; charset=utf-8'])
  expect(answer.json()).toMatchObject({
    schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
    status: String(status),
    detail: expect.any(String),
  })
}

describe('the token', () => {
  it('is needed, opens nothing else, and is nobody else’s to make', async () => {
    for (const path of ['/Users', '/Groups', '/ServiceProviderConfig']) {
      expectError(await call('GET', path, undefined, 'wrong'), 401)
      expectError(await lethe.get(root + path), 401)
      expectError(await lethe.get(root + path, { headers }), 401)
    }
    for (const path of ['/api/app/me', '/api/app/projects/1001', '/api/app/organizations/1/sso']) {
      expect((await lethe.get(path, { headers: { Authorization: `Bearer ${token}` } })).status).toBe(401)
    }
    expect((await lethe.post(tokenPath, { headers: await logIn(lethe, analyst) })).status).toBe(403)
    expect((await lethe.post(tokenPath, { headers: await logIn(lethe, stranger) })).status).toBe(403)
  })

  it('is one, shown once', async () => {
    const old = token
    token = (await lethe.post(tokenPath, { headers })).json().results.token
    expect(token).toMatch(/^\w{48}$/)
    expectError(await call('GET', '/Users', undefined, old), 401)
    expect((await call('GET', '/Users')).status).toBe(200)
    const shown = await lethe.get(tokenPath, { headers })
    expect(shown.json().results).toEqual({ created: expect.any(String), last_used: expect.any(String) })
    expect(shown.text).not.toContain(token)
  })
})

describe('users', () => {
  it('are the people of the organization, in pages, by filter', async () => {
    const all = await list('/Users')
    expect(all).toMatchObject({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
      totalResults: 3,
      startIndex: 1,
      itemsPerPage: 3,
    })
    expect(all.Resources.map((user: { userName: string }) => user.userName)).toEqual([
      admin.email,
      analyst.email,
      owner.email,
    ])
    const page = await list('/Users?startIndex=2&count=1')
    expect([page.totalResults, page.itemsPerPage, page.Resources[0].userName]).toEqual([3, 1, analyst.email])
    const filters = [
      [`userName eq "OWNER@acme.test"`, 1],
      [`emails[value eq "${owner.email}"]`, 1],
      ['active eq true', 3],
      ['userName sw "a" and active eq true', 2],
      [`id eq "${all.Resources[0].id}"`, 1],
      [`userName eq "${stranger.email}"`, 0],
    ] as const
    for (const [filter, count] of filters) {
      expect([filter, (await list(`/Users?filter=${encodeURIComponent(filter)}`)).totalResults]).toEqual([
        filter,
        count,
      ])
    }
    for (const filter of ['x y z', '((', 'userName eq "a', '__proto__ eq 1']) {
      expectError(await call('GET', `/Users?filter=${encodeURIComponent(filter)}`), 400)
    }
    expect(Object.keys((await list('/Users?attributes=userName')).Resources[0]).sort()).toEqual([
      'id',
      'meta',
      'schemas',
      'userName',
    ])
  })

  it('are made as members, once, in claimed domains only', async () => {
    const made = await call('POST', '/Users', okta('New@acme.test'))
    expect(made.status).toBe(201)
    const user = made.json()
    expect(user).toMatchObject({ userName: 'new@acme.test', active: true, name: { givenName: 'New' }, groups: [] })
    expect(made.headers['location']).toBe(user.meta.location)
    expect(user.meta.location).toBe(`${lethe.url}${root}/Users/${user.id}`)
    expect((await call('GET', `/Users/${user.id}`)).json()).toEqual(user)
    const again = await call('POST', '/Users', okta('new@ACME.test'))
    expectError(again, 409)
    expect(again.json().scimType).toBe('uniqueness')
    expectError(await call('POST', '/Users', okta('new@other.test')), 400)
    expectError(await call('POST', '/Users', okta(stranger.email)), 400)
    expectError(await call('POST', '/Users', okta('no address')), 400)
    expectError(await call('POST', '/Users', []), 400)
  })

  it.each([
    ['Okta', { op: 'replace', value: { active: false } }, { op: 'replace', value: { active: true } }],
    ['Entra', { op: 'Replace', path: 'active', value: 'False' }, { op: 'Replace', path: 'active', value: 'True' }],
  ])('are put aside and taken back as %s says it', async (_name, aside, back) => {
    const { id } = await find('new@acme.test')
    const address = `http://us.lethe.localhost:${lethe.port}/security/login/1`
    const signIn = async () =>
      postAnswer(
        lethe,
        address,
        await provider.answer(provider.say(address, { email: 'new@acme.test', firstName: 'New', lastName: 'Person' })),
      )
    const first = await signIn()
    expect(first.status).toBe(303)
    const cookie = { Cookie: String(first.headers['set-cookie']).split(';', 1)[0] ?? '' }
    expect((await patch(id, aside)).json().active).toBe(false)
    expect((await lethe.get('/api/app/me', { headers: cookie })).status).toBe(401)
    expect((await signIn()).status).toBe(403)
    expect((await find('new@acme.test')).active).toBe(false)
    expect((await patch(id, back)).json().active).toBe(true)
    expect((await signIn()).status).toBe(303)
  })

  it('change their names and addresses', async () => {
    const { id } = await find('new@acme.test')
    const changed = await patch(
      id,
      { op: 'replace', path: 'name.givenName', value: 'Newer' },
      { op: 'replace', path: 'emails[type eq "work"].value', value: 'newer@acme.test' },
    )
    expect(changed.json()).toMatchObject({
      userName: 'newer@acme.test',
      name: { givenName: 'Newer', familyName: 'Person' },
    })
    const put = await call('PUT', `/Users/${id}`, okta('newest@acme.test'))
    expect(put.json()).toMatchObject({ userName: 'newest@acme.test', name: { givenName: 'New' } })
    expectError(await call('PUT', `/Users/${id}`, okta('newest@other.test')), 400)
    expectError(await call('PUT', `/Users/${id}`, okta(owner.email)), 409)
    await call('PUT', `/Users/${id}`, okta('new@acme.test'))
  })

  it('are removed, and are then unknown', async () => {
    const { id } = await find('new@acme.test')
    expect((await call('DELETE', `/Users/${id}`)).status).toBe(204)
    expect(await find('new@acme.test')).toBeUndefined()
    for (const method of ['GET', 'DELETE']) expectError(await call(method, `/Users/${id}`), 404)
    expectError(await call('PUT', `/Users/${id}`, okta('new@acme.test')), 404)
  })

  it('leave the organization an owner', async () => {
    const { id } = await find(owner.email)
    expectError(await patch(id, { op: 'replace', path: 'active', value: false }), 409)
    expectError(await call('DELETE', `/Users/${id}`), 409)
    expect((await lethe.get('/api/app/me', { headers })).status).toBe(200)
  })

  it('take no path out of the resource', async () => {
    const { id } = await find(analyst.email)
    const reaching = [
      { op: 'add', path: '__proto__.polluted', value: 'yes' },
      { op: 'add', path: 'name.constructor.prototype.polluted', value: 'yes' },
      { op: 'replace', value: { '__proto__.polluted': 'yes' } },
    ]
    for (const operation of reaching) expectError(await patch(id, operation), 400)
    expect(Object.keys((await find(analyst.email)) as object)).not.toContain('polluted')
  })

  it('of another organization are unknown', async () => {
    const theirs = await logIn(lethe, stranger)
    const made = await lethe.post('/api/app/organizations/2/sso/scim-token', { headers: theirs })
    const other: string = made.json().results.token
    const { id } = await find(analyst.email)
    expectError(await call('GET', `/Users/${id}`, undefined, other), 404)
    expectError(await call('DELETE', `/Users/${id}`, undefined, other), 404)
    const seen = (await call('GET', '/Users', undefined, other)).json()
    expect(seen.Resources.map((user: { userName: string }) => user.userName)).toEqual([stranger.email])
  })
})

describe('groups', () => {
  it('are teams: made, filled, renamed and removed', async () => {
    const [first, second] = [await find(analyst.email), await find(admin.email)]
    const made = await call('POST', '/Groups', {
      displayName: 'Growth',
      externalId: 'g1',
      members: [{ value: first.id }],
    })
    expect(made.status).toBe(201)
    const { id } = made.json()
    const members = async () =>
      (await call('GET', `/Groups/${id}`)).json().members.map((member: { display: string }) => member.display)
    expect(await members()).toEqual([analyst.email])
    expect((await find(analyst.email)).groups).toEqual([expect.objectContaining({ value: id, display: 'Growth' })])
    expectError(await call('POST', '/Groups', { displayName: 'growth' }), 409)

    const change = (...Operations: readonly object[]) => call('PATCH', `/Groups/${id}`, { Operations })
    await change({ op: 'Add', path: 'members', value: [{ value: second.id }] })
    expect(await members()).toEqual([admin.email, analyst.email])
    await change({ op: 'Remove', path: `members[value eq "${first.id}"]` })
    expect(await members()).toEqual([admin.email])
    await change({ op: 'replace', value: { displayName: 'Growth team' } })
    expect((await list('/Groups?filter=displayName%20eq%20%22Growth%20team%22')).Resources[0].id).toBe(id)
    expect((await list('/Groups?excludedAttributes=members')).Resources[0].members).toBeUndefined()
    expectError(await change({ op: 'add', path: 'members', value: [{ value: 'nobody' }] }), 400)
    await call('PUT', `/Groups/${id}`, { displayName: 'Growth', members: [] })
    expect(await members()).toEqual([])
    expect((await call('DELETE', `/Groups/${id}`)).status).toBe(204)
    expectError(await call('GET', `/Groups/${id}`), 404)
  })
})

describe('what it can', () => {
  it('is told', async () => {
    expect((await list('/ServiceProviderConfig')).patch).toEqual({ supported: true })
    expect((await list('/ResourceTypes')).Resources.map(({ id }: { id: string }) => id)).toEqual(['User', 'Group'])
    const user = (await list('/Schemas')).Resources[0]
    expect(user.attributes.map(({ name }: { name: string }) => name)).toContain('userName')
    expect((await call('GET', `/Schemas/${user.id}`)).json()).toEqual(user)
    expectError(await call('GET', '/Schemas/x'), 404)
  })

  it('is in the audit log, and addresses are in no log', async () => {
    const answer = await lethe.get('/api/app/organizations/1/audit-log?limit=1000', { headers })
    const types = answer.json().results.map((record: { event_type: string }) => record.event_type)
    for (const type of [
      'scim_token.created',
      'organization.user_added',
      'organization.user_removed',
      'team.created',
      'team.deleted',
    ]) {
      expect(types).toContain(type)
    }
    expect(lethe.logs()).not.toContain('acme.test')
  })
})
