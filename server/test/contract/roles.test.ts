import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  adminAccount,
  admin as adminPerson,
  analyst as analystPerson,
  consumerAccount,
  eu,
  other,
  owner as ownerPerson,
  stranger as strangerPerson,
  us,
} from '../support/provision.ts'

// AUTH-16, PRIV-36 (auth §6.4): roles of a project's own, and who sees classified properties by them.

type Headers = Readonly<Record<string, string>>
let lethe: Lethe
let owner: Headers
let admin: Headers
let analyst: Headers
let stranger: Headers
const account = basic(consumerAccount.username, consumerAccount.secret)
beforeAll(async () => {
  lethe = await startLethe()
  owner = await logIn(lethe, ownerPerson)
  admin = await logIn(lethe, adminPerson)
  analyst = await logIn(lethe, analystPerson)
  stranger = await logIn(lethe, strangerPerson)
})
afterAll(() => lethe?.stop())

const call = async (method: string, path: string, headers: Headers, body?: object) => {
  const answer = await lethe.send(method, `/api/app${path}`, { headers, ...(body === undefined ? {} : { body }) })
  return { status: answer.status, body: answer.json(), results: answer.json().results }
}
const roles = (projectId: number = us.id) => `/projects/${projectId}/roles`
const make = async (body: object, headers: Headers = admin, projectId: number = us.id) => {
  const made = await call('POST', roles(projectId), headers, { permissions: [], ...body })
  expect([made.status, made.body.error]).toEqual([201, undefined])
  return made.results as { readonly id: number; readonly name: string; readonly permissions: readonly string[] }
}
const idOf = async (email: string): Promise<number> =>
  (await call('GET', '/organizations/1/members', owner)).results.find((row: { email: string }) => row.email === email)
    .id
const accountId = async (): Promise<number> =>
  (await call('GET', '/organizations/1/service-accounts', owner)).results.find(
    (row: { username: string }) => row.username === consumerAccount.username,
  ).id
const give = async (roleId: number, headers: Headers = admin, projectId: number = us.id) =>
  (
    await call('PUT', `/projects/${projectId}/service-accounts/${await accountId()}`, headers, {
      custom_role_id: roleId,
    })
  ).status
const takeBack = async () =>
  call('PUT', `/projects/${us.id}/service-accounts/${await accountId()}`, admin, { role: 'consumer' })
const removeAll = async (projectId: number = us.id) => {
  for (const { id } of (await call('GET', roles(projectId), owner)).results) {
    expect((await call('DELETE', `${roles(projectId)}/${id}`, owner)).status).toBe(200)
  }
}

/** One route of each permission that a role can have, asked by the service account. */
const doors: Readonly<Record<string, () => Promise<number>>> = {
  'data-settings:write': async () => (await call('GET', `/projects/${us.id}/retention`, account)).status,
  'events:delete': async () => (await call('GET', `/projects/${us.id}/event-deletions`, account)).status,
  'data-rules:write': async () => (await call('GET', `/projects/${us.id}/data-rules`, account)).status,
  'classified:mark': async () => (await call('GET', `/projects/${us.id}/classified-properties`, account)).status,
  'audit:read': async () => (await call('GET', `/projects/${us.id}/audit-log`, account)).status,
  'access-keys:read': async () => (await call('GET', `/projects/${us.id}/access-keys`, account)).status,
  'settings:write': async () => (await call('PATCH', `/projects/${us.id}`, account, { name: 'Shop' })).status,
  'events:export': async () =>
    (
      await lethe.get(`/api/2.0/export?project_id=${us.id}&from_date=2026-01-01&to_date=2026-01-01`, {
        headers: account,
      })
    ).status,
  'profiles:export': async () =>
    (await lethe.get(`/api/query/engage?project_id=${us.id}`, { headers: account })).status,
  'events:import': async () =>
    (await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: account, body: [] })).status,
  'lookup-tables:upload': async () =>
    (await lethe.get(`/lookup-tables?project_id=${us.id}`, { headers: account })).status,
  'reports:write': async () => (await call('DELETE', `/projects/${us.id}/cohorts/424242`, account)).status,
  'definitions:write': async () => (await call('DELETE', `/projects/${us.id}/custom-events/424242`, account)).status,
}
const refused = async (): Promise<readonly string[]> => {
  const names: string[] = []
  for (const [name, ask] of Object.entries(doors)) if ((await ask()) === 403) names.push(name)
  return names
}

describe('a role of a project’s own', () => {
  it('opens what it holds and the base, and nothing else, from the next request on', async () => {
    const made = await make({ name: 'Bare' })
    expect(await give(made.id)).toBe(200)
    expect((await call('GET', `/projects/${us.id}`, account)).status).toBe(200)
    expect((await call('GET', `/projects/${us.id}/members`, account)).status).toBe(403)
    expect((await call('DELETE', `/projects/${us.id}`, account)).status).toBe(403)
    expect(await refused()).toEqual(Object.keys(doors))
    for (const permission of Object.keys(doors)) {
      expect((await call('PATCH', `${roles()}/${made.id}`, admin, { permissions: [permission] })).status).toBe(200)
      expect(await refused()).toEqual(Object.keys(doors).filter((name) => name !== permission))
    }
    const me = (await call('GET', '/me', account)).results.projects[us.id]
    expect(me).toMatchObject({ role: 'Bare', permissions: ['project:read', 'query:read', 'definitions:write'] })
    // Elsewhere nothing has changed.
    expect((await call('GET', `/projects/${eu.id}/retention`, account)).status).toBe(403)
    expect((await call('GET', '/me', account)).results.projects[eu.id].role).toBe('consumer')
  })

  it('leaves consumers behind when it is deleted', async () => {
    const made = await make({ name: 'Passing', permissions: ['audit:read'] })
    expect(await give(made.id)).toBe(200)
    const analystId = await idOf(analystPerson.email)
    const member = `/projects/${us.id}/members/${analystId}`
    expect((await call('PUT', member, admin, { custom_role_id: made.id })).status).toBe(200)
    expect((await call('GET', `/projects/${us.id}/audit-log`, analyst)).status).toBe(200)
    const listed = (await call('GET', roles(), admin)).results
    expect(listed.find(({ id }: { id: number }) => id === made.id).holder_count).toBe(2)
    expect((await call('DELETE', `${roles()}/${made.id}`, admin)).status).toBe(200)
    for (const headers of [analyst, account]) {
      expect((await call('GET', `/projects/${us.id}/audit-log`, headers)).status).toBe(403)
      expect((await call('GET', '/me', headers)).results.projects[us.id].role).toBe('consumer')
    }
    expect((await call('PUT', member, admin, { custom_role_id: made.id })).status).toBe(404)
    expect((await call('PUT', member, admin, { role: 'analyst' })).status).toBe(200)
  })

  it('is held by teams, beside the roles of their people', async () => {
    const made = await make({ name: 'Of a team', permissions: ['audit:read'] })
    const team = (await call('POST', '/organizations/1/teams', admin, { name: 'Readers' })).results
    const path = `/organizations/1/teams/${team.id}`
    expect(
      (await call('PUT', `${path}/projects/${us.id}`, admin, { custom_role_id: made.id })).results.projects,
    ).toEqual([{ id: us.id, role: 'consumer', custom_role_id: made.id }])
    expect((await call('PUT', `${path}/members/${await idOf(analystPerson.email)}`, admin)).status).toBe(200)
    expect((await call('GET', `/projects/${us.id}/audit-log`, analyst)).status).toBe(200)
    expect((await call('GET', '/me', analyst)).results.projects[us.id].role).toBe('analyst')
    expect((await call('PUT', `${path}/projects/${eu.id}`, admin, { custom_role_id: made.id })).status).toBe(404)
    expect((await call('DELETE', path, admin)).status).toBe(200)
    expect((await call('GET', `/projects/${us.id}/audit-log`, analyst)).status).toBe(403)
  })

  it('comes with an invitation', async () => {
    const made = await make({ name: 'Invited', permissions: ['data-rules:write'] })
    const invitation = { emails: ['invited@acme.test'], projects: [{ id: us.id, custom_role_id: made.id }] }
    const [sent] = (await call('POST', '/organizations/1/invitations', admin, invitation)).results
    const person = { email: 'invited@acme.test', password: 'invited horse battery' }
    const accepted = await lethe.post('/api/app/invitations/accept', {
      body: { token: sent.token, password: person.password },
    })
    expect(accepted.status).toBe(201)
    const headers = await logIn(lethe, person)
    expect((await call('GET', `/projects/${us.id}/data-rules`, headers)).status).toBe(200)
    expect((await call('GET', `/projects/${us.id}/retention`, headers)).status).toBe(403)
    expect((await call('GET', '/organizations/1/projects', headers)).results).toMatchObject([{ id: us.id }])
  })

  it('is written down, and named once in a project, five at most', async () => {
    await removeAll()
    await takeBack()
    const made = await make({ name: 'One', permissions: ['audit:read'] })
    expect((await call('POST', roles(), admin, { name: 'ONE', permissions: [] })).status).toBe(409)
    await call('PATCH', `${roles()}/${made.id}`, admin, { name: 'First', permissions: ['events:export'] })
    for (const name of ['Two', 'Three', 'Four', 'Five']) await make({ name })
    expect((await call('POST', roles(), admin, { name: 'Six', permissions: [] })).status).toBe(409)
    const log = (await call('GET', `/projects/${us.id}/audit-log?event_type=custom_role.updated`, admin)).results[0]
    expect(log).toMatchObject({
      target: { type: 'custom_role', id: String(made.id), name: 'First' },
      changes: {
        name: { before: 'One', after: 'First' },
        permissions: { before: ['audit:read'], after: ['events:export'] },
      },
    })
    await removeAll()
  })

  it('is made and given by owners and admins, of their own project', async () => {
    const made = await make({ name: 'Mine' })
    for (const headers of [analyst, account, stranger]) {
      for (const [method, path, body] of [
        ['GET', roles(), undefined],
        ['POST', roles(), { name: 'x', permissions: [] }],
        ['PATCH', `${roles()}/${made.id}`, { name: 'x' }],
        ['DELETE', `${roles()}/${made.id}`, undefined],
        ['POST', `${roles()}/${made.id}/copy`, { project_id: us.id }],
      ] as const) {
        expect((await call(method, path, headers, body)).status).toBe(403)
      }
    }
    expect((await call('PATCH', `${roles(eu.id)}/${made.id}`, admin, { name: 'x' })).status).toBe(404)
    expect(await give(made.id, admin, eu.id)).toBe(404)
    for (const permissions of [['project:own'], ['project:admin'], ['privacy:request'], ['nonsense']]) {
      expect((await call('POST', roles(), owner, { name: 'x', permissions })).status).toBe(400)
    }
    for (const body of [{}, { role: 'analyst', custom_role_id: made.id }, { custom_role_id: 'x' }]) {
      expect((await call('PUT', `/projects/${us.id}/members/1`, owner, body)).status).toBe(400)
    }
    await removeAll()
  })

  it('is copied to another project of theirs', async () => {
    const made = await make({ name: 'Copied', description: 'for both', permissions: ['audit:read'] })
    const copied = await call('POST', `${roles()}/${made.id}/copy`, admin, { project_id: eu.id })
    expect([copied.status, copied.results]).toMatchObject([
      201,
      { name: 'Copied', description: 'for both', permissions: ['audit:read'] },
    ])
    expect((await call('GET', roles(eu.id), admin)).results).toMatchObject([{ id: copied.results.id }])
    expect((await call('POST', `${roles()}/${made.id}/copy`, admin, { project_id: eu.id })).status).toBe(409)
    for (const to of [other.id, 424_242]) {
      expect((await call('POST', `${roles()}/${made.id}/copy`, admin, { project_id: to })).status).toBe(403)
    }
    await removeAll()
    await removeAll(eu.id)
  })

  it('follows a project that is reset', async () => {
    const project = (await call('POST', '/organizations/1/projects', owner, { name: 'Reset', region: 'US' })).results
    const made = await make({ name: 'Kept', permissions: ['audit:read'] }, owner, project.id)
    expect(await give(made.id, owner, project.id)).toBe(200)
    const fresh = (await call('POST', `/projects/${project.id}/reset`, owner)).results
    expect((await call('GET', roles(fresh.id), owner)).results).toMatchObject([{ name: 'Kept', holder_count: 1 }])
    expect((await call('GET', `/projects/${fresh.id}/audit-log`, account)).status).toBe(200)
  })
})

describe('classified properties (PRIV-36)', () => {
  const path = `/projects/${us.id}/classified-properties`
  const secretOf = async (headers: Headers): Promise<unknown> => {
    const query = `project_id=${us.id}&from_date=2026-01-01&to_date=${new Date().toISOString().slice(0, 10)}`
    const answer = await lethe.get(`/api/2.0/export?${query}`, { headers })
    expect(answer.status).toBe(200)
    return JSON.parse(answer.text.trim()).properties.salary
  }

  it('are seen by whom a custom role or a team grants access, while it does', async () => {
    const writer = basic(adminAccount.username, adminAccount.secret)
    const time = Math.floor(Date.now() / 1_000) - 60
    const body = [{ event: 'Paid', properties: { time, distinct_id: 'ann', $insert_id: 'i1', salary: 70_000 } }]
    expect((await lethe.post(`/import?strict=1&project_id=${us.id}`, { headers: writer, body })).status).toBe(200)
    expect(await secretOf(writer)).toBe(70_000)
    expect((await call('PUT', path, admin, { event: ['salary'], profile: [] })).status).toBe(200)
    expect(await secretOf(writer)).toBeUndefined()

    const made = await make({ name: 'Trusted', permissions: ['events:export', 'classified:access'] })
    expect(await give(made.id)).toBe(200)
    expect(await secretOf(account)).toBe(70_000)
    // To see them is not to mark them.
    expect((await call('PUT', path, account, { event: [], profile: [] })).status).toBe(403)
    expect((await call('GET', `/projects/${us.id}/service-accounts`, admin)).results).toContainEqual(
      expect.objectContaining({ username: consumerAccount.username, hasSensitiveAccess: true, custom_role: 'Trusted' }),
    )
    await call('PATCH', `${roles()}/${made.id}`, admin, { permissions: ['events:export'] })
    expect(await secretOf(account)).toBeUndefined()

    const team = (await call('POST', '/organizations/1/teams', admin, { name: 'Payroll' })).results
    const teamPath = `/organizations/1/teams/${team.id}`
    await call('PUT', `${teamPath}/projects/${us.id}`, admin, { role: 'consumer' })
    await call('PUT', `${teamPath}/service-accounts/${await accountId()}`, admin)
    expect(await secretOf(account)).toBeUndefined()
    const flagged = await call('PATCH', teamPath, admin, { classified_access: true })
    expect([flagged.status, flagged.results.classified_access]).toEqual([200, true])
    expect(await secretOf(account)).toBe(70_000)
    await call('DELETE', `${teamPath}/projects/${us.id}`, admin)
    expect(await secretOf(account)).toBeUndefined()
  })
})
