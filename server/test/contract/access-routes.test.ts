import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { assignablePermissions, basePermissions, permissionTable } from '../../src/features/access/index.ts'
import { isScopedRoute, type Route } from '../../src/http/route.ts'
import type { CredentialKind, Permission, Role } from '../../src/kernel/principal.ts'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  adminAccount,
  admin as adminPerson,
  analystAccount,
  analyst as analystPerson,
  consumerAccount,
  defaultProvision,
  other,
  ownerAccount,
  owner as ownerPerson,
  strangerAccount,
  stranger as strangerPerson,
  us,
} from '../support/provision.ts'
import { type Asked, allRoutes, cases, homes, nameOf, type Sent } from './residency-cases.ts'

// auth §6: every route of a project, from the table of routes, asked by everybody: in every role and by every kind of
// credential, about their own project, about another one's, and at the host of another region.

const roleAccount = { username: 'role.abc123.mp-service-account', secret: 'role secret of tests' }
const provision = defaultProvision()
const [acme] = provision.organizations
const held = [{ id: us.id as number, role: 'consumer' }]
Object.assign(acme ?? {}, { service_accounts: [...(acme?.service_accounts ?? []), { ...roleAccount, projects: held }] })

type Headers = Readonly<Record<string, string>>
interface Caller {
  readonly name: string
  readonly kind: CredentialKind
  readonly headers: Headers
  /** On the US project. */
  readonly holds: (permission: Permission) => boolean
}

let lethe: Lethe
let callers: readonly Caller[]
let owner: Headers
const ofRole = (role: Role) => (permission: Permission) => permissionTable[permission].roles.includes(role)
const nothing = () => false
/** What a secret opens is its own list (auth §1). */
const ofSecret: readonly Permission[] = [
  'events:import',
  'events:export',
  'jql:run',
  'profiles:export',
  'query:read',
  'reports:write',
  'lookup-tables:upload',
  'pipelines:manage',
]

beforeAll(async () => {
  const rates = Object.fromEntries(
    ['GDPR_RATE_PER_SECOND', 'GDPR_STATUS_RATE_PER_SECOND'].map((name) => [`LETHE_${name}`, '10000']),
  )
  lethe = await startLethe({ provision, env: rates })
  owner = await logIn(lethe, ownerPerson)
  const account = (role: Role, { username, secret }: typeof ownerAccount): Caller => ({
    name: `a service account as ${role}`,
    kind: 'service-account',
    headers: basic(username, secret),
    holds: ofRole(role),
  })
  const people = [
    ['owner', ownerPerson, ofRole('owner')],
    ['admin', adminPerson, ofRole('admin')],
    ['analyst', analystPerson, ofRole('analyst')],
    ['owner of another organization', strangerPerson, nothing],
  ] as const
  const sessions = people.map(
    async ([name, person, holds]): Promise<readonly Caller[]> => [
      { name: `a person as ${name}`, kind: 'session', headers: await logIn(lethe, person), holds },
      { name: `a privacy token of the ${name}`, kind: 'gdpr-token', headers: bearer(person.gdprToken), holds },
    ],
  )
  callers = [
    account('owner', ownerAccount),
    account('admin', adminAccount),
    account('analyst', analystAccount),
    account('consumer', consumerAccount),
    { ...account('admin', strangerAccount), name: 'a service account of another organization', holds: nothing },
    ...(await Promise.all(sessions)).flat(),
    { name: 'the secret', kind: 'project-secret', headers: basic(us.secret), holds: (name) => ofSecret.includes(name) },
    { name: 'the token', kind: 'project-token', headers: basic(us.token), holds: (name) => name === 'events:import' },
    { name: 'the secret of another project', kind: 'project-secret', headers: basic(other.secret), holds: nothing },
  ]
})
afterAll(() => lethe?.stop())

const scoped = allRoutes.filter(isScopedRoute)
/** They end a project or its keys, or ask for more than a permission: their own tests say what they do when let in. */
const askMore: ReadonlySet<string> = new Set(
  ['DELETE', 'POST /reset', 'POST /transfer', 'POST /access-keys/secret', 'POST /access-keys/token'].map((text) => {
    const [method = '', rest = ''] = text.split(' ')
    return `${method} /api/app/projects/:projectId${rest}`
  }),
)

const ask = (route: Route, headers: Headers, home: { readonly id: number; readonly token: string }, host?: string) => {
  const task = 'ffffffffffffffff'
  const asked = { canary: randomUUID(), retrievalId: task, deletionId: task, link: 'https://x.test/', session: {} }
  const { path, ...sent } = (cases[nameOf(route)] as (asked: Asked) => Sent)({
    ...asked,
    home: { ...homes.US, ...home },
  })
  const type = sent.headers?.['Content-Type']
  const all = { ...headers, ...(type === undefined ? {} : { 'Content-Type': type }) }
  return lethe.send(route.method, path, { ...sent, headers: all, ...(host === undefined ? {} : { host }) })
}

/** All at once: most of the time of a refusal is the way there and back. */
const byEachCaller = (check: (caller: Caller) => Promise<void>) => Promise.all(callers.map(check))

describe.each(scoped.map((route) => [nameOf(route), route] as const))('%s', (name, route) => {
  const { accepts, permission } = route.access
  const kinds: readonly CredentialKind[] = accepts

  it(`is for whoever holds ${permission}`, async () => {
    await byEachCaller(async (caller) => {
      const isKnown = kinds.includes(caller.kind)
      if (isKnown && caller.holds(permission) && askMore.has(name)) return
      const { status } = await ask(route, caller.headers, us)
      if (!isKnown) expect([caller.name, status]).toEqual([caller.name, 401])
      else if (caller.holds(permission)) expect([401, 403], `${caller.name}: ${status}`).not.toContain(status)
      // A secret that names another project than its own: told so.
      else expect(caller.kind === 'project-secret' ? [400, 403] : [403], caller.name).toContain(status)
    })
  })

  it('is nobody’s at the host of another region, and of another project', async () => {
    await byEachCaller(async (caller) => {
      const elsewhere = await ask(route, caller.headers, us, homes.EU.host)
      expect([400, 401, 403], `${caller.name}: ${elsewhere.status}`).toContain(elsewhere.status)
      if (caller.holds !== nothing) {
        const foreign = await ask(route, caller.headers, other)
        expect([400, 401, 403], `${caller.name}: ${foreign.status}`).toContain(foreign.status)
      }
    })
  })
})

describe('a custom role', () => {
  let rolePath: string
  const headers = basic(roleAccount.username, roleAccount.secret)
  const send = async (method: string, path: string, body?: object) => {
    const answer = await lethe.send(method, path, { headers: owner, ...(body === undefined ? {} : { body }) })
    expect([200, 201]).toContain(answer.status)
    return answer.json().results
  }
  beforeAll(async () => {
    const roles = `/api/app/projects/${us.id}/roles`
    const role = await send('POST', roles, { name: 'One permission', permissions: [] })
    rolePath = `${roles}/${role.id}`
    const accounts = await send('GET', '/api/app/organizations/1/service-accounts')
    const { id } = accounts.find(({ username }: { username: string }) => username === roleAccount.username)
    await send('PUT', `/api/app/projects/${us.id}/service-accounts/${id}`, { custom_role_id: role.id })
  })

  const accounts = scoped.filter(({ access }) =>
    (access.accepts as readonly CredentialKind[]).includes('service-account'),
  )
  it.each(['nothing', ...assignablePermissions])(
    'of %s opens the routes of that and of the base',
    async (permission) => {
      const permissions = permission === 'nothing' ? [] : [permission]
      await send('PATCH', rolePath, { permissions })
      // All routes of what it holds, and of everything else the first.
      const firsts = new Set(new Map(accounts.toReversed().map((route) => [route.access.permission, route])).values())
      for (const route of accounts) {
        const wanted = route.access.permission
        const isIn = wanted === permission || basePermissions.includes(wanted)
        if (!firsts.has(route) && wanted !== permission) continue
        const { status, text } = await ask(route, headers, us)
        // Let in, and told that the answer would show what is classified (PRIV-36).
        if (isIn && status === 403 && text.includes('classified')) continue
        if (isIn) expect([401, 403], `${nameOf(route)}: ${status} ${text}`).not.toContain(status)
        else expect([nameOf(route), status]).toEqual([nameOf(route), 403])
      }
    },
  )
})

it('every permission is asked for by a route, or by a slice while it answers', () => {
  const asked = new Set(scoped.map(({ access }) => access.permission))
  // Asked for while rows are read and while definitions are shown and changed, not at a door.
  const inside: readonly Permission[] = ['classified:access', 'reports:manage', 'lexicon:govern', 'lexicon:export']
  const idle = Object.keys(permissionTable).filter((name) => !asked.has(name as Permission))
  expect(idle.filter((name) => !inside.includes(name as Permission))).toEqual([])
})
