import { afterAll, beforeAll, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import {
  admin as adminPerson,
  analyst as analystPerson,
  consumerAccount,
  eu,
  other,
  owner as ownerPerson,
  stranger as strangerPerson,
  us,
} from '../support/provision.ts'

// AUTH-17 (auth §6.4): roles by team.

type Headers = Readonly<Record<string, string>>
let lethe: Lethe
let owner: Headers
let admin: Headers
let analyst: Headers
let stranger: Headers
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
  return { status: answer.status, results: answer.json().results }
}
const teams = '/organizations/1/teams'
const make = async (name: string): Promise<number> => (await call('POST', teams, admin, { name })).results.id
const idOf = async (email: string): Promise<number> =>
  (await call('GET', '/organizations/1/members', owner)).results.find((row: { email: string }) => row.email === email)
    .id
/** Needs an admin of the project. */
const mayAdminister = async (headers: Headers, projectId: number = us.id) =>
  (await call('GET', `/projects/${projectId}/retention`, headers)).status

it('gives its roles to people and service accounts, beside their own, while they are in it', async () => {
  const id = await make('Data')
  const consumer = basic(consumerAccount.username, consumerAccount.secret)
  const accounts = (await call('GET', '/organizations/1/service-accounts', owner)).results
  const accountId = accounts.find((row: { username: string }) => row.username === consumerAccount.username).id
  const analystId = await idOf(analystPerson.email)
  expect([await mayAdminister(analyst), await mayAdminister(consumer)]).toEqual([403, 403])
  expect((await call('PUT', `${teams}/${id}/projects/${us.id}`, admin, { role: 'admin' })).status).toBe(200)
  expect((await call('PUT', `${teams}/${id}/members/${analystId}`, admin)).status).toBe(200)
  const whole = await call('PUT', `${teams}/${id}/service-accounts/${accountId}`, admin)
  expect(whole.results).toMatchObject({
    id,
    name: 'Data',
    members: [analystId],
    service_accounts: [accountId],
    projects: [{ id: us.id, role: 'admin' }],
  })
  expect([await mayAdminister(analyst), await mayAdminister(consumer)]).toEqual([200, 200])
  expect([await mayAdminister(analyst, eu.id), await mayAdminister(consumer, eu.id)]).toEqual([403, 403])
  const inProject = (await call('GET', `/projects/${us.id}/service-accounts`, owner)).results
  expect(inProject.find((row: { id: number }) => row.id === accountId)).toMatchObject({
    role: 'admin',
    target_type: 'team',
  })
  expect((await call('DELETE', `${teams}/${id}/service-accounts/${accountId}`, admin)).status).toBe(200)
  expect([await mayAdminister(analyst), await mayAdminister(consumer)]).toEqual([200, 403])
  // What a team gives cannot take away: the analyst is one without it, too.
  expect((await call('PUT', `${teams}/${id}/projects/${us.id}`, admin, { role: 'consumer' })).status).toBe(200)
  const exported = `/api/2.0/export?project_id=${us.id}&from_date=2026-01-01&to_date=2026-01-01`
  expect(await mayAdminister(analyst)).toBe(403)
  const ofAnalyst = await call('GET', `/projects/${us.id}`, analyst)
  expect(ofAnalyst.status).toBe(200)
  expect((await lethe.get(exported, { headers: consumer })).status).toBe(403)
  expect((await call('PUT', `${teams}/${id}/projects/${us.id}`, admin, { role: 'admin' })).status).toBe(200)
  expect(await mayAdminister(analyst)).toBe(200)
  expect((await call('DELETE', `${teams}/${id}`, admin)).status).toBe(200)
  expect(await mayAdminister(analyst)).toBe(403)
  expect((await call('GET', '/me', analyst)).results.projects[us.id].role).toBe('analyst')
  const log = await call(
    'GET',
    '/organizations/1/audit-log?event_type=team.created,team.user_added,team.deleted',
    owner,
  )
  expect(log.results.map((entry: { event_type: string }) => entry.event_type)).toEqual([
    'team.deleted',
    'team.user_added',
    'team.created',
  ])
})

it('holds only what is of its organization, and is changed by those who may give its roles', async () => {
  const id = await make('Strict')
  const foreign = (await call('GET', '/organizations/2/members', stranger)).results[0].id
  expect((await call('PUT', `${teams}/${id}/members/${foreign}`, owner)).status).toBe(404)
  expect((await call('PUT', `${teams}/${id}/projects/${other.id}`, owner, { role: 'consumer' })).status).toBe(403)
  expect((await call('PUT', `/organizations/2/teams/${id}/members/${foreign}`, stranger)).status).toBe(404)
  expect((await call('PUT', `${teams}/${id}/projects/${us.id}`, admin, { role: 'owner' })).status).toBe(403)
  expect((await call('PUT', `${teams}/${id}/projects/${us.id}`, owner, { role: 'owner' })).status).toBe(200)
  const adminId = await idOf(adminPerson.email)
  for (const path of [`members/${adminId}`, `projects/${us.id}`]) {
    expect((await call('PUT', `${teams}/${id}/${path}`, admin, { role: 'consumer' })).status).toBe(403)
  }
  expect((await call('DELETE', `${teams}/${id}`, admin)).status).toBe(403)
  expect((await call('POST', teams, admin, { name: 'Strict' })).status).toBe(409)
  expect((await call('PATCH', `${teams}/${id}`, owner, { name: 'Renamed' })).results.name).toBe('Renamed')
  for (const headers of [analyst, stranger]) {
    expect((await call('GET', teams, headers)).status).toBe(403)
    expect((await call('POST', teams, headers, { name: 'x' })).status).toBe(403)
  }
})
