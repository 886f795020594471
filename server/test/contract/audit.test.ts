import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import { admin, adminAccount, analyst, analystAccount, eu, other, owner, stranger, us } from '../support/provision.ts'

let lethe: Lethe
let ownerCookie: string
beforeAll(async () => {
  lethe = await startLethe()
  await lethe.post('/api/app/login', { body: { email: owner.email, password: 'wrong password' } })
  ownerCookie = await logIn(owner)
  const body = { distinct_ids: ['somebody-in-the-data'] }
  await lethe.post(`/api/app/data-deletions/v3.0?token=${us.token}`, { headers: bearer(owner.gdprToken), body })
})
afterAll(() => lethe?.stop())

const logIn = async ({ email, password }: { email: string; password: string }): Promise<string> => {
  const answer = await lethe.post('/api/app/login', { body: { email, password } })
  return (answer.headers['set-cookie'] as readonly string[])[0]?.split(';', 1)[0] ?? ''
}
const organizationLog = (query = '', cookie = ownerCookie, organizationId = 1) =>
  lethe.get(`/api/app/organizations/${organizationId}/audit-log?${query}`, { headers: { Cookie: cookie } })
const projectLog = (headers: Record<string, string>, projectId: number = us.id, host?: string) =>
  lethe.get(`/api/app/projects/${projectId}/audit-log`, host === undefined ? { headers } : { headers, host })

interface Line {
  readonly id: string
  readonly event_type: string
}
const typesOf = (answer: { json(): { results: readonly Line[] } }): readonly string[] =>
  answer.json().results.map(({ event_type }) => event_type)

describe('audit log', () => {
  it('tells who did what, newest first', async () => {
    const answer = await organizationLog()
    expect(answer.status).toBe(200)
    const [latest] = answer.json().results
    expect(latest).toMatchObject({
      id: expect.stringMatching(/^\d+$/),
      event_type: 'user_data_deletion.created',
      display_name: 'User Data Deletion Requested',
      scope: 'project',
      occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      actor: { type: 'user', name: owner.email },
      organization_id: 1,
      project_id: us.id,
      request_id: expect.any(String),
    })
    expect(typesOf(answer)).toEqual(
      expect.arrayContaining(['session.logged_in', 'session.login_failed', 'oauth_token.created', 'project.created']),
    )
  })

  it('names nobody in the data', async () => {
    expect((await organizationLog('limit=10000')).text).not.toContain('somebody-in-the-data')
  })

  it('of a project holds what happened to it, and nothing else', async () => {
    const account = basic(adminAccount.username, adminAccount.secret)
    expect(typesOf(await projectLog(account))).toEqual(['user_data_deletion.created', 'project.created'])
    expect(typesOf(await projectLog(account, eu.id, 'eu.mixpanel.com'))).toEqual(['project.created'])
  })

  it('is for owners and admins of that organization or project', async () => {
    expect((await organizationLog('', await logIn(admin))).status).toBe(200)
    expect((await organizationLog('', await logIn(analyst))).status).toBe(403)
    expect((await organizationLog('', await logIn(stranger))).status).toBe(403)
    expect((await organizationLog('', 'lethe_session=wrong')).status).toBe(401)
    expect((await organizationLog('', ownerCookie, 2)).status).toBe(403)
    expect((await organizationLog('', ownerCookie, 99)).status).toBe(403)
    expect((await projectLog(basic(analystAccount.username, analystAccount.secret))).status).toBe(403)
    expect((await projectLog(basic(adminAccount.username, adminAccount.secret), other.id)).status).toBe(403)
    expect((await projectLog(basic(us.secret))).status).toBe(401)
    const wrongHost = await projectLog(basic(adminAccount.username, adminAccount.secret), eu.id, 'mixpanel.com')
    expect([wrongHost.status, wrongHost.json().error]).toEqual([403, expect.stringContaining('eu.mixpanel.com')])
  })

  it('is narrowed by type, person and day', async () => {
    expect(new Set(typesOf(await organizationLog('event_type=session.login_failed')))).toEqual(
      new Set(['session.login_failed']),
    )
    expect(typesOf(await organizationLog('actor=provisioning&event_type=session.logged_in'))).toEqual([])
    expect(typesOf(await organizationLog(`actor=${encodeURIComponent(owner.email.toUpperCase())}`))).toContain(
      'session.logged_in',
    )
    const today = new Date().toISOString().slice(0, 10)
    expect(typesOf(await organizationLog(`from_date=${today}&to_date=${today}`))).not.toEqual([])
    expect(typesOf(await organizationLog('to_date=2020-01-01'))).toEqual([])
    expect((await organizationLog('from_date=2020-13-01')).status).toBe(400)
  })

  it('is read page by page without gap or repetition', async () => {
    const whole = (await organizationLog('to_date=2999-01-01')).json().results.map(({ id }: Line) => Number(id))
    expect(whole).toEqual(whole.toSorted((a: number, b: number) => b - a))
    expect(whole.length).toBeGreaterThan(10)
    const seen: number[] = []
    let before = ''
    do {
      const page = (await organizationLog(`limit=3${before && `&before=${before}`}`)).json()
      seen.push(...page.results.map(({ id }: Line) => Number(id)))
      before = page.next_before ?? ''
    } while (before !== '')
    expect(seen).toEqual(whole)
  })

  it('of an organization is narrowed to a project', async () => {
    const { results } = (await organizationLog(`project_id=${us.id}&limit=1000`)).json()
    expect(new Set(results.map(({ project_id: id }: { project_id: number }) => id))).toEqual(new Set([us.id]))
    expect((await organizationLog('project_id=x')).status).toBe(400)
  })

  it('says that it was exported, and by whom', async () => {
    expect((await organizationLog('format=csv')).status).toBe(200)
    const [latest] = (await organizationLog('event_type=audit_log_export.downloaded')).json().results
    expect(latest).toMatchObject({ actor: { name: owner.email }, target: { type: 'audit_log', id: 'csv' } })
  })

  it('has names for its types', async () => {
    const { results } = (await lethe.get('/api/app/audit-event-types', { headers: { Cookie: ownerCookie } })).json()
    const named = { event_type: 'session.logged_in', display_name: 'User Logged In', scope: 'organization' }
    expect(results).toContainEqual(named)
    expect((await lethe.get('/api/app/audit-event-types')).status).toBe(401)
  })

  it('comes as NDJSON and CSV', async () => {
    const lines = (await organizationLog('format=ndjson&event_type=project.created')).text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).event_type)).toEqual(['project.created', 'project.created'])
    const csv = await organizationLog('format=csv&event_type=project.created')
    expect(csv.headers['content-type']).toBe('text/csv; charset=utf-8')
    const [header, ...rows] = csv.text.trimEnd().split('\r\n')
    expect(header).toMatch(/^id,event_type,display_name,scope,occurred_at,actor\.type/)
    expect(rows).toHaveLength(2)
  })
})
