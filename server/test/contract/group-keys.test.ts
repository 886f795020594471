import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, type Lethe, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, defaultProvision, eu, strangerAccount, us } from '../support/provision.ts'

let lethe: Lethe
const provision = defaultProvision()
Object.assign(provision.organizations[0]?.projects[1] ?? {}, { group_keys: ['company'] })
beforeAll(async () => {
  lethe = await startLethe({ provision })
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const path = (projectId: number = us.id): string => `/api/app/projects/${projectId}/group-keys`
const add = (body: unknown, headers = admin) => lethe.post(path(), { headers, body: body as object })
const remove = (key: string) => lethe.send('DELETE', `${path()}?key=${encodeURIComponent(key)}`, { headers: admin })
const listed = async (projectId: number = us.id): Promise<readonly { key: string; display_name: string }[]> => {
  const answer = await lethe.get(path(projectId), { headers: admin })
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store'])
  return answer.json().results
}

describe('group keys (ING-24)', () => {
  it('are set up, listed oldest first, and removed', async () => {
    expect(await listed()).toEqual([])
    const made = await add({ key: 'a/b c?&', display_name: ' Awkward ' })
    expect([made.status, made.json()]).toEqual([
      201,
      {
        status: 'ok',
        results: {
          key: 'a/b c?&',
          display_name: 'Awkward',
          data_group_id: expect.stringMatching(/^-?\d{10,19}$/),
          created_at: expect.stringMatching(/Z$/),
        },
      },
    ])
    expect((await add({ key: 'company' })).json().results).toMatchObject({ display_name: 'company' })
    expect((await listed()).map(({ key }) => key)).toEqual(['a/b c?&', 'company'])
    expect((await remove('a/b c?&')).status).toBe(200)
    expect((await listed()).map(({ key }) => key)).toEqual(['company'])
    expect([(await remove('a/b c?&')).status, (await lethe.send('DELETE', path(), { headers: admin })).status]).toEqual(
      [404, 400],
    )
  })

  it('come from the provisioning file, each project its own', async () => {
    expect(await listed(eu.id)).toEqual([
      {
        key: 'company',
        display_name: 'company',
        data_group_id: expect.stringMatching(/^-?\d{10,19}$/),
        created_at: expect.stringMatching(/Z$/),
      },
    ])
    await lethe.post('/groups', { body: { $token: eu.token, $group_key: 'unknown', $group_id: 'x', $set: { a: 1 } } })
    expect((await listed(eu.id)).map(({ key }) => key)).toEqual(['company'])
  })

  it('are at most three, also when more come at once, and none twice', async () => {
    const twice = await add({ key: 'company' })
    expect([twice.status, twice.json().status]).toEqual([409, 'error'])
    const answers = await Promise.all(['b', 'c', 'd', 'e'].map((key) => add({ key })))
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 201, 400, 400])
    expect(await listed()).toHaveLength(3)
    expect(answers.find(({ status }) => status === 400)?.text).toContain('at most 3 group keys')
  })

  it.each<readonly [string, unknown]>([
    ['a key of people', { key: 'distinct_id' }],
    ['an empty key', { key: '' }],
    ['no key', {}],
    ['a key that is no text', { key: 7 }],
    ['more than that', { key: 'z', colour: 'red' }],
    ['an empty name', { key: 'z', display_name: ' ' }],
    ['a list', []],
  ])('are refused with 400: %s', async (_what, body) => {
    const answer = await add(body)
    expect([answer.status, answer.json().status]).toEqual([400, 'error'])
  })

  it('are for admins of the project', async () => {
    for (const { username, secret } of [analystAccount, strangerAccount]) {
      const headers = basic(username, secret)
      expect((await add({ key: 'f' }, headers)).status).toBe(403)
      expect((await lethe.get(path(), { headers })).status).toBe(403)
      expect((await lethe.send('DELETE', `${path()}?key=company`, { headers })).status).toBe(403)
    }
    expect((await lethe.get(path())).status).toBe(401)
    expect((await listed()).map(({ key }) => key)).toContain('company')
  })

  it('are in the audit log of the project', async () => {
    const answer = await lethe.get(
      `/api/app/projects/${us.id}/audit-log?event_type=group_key.created,group_key.deleted`,
      {
        headers: admin,
      },
    )
    const records: readonly { event_type: string; target: unknown; actor: { name: string } }[] = answer.json().results
    expect(records.filter(({ event_type: type }) => type === 'group_key.created')).toHaveLength(4)
    const removed = records.filter(({ event_type: type }) => type === 'group_key.deleted')
    expect(removed).toEqual([
      expect.objectContaining({
        display_name: 'Group Key Deleted',
        scope: 'project',
        target: { type: 'group_key', id: 'a/b c?&' },
        actor: expect.objectContaining({ name: adminAccount.username }),
        organization_id: 1,
      }),
    ])
  })
})
