import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accountRoutes } from '../../src/features/accounts/create-accounts.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  admin,
  analyst,
  analystAccount,
  consumerAccount,
  defaultProvision,
  other,
  owner,
  stranger,
  us,
} from '../support/provision.ts'
import { nameOf } from './residency-cases.ts'

// auth §6: every route of accounts, asked by everybody about their own organization and project and about another one's.

const provision = defaultProvision()
const [acme] = provision.organizations
const billing = { email: 'billing@acme.test', password: 'billing horse battery' }
acme?.users.push({ ...billing, role: 'billing_admin' })
// Administers the US project, and is a member of the organization.
Object.assign(acme?.service_accounts[1] ?? {}, { projects: [{ id: us.id, role: 'admin' }] })

type Headers = Readonly<Record<string, string>>
/** Of organization 1. `projectAdmin` and `consumer` are service accounts, `analyst` a person with that role everywhere. */
const insiders = ['owner', 'admin', 'billing', 'analyst', 'projectAdmin', 'consumer'] as const
type Insider = (typeof insiders)[number]
let lethe: Lethe
let callers: Readonly<Record<Insider | 'stranger', Headers>>
beforeAll(async () => {
  lethe = await startLethe({ provision })
  callers = {
    owner: await logIn(lethe, owner),
    admin: await logIn(lethe, admin),
    billing: await logIn(lethe, billing),
    analyst: await logIn(lethe, analyst),
    projectAdmin: basic(analystAccount.username, analystAccount.secret),
    consumer: basic(consumerAccount.username, consumerAccount.secret),
    stranger: await logIn(lethe, stranger),
  }
})
afterAll(() => lethe?.stop())

const o: readonly Insider[] = ['owner']
const oa: readonly Insider[] = ['owner', 'admin']
const oap: readonly Insider[] = ['owner', 'admin', 'projectAdmin']
const organization = '/api/app/organizations/:organizationId'
const project = '/api/app/projects/:projectId'

/** Who is let in; everybody else gets 403. */
const allowed: Readonly<Record<string, readonly Insider[]>> = {
  [`GET ${organization}`]: insiders,
  [`PATCH ${organization}`]: o,
  [`DELETE ${organization}`]: o,
  [`POST ${organization}/restore`]: o,
  [`GET ${organization}/projects`]: insiders,
  [`POST ${organization}/projects`]: oa,
  [`GET ${organization}/deleted-projects`]: o,
  [`POST ${organization}/deleted-projects/:deletedId/restore`]: o,
  [`GET ${organization}/service-accounts`]: oa,
  [`POST ${organization}/service-accounts`]: oap,
  [`GET ${organization}/service-accounts/:serviceAccountId`]: oa,
  [`DELETE ${organization}/service-accounts/:serviceAccountId`]: oa,
  [`POST ${organization}/service-accounts/add-to-project`]: oap,
  [`POST ${organization}/service-accounts/remove-from-project`]: oap,
  [`GET ${organization}/members`]: oa,
  [`PATCH ${organization}/members/:userId`]: oa,
  [`DELETE ${organization}/members/:userId`]: oa,
  [`GET ${organization}/invitations`]: oa,
  [`POST ${organization}/invitations`]: oap,
  [`DELETE ${organization}/invitations/:invitationId`]: oa,
  [`POST ${organization}/invitations/:invitationId/renew`]: oa,
  [`GET ${organization}/teams`]: oa,
  [`POST ${organization}/teams`]: oa,
  [`PATCH ${organization}/teams/:teamId`]: oa,
  [`DELETE ${organization}/teams/:teamId`]: oa,
  [`PUT ${organization}/teams/:teamId/members/:memberId`]: oa,
  [`DELETE ${organization}/teams/:teamId/members/:memberId`]: oa,
  [`PUT ${organization}/teams/:teamId/service-accounts/:memberId`]: oa,
  [`DELETE ${organization}/teams/:teamId/service-accounts/:memberId`]: oa,
  [`PUT ${organization}/teams/:teamId/projects/:projectId`]: oa,
  [`DELETE ${organization}/teams/:teamId/projects/:projectId`]: oa,
  [`GET ${project}`]: ['owner', 'admin', 'analyst', 'projectAdmin', 'consumer'],
  [`PATCH ${project}`]: oap,
  [`DELETE ${project}`]: o,
  [`POST ${project}/reset`]: o,
  [`POST ${project}/transfer`]: o,
  [`GET ${project}/access-keys`]: oap,
  [`POST ${project}/access-keys/secret`]: o,
  [`POST ${project}/access-keys/token`]: o,
  [`GET ${project}/members`]: oap,
  [`PUT ${project}/members/:userId`]: oap,
  [`DELETE ${project}/members/:userId`]: oap,
  [`GET ${project}/service-accounts`]: oap,
  [`PUT ${project}/service-accounts/:serviceAccountId`]: oap,
  [`GET ${project}/roles`]: oap,
  [`POST ${project}/roles`]: oap,
  [`PATCH ${project}/roles/:roleId`]: oap,
  [`DELETE ${project}/roles/:roleId`]: oap,
  [`POST ${project}/roles/:roleId/copy`]: oap,
}
/** About the caller alone, or before there is one. */
const elsewhere = [
  'GET /api/app/organizations',
  'POST /api/app/setup',
  'POST /api/app/invitations/accept',
  'POST /api/app/me/invitations/accept',
]

/** What would do something if it were let in; of `projectId`, because that is what is asked about. */
const bodyOf = (name: string, projectId: number): object | undefined => {
  if (name.startsWith('GET') || name.startsWith('DELETE')) return undefined
  const projects = [{ id: projectId, role: 'consumer', service_account_ids: [424_242] }]
  const [grant] = [{ id: projectId, role: 'consumer' }]
  const bodies: Readonly<Record<string, object>> = {
    [`PATCH ${organization}`]: { name: 'Acme' },
    [`POST ${organization}/projects`]: { name: 'Made', region: 'US' },
    [`POST ${organization}/service-accounts`]: { username: 'made', projects },
    [`POST ${organization}/service-accounts/add-to-project`]: { projects, service_account_ids: [424_242] },
    [`POST ${organization}/service-accounts/remove-from-project`]: { projects },
    [`PATCH ${organization}/members/:userId`]: { role: 'member' },
    [`POST ${organization}/invitations`]: { emails: ['made@acme.test'], projects: [grant] },
    [`POST ${organization}/invitations/:invitationId/renew`]: {},
    [`POST ${organization}/teams`]: { name: crypto.randomUUID() },
    [`PATCH ${organization}/teams/:teamId`]: { name: 'Renamed' },
    [`PATCH ${project}`]: { name: 'Renamed' },
    [`POST ${project}/transfer`]: { organization_id: 424_242 },
    [`PUT ${project}/members/:userId`]: { role: 'consumer' },
    [`POST ${project}/roles`]: { name: crypto.randomUUID(), permissions: [] },
    [`PATCH ${project}/roles/:roleId`]: { name: 'Renamed' },
    [`POST ${project}/roles/:roleId/copy`]: { project_id: projectId },
  }
  return bodies[name] ?? { role: 'consumer' }
}

const ask = async (name: string, headers: Headers, organizationId: number, projectId: number): Promise<number> => {
  const [method = '', pattern = ''] = name.split(' ')
  const path = pattern
    .replace(':organizationId', String(organizationId))
    .replace(':projectId', String(projectId))
    .replace(':invitationId', crypto.randomUUID())
    .replace(/:\w+/g, '424242')
  const body = bodyOf(name, projectId)
  return (await lethe.send(method, path, { headers, ...(body === undefined ? {} : { body }) })).status
}

const endsProject = /^(DELETE \S+:projectId|POST \S+\/(reset|secret|token))$/
/** Routes that end something are asked about a project of their own. */
const projectFor = async (name: string, caller: Insider): Promise<number> => {
  if (!endsProject.test(name) || !name.includes(project) || !allowed[name]?.includes(caller)) return us.id
  const body = { name: 'Doomed', region: 'US' }
  const made = await lethe.post('/api/app/organizations/1/projects', { headers: callers.owner, body })
  return made.json().results.id
}

it('the table names every route of accounts', () => {
  const names = accountRoutes({} as never).map(nameOf)
  expect([...Object.keys(allowed), ...elsewhere].sort()).toEqual([...names].sort())
})

describe.each(Object.keys(allowed))('%s', (name) => {
  it.each(insiders)('asked by %s', async (caller) => {
    const status = await ask(name, callers[caller], 1, await projectFor(name, caller))
    // A transfer to an organization that is not theirs is refused to owners, too: tested by itself.
    const isIn = allowed[name]?.includes(caller) === true && name !== `POST ${project}/transfer`
    if (isIn) expect([200, 201, 404]).toContain(status)
    else expect(status).toBe(403)
  })

  it('about what is somebody else’s, by anybody', async () => {
    const foreign = await Promise.all(insiders.map((caller) => ask(name, callers[caller], 2, other.id)))
    expect(foreign).toEqual(insiders.map(() => 403))
    expect(await ask(name, callers.stranger, 1, us.id)).toBe(403)
  })

  it('with credentials that are not of people or service accounts', async () => {
    for (const headers of [{}, basic(us.secret), basic(us.token), bearer(owner.gdprToken), basic('nobody', 'x')]) {
      expect(await ask(name, headers, 1, us.id)).toBe(401)
    }
  })
})

it('a cookie alone changes nothing for pages of other sites', async () => {
  const { Cookie = '' } = callers.owner
  const writes = Object.keys(allowed).filter((name) => !name.startsWith('GET'))
  const statuses = await Promise.all(
    writes.map((name) => ask(name, { Cookie, Origin: 'https://evil.test', 'X-Lethe-Client': 'x' }, 1, us.id)),
  )
  expect(statuses).toEqual(writes.map(() => 403))
})
