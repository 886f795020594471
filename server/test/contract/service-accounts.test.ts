import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import {
  adminAccount,
  analystAccount,
  consumerAccount,
  defaultProvision,
  eu,
  other,
  owner,
  strangerAccount,
  us,
} from '../support/provision.ts'

// AUTH-10…12 (auth §4): the public API of service accounts, each answer against the documented schemas.

let lethe: Lethe
const provision = defaultProvision()
const [acme] = provision.organizations
// `admin` manages the accounts of the organization; `analyst` administers the US project and is a member.
Object.assign(acme?.service_accounts[0] ?? {}, { role: 'admin' })
Object.assign(acme?.service_accounts[1] ?? {}, { projects: [{ id: us.id, role: 'admin' }] })
beforeAll(async () => {
  lethe = await startLethe({ provision })
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const projectAdmin = basic(analystAccount.username, analystAccount.secret)
const consumer = basic(consumerAccount.username, consumerAccount.secret)
const stranger = basic(strangerAccount.username, strangerAccount.secret)
const base = '/api/app/organizations/1/service-accounts'
const documented = '/api/app/organizations/:organizationId/service-accounts'
type Headers = Readonly<Record<string, string>>
const send = (method: string, path: string, body?: object, headers: Headers = admin) =>
  lethe.send(method, path, { headers, ...(body === undefined ? {} : { body }) })
const make = async (body: object, headers: Headers = admin) =>
  expectDocumented(`POST ${documented}`, '201', await send('POST', base, body, headers)).results
const exportStatus = async (account: { username: string; token: string }, projectId: number = us.id) =>
  (
    await lethe.get(`/api/2.0/export?from_date=2026-01-01&to_date=2026-01-01&project_id=${projectId}`, {
      headers: basic(account.username, account.token),
    })
  ).status
const ofProject = async (projectId: number = us.id) => {
  const answer = await send('GET', `/api/app/projects/${projectId}/service-accounts`)
  const { results } = expectDocumented('GET /api/app/projects/:projectId/service-accounts', '200', answer)
  return results as readonly { readonly id: number; readonly role: string }[]
}
const session = async (): Promise<Headers> => {
  const { headers } = await lethe.post('/api/app/login', { body: { email: owner.email, password: owner.password } })
  const cookie = String((headers['set-cookie'] as readonly string[])[0]).split(';')[0] ?? ''
  return { Cookie: cookie, 'X-Lethe-Client': 'test' }
}
const add = (ids: readonly number[], projects: readonly object[], headers: Headers = admin) =>
  send('POST', `${base}/add-to-project`, { service_account_ids: ids, projects }, headers)
const remove = (projects: readonly object[], headers: Headers = admin) =>
  send('POST', `${base}/remove-from-project`, { projects }, headers)

it('makes an account whose secret is shown once and opens its projects, with its role', async () => {
  const made = await make({ username: 'nightly', role: 'analyst', projects: [{ id: us.id }] })
  expect(made).toMatchObject({ username: expect.stringMatching(/^nightly\.[a-z0-9]{6}\.mp-service-account$/) })
  expect(made).toMatchObject({ last_used: null, expires: null, user: made.id })
  expect([await exportStatus(made), await exportStatus(made, eu.id), await exportStatus(made, other.id)]).toEqual([
    200, 403, 403,
  ])
  expect(await ofProject()).toContainEqual(expect.objectContaining({ id: made.id, role: 'analyst' }))
  const one = await send('GET', `${base}/${made.id}`)
  const { token, last_used: _, ...shown } = made
  expect(expectDocumented(`GET ${documented}/:serviceAccountId`, '200', one)).toMatchObject(shown)
  const list = await send('GET', base)
  expect(expectDocumented(`GET ${documented}`, '200', list).results).toContainEqual(one.json())
  expect([list.text, one.text, lethe.logs()].join()).not.toContain(token)
})

it('ends an account at its date, and at once when it is deleted', async () => {
  const ending = await make({
    username: 'brief',
    role: 'analyst',
    expires: new Date(Date.now() + 4_000).toISOString(),
    projects: [{ id: us.id }],
  })
  const gone = await make({ username: 'gone', role: 'analyst', projects: [{ id: us.id }] })
  expect([await exportStatus(ending), await exportStatus(gone)]).toEqual([200, 200])
  const deletion = `DELETE ${documented}/:serviceAccountId`
  expectDocumented(deletion, '200', await send('DELETE', `${base}/${gone.id}`))
  expectDocumented(deletion, '404', await send('DELETE', `${base}/${gone.id}`))
  await expect.poll(() => exportStatus(gone), { timeout: 6_000 }).toBe(401)
  expectDocumented(`GET ${documented}/:serviceAccountId`, '404', await send('GET', `${base}/${gone.id}`))
  await expect.poll(() => exportStatus(ending), { timeout: 10_000 }).toBe(401)
})

it('adds accounts to projects, changes their role there, and removes them', async () => {
  const made = await make({ username: 'mover' })
  const adding = `POST ${documented}/add-to-project`
  const removing = `POST ${documented}/remove-from-project`
  const roleIn = async (projectId: number) => (await ofProject(projectId)).find(({ id }) => id === made.id)?.role
  expectDocumented(
    adding,
    '200',
    await add(
      [made.id],
      [
        { id: us.id, role: 'consumer' },
        { id: eu.id, role: 'analyst' },
      ],
    ),
  )
  expect([await roleIn(us.id), await roleIn(eu.id)]).toEqual(['consumer', 'analyst'])
  expectDocumented(adding, '200', await add([made.id], [{ id: us.id, role: 'analyst' }]))
  expect(await roleIn(us.id)).toBe('analyst')
  expectDocumented(removing, '200', await remove([{ id: us.id, service_account_ids: [made.id] }]))
  expect([await roleIn(us.id), await roleIn(eu.id)]).toEqual([undefined, 'analyst'])
  expectDocumented(adding, '404', await add([made.id, 424_242], [{ id: us.id, role: 'analyst' }]))
  expect(await roleIn(us.id)).toBe(undefined)
  expectDocumented(removing, '404', await remove([{ id: us.id, service_account_ids: [424_242] }]))
  const log = await send('GET', `/api/app/projects/${us.id}/audit-log`)
  const types = log
    .json()
    .results.filter(({ target }: { target: { id: string } | null }) => target?.id === String(made.id))
    .map(({ event_type: type }: { event_type: string }) => type)
  expect(types).toEqual([
    'service_account.removed_from_project',
    'service_account.role_changed',
    'service_account.added_to_project',
  ])
})

describe('roles', () => {
  it('are given up to one’s own, by owners and admins', async () => {
    const creation = `POST ${documented}`
    const asked = (body: object, headers: Headers) => send('POST', base, { username: 'x', ...body }, headers)
    expectDocumented(creation, '403', await asked({ role: 'owner' }, admin))
    expectDocumented(creation, '403', await asked({ projects: [{ id: us.id, role: 'owner' }] }, admin))
    expectDocumented(creation, '403', await asked({ projects: [{ id: us.id, role: 'consumer' }] }, consumer))
    expectDocumented(creation, '403', await asked({}, projectAdmin))
    expectDocumented(creation, '403', await asked({ projects: [{ id: eu.id, role: 'analyst' }] }, projectAdmin))
    expect((await asked({ role: 'owner' }, await session())).status).toBe(201)
    const mine = await make({ username: 'mine', role: 'admin', projects: [{ id: us.id }] }, projectAdmin)
    // A member of the organization, whatever it is in the project.
    expect((await send('GET', base, undefined, basic(mine.username, mine.token))).status).toBe(403)
  })

  it('above one’s own stay', async () => {
    const asOwner = await session()
    const high = await make({ username: 'high', role: 'owner', projects: [{ id: us.id }] }, asOwner)
    expectDocumented(`DELETE ${documented}/:serviceAccountId`, '403', await send('DELETE', `${base}/${high.id}`))
    const adding = await add([high.id], [{ id: us.id, role: 'consumer' }])
    expectDocumented(`POST ${documented}/add-to-project`, '403', adding)
    const removal = await remove([{ id: us.id, service_account_ids: [high.id] }])
    expectDocumented(`POST ${documented}/remove-from-project`, '403', removal)
    expect(await ofProject()).toContainEqual(expect.objectContaining({ id: high.id, role: 'owner' }))
    expect((await send('DELETE', `${base}/${high.id}`, undefined, asOwner)).status).toBe(200)
  })
})

const bodies: Readonly<Record<string, object>> = {
  [`POST ${documented}`]: { username: 'x' },
  [`POST ${documented}/add-to-project`]: { projects: [{ id: us.id, role: 'analyst' }], service_account_ids: [1] },
  [`POST ${documented}/remove-from-project`]: { projects: [{ id: us.id, service_account_ids: [1] }] },
}
describe.each([
  `GET ${documented}`,
  `POST ${documented}`,
  `GET ${documented}/:serviceAccountId`,
  `DELETE ${documented}/:serviceAccountId`,
  `POST ${documented}/add-to-project`,
  `POST ${documented}/remove-from-project`,
  'GET /api/app/projects/:projectId/service-accounts',
])('%s', (operation) => {
  const [method = '', pattern = ''] = operation.split(' ')
  const path = (organizationId: number) =>
    pattern
      .replace(':organizationId', String(organizationId))
      .replace(':serviceAccountId', '1')
      .replace(':projectId', String(us.id))

  it('is closed to everybody else', async () => {
    for (const headers of [stranger, consumer]) {
      expectDocumented(operation, '403', await send(method, path(1), bodies[operation], headers))
    }
    if (pattern === documented) {
      for (const organizationId of [2, 99, 4_000_000_000]) {
        expectDocumented(operation, '403', await send(method, path(organizationId), bodies[operation]))
      }
    }
    for (const headers of [{}, basic('nobody', 'x'), basic(us.secret), bearer(owner.gdprToken)]) {
      expectDocumented(operation, '401', await send(method, path(1), bodies[operation], headers))
    }
  })
})

it('reaches neither projects nor accounts of another organization', async () => {
  const made = await make({ username: 'ours' })
  const asked = [
    send('POST', base, { username: 'x', projects: [{ id: other.id, role: 'consumer' }] }),
    add([made.id], [{ id: other.id, role: 'consumer' }]),
    add([made.id], [{ id: 77, role: 'consumer' }]),
    remove([{ id: other.id, service_account_ids: [made.id] }]),
  ]
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([403, 403, 403, 403])
  const theirs = (await send('GET', `/api/app/projects/${other.id}/service-accounts`, undefined, stranger)).json()
    .results
  expect(theirs).toHaveLength(1)
  expect((await send('GET', `${base}/${theirs[0].id}`)).status).toBe(404)
  expect((await send('DELETE', `${base}/${theirs[0].id}`)).status).toBe(404)
  expect((await add([theirs[0].id], [{ id: us.id, role: 'consumer' }])).status).toBe(404)
})

it.each<readonly [string, string, unknown]>([
  ['no name', '', {}],
  ['a colon in the name', '', { username: 'a:b' }],
  ['a role of your own', '', { username: 'a', role: 'custom' }],
  ['an end that is past', '', { username: 'a', expires: '2020-01-01T00:00:00Z' }],
  ['a project without a role', '', { username: 'a', projects: [{ id: us.id }] }],
  ['no projects', '/add-to-project', { service_account_ids: [1] }],
  ['a project without its accounts', '/remove-from-project', { projects: [{ id: us.id }] }],
])('is refused with 400 for %s', async (_what, path, body) => {
  expectDocumented(`POST ${documented}${path}`, '400', await send('POST', `${base}${path}`, body as object))
})

it('every documented answer was checked', () => {
  expect(notChecked(() => true, ['service-accounts'])).toEqual([])
})
