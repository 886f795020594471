import { afterAll, beforeAll, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, eu, other, strangerAccount, us } from '../support/provision.ts'

// LEX-05. Requests of one organization count together, over its projects and regions.

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_LEXICON_PER_MINUTE: '5', LETHE_LEXICON_UPDATES_PER_MINUTE: '10' } })
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const at = (projectId: number) => `/api/app/projects/${projectId}/schemas`
const properties = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, { type: 'string' }]))
const upload = (propertyCount: number) =>
  lethe.post(at(us.id), {
    headers: admin,
    body: { entries: [{ entityType: 'event', name: 'E', schemaJson: { properties: properties(propertyCount) } }] },
  })

it('refuses too many updates in a minute, and the sixth request', async () => {
  const tooLarge = await upload(10)
  expect([tooLarge.status, tooLarge.json().error]).toEqual([400, expect.stringContaining('at most 10')])
  expect((await upload(9)).status).toBe(200)
  const full = await upload(0)
  expect([full.status, full.json()]).toEqual([429, { error: expect.any(String), status: 'error' }])
  expect(Number(full.headers['retry-after'])).toBeGreaterThan(0)
  expect((await lethe.get(at(us.id), { headers: admin })).status).toBe(200)
  expect((await lethe.get(at(eu.id), { headers: admin })).status).toBe(200)
  const sixth = await lethe.get(at(us.id), { headers: admin })
  expect([sixth.status, sixth.json().status]).toEqual([429, 'error'])
  const stranger = basic(strangerAccount.username, strangerAccount.secret)
  expect((await lethe.get(at(other.id), { headers: stranger })).status).toBe(200)
})
