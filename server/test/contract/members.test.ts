import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  admin as adminPerson,
  analystAccount,
  analyst as analystPerson,
  defaultProvision,
  eu,
  other,
  owner as ownerPerson,
  stranger as strangerPerson,
  us,
} from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

// AUTH-14, AUTH-15, AUTH-18 (auth §6): who is in organizations and projects, and how they come in.

type Headers = Readonly<Record<string, string>>
interface Row {
  readonly id: number
  readonly email: string
}
let lethe: Lethe
let owner: Headers
let admin: Headers
let analyst: Headers
let stranger: Headers
const provision = defaultProvision()
const [acme] = provision.organizations
// Administers the US project, and is a member of the organization.
Object.assign(acme?.service_accounts[1] ?? {}, { projects: [{ id: us.id, role: 'admin' }] })
const projectAdmin = basic(analystAccount.username, analystAccount.secret)
beforeAll(async () => {
  lethe = await startLethe({ provision })
  owner = await logIn(lethe, ownerPerson)
  admin = await logIn(lethe, adminPerson)
  analyst = await logIn(lethe, analystPerson)
  stranger = await logIn(lethe, strangerPerson)
})
afterAll(() => lethe?.stop())

const call = async (method: string, path: string, headers: Headers, body?: object) => {
  const answer = await lethe.send(method, `/api/app${path}`, { headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, error: answer.json().error, results: answer.json().results }
}
const org = '/organizations/1'
const membersOf = async (headers: Headers = owner) => (await call('GET', `${org}/members`, headers)).results
const idOf = async (email: string): Promise<number> =>
  (await membersOf()).find((member: Row) => member.email === email)?.id ?? 0
const invite = async (body: object, headers: Headers = owner) => {
  const { status, results, error } = await call('POST', `${org}/invitations`, headers, body)
  expect([status, error]).toEqual([201, undefined])
  return results
}
const password = 'correct horse battery'
const accept = (token: string, sent = password) => call('POST', '/invitations/accept', {}, { token, password: sent })
/** Invites, accepts, logs in. */
const join_ = async (email: string, body: object = {}) => {
  const [{ token }] = await invite({ emails: [email], ...body })
  expect((await accept(token)).status).toBe(201)
  return logIn(lethe, { email, password })
}
const accessOf = async (headers: Headers, projectId: number = us.id) =>
  (await call('GET', `/projects/${projectId}`, headers)).status

describe('an invitation', () => {
  it('makes an account, with its roles, once', async () => {
    const [sent] = await invite({ emails: ['New@acme.test'], projects: [{ id: us.id, role: 'analyst' }] })
    expect(sent).toMatchObject({ email: 'new@acme.test', role: 'member', token: expect.stringMatching(/^\w{43}$/) })
    const open = await call('GET', `${org}/invitations`, admin)
    expect(open.results).toMatchObject([{ id: sent.id, email: 'new@acme.test' }])
    expect(JSON.stringify(open.results)).not.toContain(sent.token)
    expect((await accept(sent.token, 'short')).status).toBe(400)
    expect((await accept('x'.repeat(43))).status).toBe(404)
    expect((await accept(sent.token)).results).toEqual({ organization_id: 1 })
    expect((await accept(sent.token)).status).toBe(404)
    const person = await logIn(lethe, { email: 'new@acme.test', password })
    expect([await accessOf(person), await accessOf(person, eu.id), await accessOf(person, other.id)]).toEqual([
      200, 403, 403,
    ])
    const { results } = await call('GET', '/me', person)
    expect(results).toMatchObject({
      organizations: { 1: { role: 'member' } },
      projects: { [us.id]: { role: 'analyst' } },
    })
    const log = await call('GET', `${org}/audit-log?event_type=invitation.sent,invitation.accepted`, owner)
    expect(log.results.map((entry: { event_type: string }) => entry.event_type)).toEqual([
      'invitation.accepted',
      'invitation.sent',
    ])
    expect(lethe.logs()).not.toContain(sent.token)
  })

  it('never gives a new password to an account that exists; its person accepts after logging in', async () => {
    const [{ token }] = await invite({ emails: [strangerPerson.email], role: 'admin' })
    expect((await accept(token)).status).toBe(409)
    expect((await call('POST', '/me/invitations/accept', analyst, { token })).status).toBe(403)
    expect((await call('GET', org, stranger)).status).toBe(403)
    expect((await call('POST', '/me/invitations/accept', stranger, { token })).status).toBe(200)
    expect((await call('GET', org, stranger)).results.role).toBe('admin')
    expect(await call('DELETE', `${org}/members/${await idOf(strangerPerson.email)}`, owner)).toMatchObject({
      status: 200,
    })
    expect((await call('GET', org, stranger)).status).toBe(403)
    expect((await call('GET', '/organizations/2', stranger)).status).toBe(200)
  })

  it('can be withdrawn, and a newer one ends it', async () => {
    const [first] = await invite({ emails: ['late@acme.test'] })
    const [second] = await invite({ emails: ['late@acme.test'] })
    expect((await accept(first.token)).status).toBe(404)
    const path = `${org}/invitations/${second.id}`
    expect((await call('DELETE', path, projectAdmin)).status).toBe(403)
    expect((await call('DELETE', path.replace('/1/', '/2/'), stranger)).status).toBe(404)
    expect((await call('DELETE', path, admin)).status).toBe(200)
    expect((await accept(second.token)).status).toBe(404)
    expect((await call('DELETE', path, admin)).status).toBe(404)
  })

  it('ends with whoever gave it', async () => {
    const leaver = await join_('leaver@acme.test', { role: 'admin' })
    const [{ token }] = await invite({ emails: ['backdoor@acme.test'], role: 'admin' }, leaver)
    expect((await call('DELETE', `${org}/members/${await idOf('leaver@acme.test')}`, owner)).status).toBe(200)
    expect((await accept(token)).status).toBe(404)
  })

  it('gives nobody more than the inviter has', async () => {
    const asked = (headers: Headers, body: object) =>
      call('POST', `${org}/invitations`, headers, { emails: ['x@acme.test'], ...body })
    expect((await asked(admin, { role: 'owner' })).status).toBe(403)
    expect((await asked(admin, { projects: [{ id: us.id, role: 'owner' }] })).status).toBe(403)
    expect((await asked(admin, { projects: [{ id: other.id, role: 'consumer' }] })).status).toBe(403)
    expect((await asked(analyst, {})).status).toBe(403)
    expect((await asked(analyst, { projects: [{ id: us.id, role: 'consumer' }] })).status).toBe(403)
    expect((await asked(stranger, {})).status).toBe(403)
    expect((await asked(projectAdmin, {})).status).toBe(403)
    expect((await asked(projectAdmin, { role: 'admin', projects: [{ id: us.id, role: 'admin' }] })).status).toBe(403)
    expect((await asked(projectAdmin, { projects: [{ id: eu.id, role: 'consumer' }] })).status).toBe(403)
    expect((await asked(projectAdmin, { projects: [{ id: us.id, role: 'admin' }] })).status).toBe(201)
  })
})

describe('members', () => {
  it('change their role at once, and lose everything when they are removed', async () => {
    const person = await join_('worker@acme.test', { role: 'admin' })
    const id = await idOf('worker@acme.test')
    expect(await accessOf(person, eu.id)).toBe(200)
    const issued = await lethe.post('/api/app/me/gdpr-tokens', { headers: person })
    const task = () =>
      lethe.get(`/api/app/data-deletions/v3.0/no-such-task?token=${us.token}`, {
        headers: bearer(issued.json().results.token),
      })
    expect((await task()).status).toBe(200)
    expect((await call('PATCH', `${org}/members/${id}`, admin, { role: 'member' })).status).toBe(200)
    expect([await accessOf(person, eu.id), (await task()).status]).toEqual([403, 403])
    expect((await call('PUT', `/projects/${eu.id}/members/${id}`, admin, { role: 'consumer' })).status).toBe(200)
    expect(await accessOf(person, eu.id)).toBe(200)
    expect((await call('DELETE', `${org}/members/${id}`, admin)).status).toBe(200)
    expect([await accessOf(person, eu.id), (await task()).status]).toEqual([403, 401])
    expect((await call('GET', `/projects/${eu.id}/members`, admin)).results).not.toContainEqual(
      expect.objectContaining({ id }),
    )
  })

  it('above one’s own role stay as they are, and there is always an owner', async () => {
    const [ownerId, adminId] = [await idOf(ownerPerson.email), await idOf(adminPerson.email)]
    expect((await call('PATCH', `${org}/members/${ownerId}`, admin, { role: 'member' })).status).toBe(403)
    expect((await call('DELETE', `${org}/members/${ownerId}`, admin)).status).toBe(403)
    expect((await call('PATCH', `${org}/members/${adminId}`, admin, { role: 'owner' })).status).toBe(403)
    expect((await call('PATCH', `${org}/members/${ownerId}`, owner, { role: 'admin' })).status).toBe(409)
    expect((await call('DELETE', `${org}/members/${ownerId}`, owner)).status).toBe(409)
    expect((await call('GET', org, owner)).results.role).toBe('owner')
    expect((await call('PATCH', `${org}/members/${adminId}`, owner, { role: 'owner' })).status).toBe(200)
    expect((await call('PATCH', `${org}/members/${adminId}`, owner, { role: 'admin' })).status).toBe(200)
  })

  it('of projects are members of the organization, with roles up to that of the one who gives them', async () => {
    const id = await idOf(analystPerson.email)
    const path = `/projects/${us.id}/members/${id}`
    expect((await call('PUT', path, projectAdmin, { role: 'owner' })).status).toBe(403)
    expect((await call('PUT', path, projectAdmin, { role: 'admin' })).status).toBe(200)
    expect((await call('PUT', path, owner, { role: 'owner' })).status).toBe(200)
    expect((await call('PUT', path, projectAdmin, { role: 'consumer' })).status).toBe(403)
    expect((await call('DELETE', path, projectAdmin)).status).toBe(403)
    expect((await call('PUT', path, owner, { role: 'analyst' })).status).toBe(200)
    expect((await call('GET', `/projects/${us.id}/members`, projectAdmin)).results).toMatchObject(
      expect.arrayContaining([
        { id, email: analystPerson.email, custom_role_id: null, custom_role: null, role: 'analyst' },
      ]),
    )
    const foreign = (await call('GET', '/organizations/2/members', stranger)).results[0].id
    expect((await call('PUT', `/projects/${us.id}/members/${foreign}`, owner, { role: 'analyst' })).status).toBe(404)
    expect((await call('PUT', `/projects/${us.id}/members/${id}`, analyst, { role: 'owner' })).status).toBe(403)
    expect((await call('PATCH', `${org}/members/${foreign}`, owner, { role: 'member' })).status).toBe(404)
  })
})

describe('the first run', () => {
  it('prints a code that makes one owner, who can do everything, and then nothing', async () => {
    const fresh = await startLethe({ provision: null })
    try {
      // Printed right after the line that says that it is ready.
      const code = await waitFor('the link', () => /\/setup\?code=(\w{32})/.exec(fresh.logs())?.[1])
      const body = { code, email: 'first@acme.test', password, organization: 'Acme' }
      const setUp = (change: object) => fresh.post('/api/app/setup', { body: { ...body, ...change } })
      expect((await setUp({ code: 'x'.repeat(32) })).status).toBe(403)
      expect((await setUp({ password: 'short' })).status).toBe(400)
      const made = await setUp({})
      expect([made.status, made.json().results.name]).toEqual([201, 'Acme'])
      expect((await setUp({ email: 'second@acme.test' })).status).toBe(403)
      const first = await logIn(fresh, { email: 'first@acme.test', password })
      const path = `/api/app/organizations/${made.json().results.id}/projects`
      const project = await fresh.post(path, { headers: first, body: { name: 'Shop', region: 'US' } })
      expect(project.status).toBe(201)
      const { token } = project.json().results
      const event = { event: 'Seen', properties: { token, distinct_id: 'first' } }
      expect((await fresh.post('/track', { body: [event] })).text).toBe('1')
      const found = await scanFolder(join(fresh.dataDir, 'control'), [code, password])
      expect([...found.found]).toEqual([])
    } finally {
      await fresh.stop()
    }
  })

  it('prints none where somebody can log in', () => {
    expect(lethe.logs()).not.toContain('/setup')
  })
})
