import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  adminAccount,
  admin as adminPerson,
  analyst as analystPerson,
  eu,
  other,
  owner as ownerPerson,
  stranger as strangerPerson,
  us,
} from '../support/provision.ts'
import { scanFolder } from '../support/raw-scan.ts'
import { waitFor } from '../support/wait-for.ts'

// AUTH-19, AUTH-20, RES-01 (auth §6.5, residency §3): the life of organizations and projects.

type Headers = Readonly<Record<string, string>>
let lethe: Lethe
let owner: Headers
let admin: Headers
let analyst: Headers
let stranger: Headers
beforeAll(async () => {
  // Requests that were let in have eleven seconds; then a deleted project goes.
  lethe = await startLethe({
    env: { LETHE_PROJECT_DELETION_GRACE_SECONDS: '0', LETHE_INGEST_TIMEOUT_SECONDS: '1' },
  })
  owner = await logIn(lethe, ownerPerson)
  admin = await logIn(lethe, adminPerson)
  analyst = await logIn(lethe, analystPerson)
  stranger = await logIn(lethe, strangerPerson)
})
afterAll(() => lethe?.stop())

const call = async (method: string, path: string, headers: Headers, body?: object, host?: string) => {
  const answer = await lethe.send(method, `/api/app${path}`, {
    headers,
    ...(body === undefined ? {} : { body }),
    ...(host === undefined ? {} : { host }),
  })
  return { status: answer.status, body: answer.json(), results: answer.json().results }
}
interface Made {
  readonly id: number
  readonly token: string
  readonly secret: string
}
const make = async (body: object, headers: Headers = owner): Promise<Made & Readonly<Record<string, unknown>>> => {
  const { status, body: answered } = await call('POST', '/organizations/1/projects', headers, body)
  expect([status, answered.status]).toEqual([201, 'ok'])
  return answered.results
}
const track = async (token: string, name: string, host?: string) =>
  lethe.post('/track', {
    ...(host === undefined ? {} : { host }),
    body: [{ event: name, properties: { token, distinct_id: `id ${name}`, note: name } }],
  })
const exportWith = async (secret: string) => {
  const today = new Date().toISOString().slice(0, 10)
  return lethe.get(`/api/2.0/export?from_date=${today}&to_date=${today}`, { headers: basic(secret) })
}

describe('a new project', () => {
  it('has a region for ever, its cluster, and keys that work', async () => {
    const made = await make({ name: 'Made', region: 'eu', timezone: 'Europe/Paris' })
    expect(made).toMatchObject({
      name: 'Made',
      organization_id: 1,
      region: 'EU',
      cluster: 'mixpanel-prod-eu',
      timezone: 'Europe/Paris',
      identity: 'simplified',
      token: expect.stringMatching(/^[0-9a-f]{32}$/),
      secret: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect((await track(made.token, 'first', 'eu.lethe.localhost')).text).toBe('1')
    expect((await track(made.token, 'astray', 'us.lethe.localhost')).status).toBe(403)
    expect((await exportWith(made.secret)).text).toContain('"first"')
    const moved = await call('PATCH', `/projects/${made.id}`, owner, { region: 'US' })
    expect([moved.status, moved.body.error]).toEqual([400, 'the region of a project is fixed at creation'])
    const listed = await call('GET', '/organizations/1/projects', analyst)
    // A member sees the projects that they are in: provisioned before this one was made.
    expect(listed.results.map(({ id }: Made) => id)).toEqual([us.id, eu.id])
    const all = await call('GET', '/organizations/1/projects', admin)
    expect(all.results.map(({ id }: Made) => id)).toContain(made.id)
    expect(JSON.stringify(all.body)).not.toContain(made.secret)
    expect(lethe.logs()).not.toContain(made.secret)
  })

  it('may be made at the host of any region: only its data is bound', async () => {
    const body = { name: 'From the US', region: 'EU' }
    const made = await call('POST', '/organizations/1/projects', owner, body, 'us.lethe.localhost')
    expect([made.status, made.results.region]).toEqual([201, 'EU'])
    const path = `/projects/${made.results.id}`
    expect((await call('GET', path, owner, undefined, 'us.lethe.localhost')).status).toBe(403)
    expect((await call('GET', path, owner, undefined, 'eu.lethe.localhost')).status).toBe(200)
  })

  it.each([
    ['a region that is not installed', { name: 'x', region: 'MARS' }],
    ['no region', { name: 'x' }],
    ['no name', { name: ' ', region: 'US' }],
    ['no such zone', { name: 'x', region: 'US', timezone: '+02:00' }],
    ['a cluster', { name: 'x', region: 'US', cluster: 'mixpanel-prod-eu' }],
  ])('is refused with %s', async (_what, body) => {
    expect((await call('POST', '/organizations/1/projects', owner, body)).status).toBe(400)
  })

  it('is made by owners and admins of the organization', async () => {
    const body = { name: 'x', region: 'US' }
    for (const headers of [analyst, stranger, basic(adminAccount.username, adminAccount.secret)]) {
      expect((await call('POST', '/organizations/1/projects', headers, body)).status).toBe(403)
    }
    expect((await call('POST', '/organizations/1/projects', admin, body)).status).toBe(201)
    expect((await call('POST', '/organizations/1/projects', basic(us.secret), body)).status).toBe(401)
  })
})

describe('settings', () => {
  it('are name, zone, and identity while there is no data', async () => {
    const made = await make({ name: 'Set', region: 'US' })
    const path = `/projects/${made.id}`
    const changed = await call('PATCH', path, admin, { name: 'New', timezone: 'Asia/Kolkata', identity: 'original' })
    expect([changed.status, changed.results]).toMatchObject([200, { name: 'New', identity: 'original' }])
    expect((await call('GET', path, admin)).results).toMatchObject({ name: 'New', timezone: 'Asia/Kolkata' })
    expect((await track(made.token, 'filled')).text).toBe('1')
    expect((await call('PATCH', path, admin, { identity: 'simplified' })).status).toBe(409)
    expect((await call('PATCH', path, admin, { identity: 'original', name: 'Newer' })).status).toBe(200)
    const [entry] = (await call('GET', `${path}/audit-log?event_type=project.updated`, admin)).results
    expect(entry).toMatchObject({ changes: { name: { before: 'New', after: 'Newer' } } })
    for (const headers of [analyst, stranger]) {
      expect((await call('PATCH', path, headers, { name: 'y' })).status).toBe(403)
    }
  })

  it('of an organization are for its owners', async () => {
    expect((await call('PATCH', '/organizations/1', owner, { name: 'Acme Ltd' })).status).toBe(200)
    expect((await call('GET', '/organizations/1', analyst)).results).toMatchObject({ name: 'Acme Ltd', role: 'member' })
    expect((await call('GET', '/organizations', owner)).results).toMatchObject([{ id: 1, role: 'owner' }])
    expect((await call('PATCH', '/organizations/1', admin, { name: 'x' })).status).toBe(403)
    expect((await call('GET', '/organizations/1', stranger)).status).toBe(403)
  })
})

describe('access keys', () => {
  it('are seen by admins and renewed by owners; the old one is dead at once', async () => {
    const made = await make({ name: 'Keys', region: 'US' })
    const path = `/projects/${made.id}/access-keys`
    expect((await call('GET', path, admin)).results).toEqual({ token: made.token })
    expect((await call('GET', path, stranger)).status).toBe(403)
    for (const key of ['secret', 'token']) expect((await call('POST', `${path}/${key}`, admin)).status).toBe(403)
    expect((await exportWith(made.secret)).status).toBe(200)
    const { secret } = (await call('POST', `${path}/secret`, owner)).results
    expect([(await exportWith(made.secret)).status, (await exportWith(secret)).status]).toEqual([401, 200])
    const { token } = (await call('POST', `${path}/token`, owner)).results
    expect((await track(made.token, 'by the old token')).text).toBe('1')
    expect((await track(token, 'by the new token')).text).toBe('1')
    const { text } = await exportWith(secret)
    expect([text.includes('by the new token'), text.includes('by the old token')]).toEqual([true, false])
  })
})

describe('the end', () => {
  it('is for owners; a deleted project opens at once to nobody, and leaves no row and no byte', async () => {
    const made = await make({ name: 'Doomed', region: 'US' })
    const canary = `doomed${made.token}`
    expect((await track(made.token, canary)).text).toBe('1')
    expect((await track(us.token, `spared${made.token}`)).text).toBe('1')
    const group = { headers: owner, body: { key: 'company' } }
    expect((await lethe.post(`/api/app/projects/${made.id}/group-keys`, group)).status).toBe(201)
    const path = `/projects/${made.id}`
    for (const headers of [admin, analyst, stranger]) {
      expect((await call('DELETE', path, headers)).status).toBe(403)
    }
    expect((await call('DELETE', path, owner)).status).toBe(200)
    expect((await call('GET', path, owner)).status).toBe(403)
    expect((await exportWith(made.secret)).status).toBe(401)
    expect((await track(made.token, 'late')).text).toBe('1')
    const listed = await call('GET', '/organizations/1/projects', owner)
    expect(listed.results.map(({ id }: Made) => id)).not.toContain(made.id)
    const deleted = async () =>
      (await call('GET', '/organizations/1/deleted-projects', owner)).results.find(({ id }: Made) => id === made.id)
    expect(await deleted()).toMatchObject({ purged: null, purge_proof: null })
    const purged = await waitFor(
      'the purge',
      async () => ((await deleted()).purged === null ? null : deleted()),
      60_000,
    )
    expect(purged.purge_proof.event).toEqual({ before: 1, after: 0 })
    const left = Object.values<{ readonly after: number }>(purged.purge_proof).map(({ after }) => after)
    expect(left).toEqual(left.map(() => 0))
    expect((await call('POST', `/organizations/1/deleted-projects/${made.id}/restore`, owner)).status).toBe(404)
    const disk = await scanFolder(join(lethe.dataDir, 'us'), [canary, `spared${made.token}`])
    expect([...disk.found.keys()]).toEqual([`spared${made.token}`])
    const log = await call('GET', '/organizations/1/audit-log?event_type=project.deleted,project.purged', owner)
    expect(log.results.map(({ event_type: type }: { event_type: string }) => type)).toEqual([
      'project.purged',
      'project.deleted',
    ])
  }, 90_000)

  it('can be taken back before it comes', async () => {
    const made = await make({ name: 'Back', region: 'US' })
    expect((await track(made.token, 'kept')).text).toBe('1')
    expect((await call('DELETE', `/projects/${made.id}`, owner)).status).toBe(200)
    const path = `/organizations/1/deleted-projects/${made.id}/restore`
    expect((await call('POST', path, admin)).status).toBe(403)
    expect((await call('POST', path.replace('/1/', '/2/'), stranger)).status).toBe(404)
    expect((await call('POST', path, owner)).status).toBe(200)
    expect((await exportWith(made.secret)).text).toContain('"kept"')
  })

  it('of a reset leaves a new project with the same settings and members', async () => {
    const made = await make({ name: 'Again', region: 'EU', timezone: 'Europe/Rome' })
    const adding = { service_account_ids: [1], projects: [{ id: made.id, role: 'analyst' }] }
    expect((await call('POST', '/organizations/1/service-accounts/add-to-project', owner, adding)).status).toBe(200)
    expect((await call('POST', `/projects/${made.id}/reset`, admin)).status).toBe(403)
    const { status, results: fresh } = await call('POST', `/projects/${made.id}/reset`, owner)
    expect([status, fresh]).toMatchObject([201, { name: 'Again', region: 'EU', timezone: 'Europe/Rome' }])
    expect(fresh.id).not.toBe(made.id)
    expect((await exportWith(made.secret)).status).toBe(401)
    expect((await exportWith(fresh.secret)).text).toBe('')
    expect((await call('GET', `/projects/${fresh.id}/service-accounts`, owner)).results).toMatchObject([{ id: 1 }])
  })
})

it('a project is transferred by an owner of both organizations, alone', async () => {
  const made = await make({ name: 'Moving', region: 'US' })
  const adding = { service_account_ids: [1], projects: [{ id: made.id, role: 'analyst' }] }
  expect((await call('POST', '/organizations/1/service-accounts/add-to-project', owner, adding)).status).toBe(200)
  const path = `/projects/${made.id}/transfer`
  for (const headers of [owner, admin, stranger]) {
    expect((await call('POST', path, headers, { organization_id: 2 })).status).toBe(403)
  }
  expect((await call('GET', `/projects/${made.id}`, owner)).results.organization_id).toBe(1)
  expect((await call('GET', `/projects/${other.id}`, owner)).status).toBe(403)

  // The owner comes to administer the other organization as well.
  const invitation = { emails: [ownerPerson.email], role: 'admin' }
  const [sent] = (await call('POST', '/organizations/2/invitations', stranger, invitation)).results
  expect((await call('POST', '/me/invitations/accept', owner, { token: sent.token })).status).toBe(200)
  expect((await track(made.token, 'before it moved')).text).toBe('1')
  const role = { name: 'Left behind', permissions: ['audit:read'] }
  const roleId = (await call('POST', `/projects/${made.id}/roles`, owner, role)).results.id
  await call('PUT', `/projects/${made.id}/service-accounts/1`, owner, { custom_role_id: roleId })
  const moved = await call('POST', path, owner, { organization_id: 2 })
  expect([moved.status, moved.results.organization_id]).toEqual([200, 2])
  // Whom the new organization knows, it is open to; whoever worked in it before is out, and data and keys stay.
  expect((await call('GET', `/projects/${made.id}`, stranger)).status).toBe(200)
  for (const headers of [admin, basic(adminAccount.username, adminAccount.secret)]) {
    expect((await call('GET', `/projects/${made.id}`, headers)).status).toBe(403)
  }
  expect((await exportWith(made.secret)).text).toContain('"before it moved"')
  expect((await track(made.token, 'after it moved')).text).toBe('1')
  for (const [organizationId, headers] of [
    [1, owner],
    [2, stranger],
  ] as const) {
    const log = await call('GET', `/organizations/${organizationId}/audit-log?event_type=project.transferred`, headers)
    expect(log.results[0]).toMatchObject({ target: { id: String(made.id) } })
  }
})
