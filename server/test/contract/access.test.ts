import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { basic, bearer, type Lethe, startLethe } from '../support/lethe.ts'
import {
  adminAccount,
  analyst,
  analystAccount,
  consumerAccount,
  eu,
  expiredGdprToken,
  other,
  owner,
  stranger,
  strangerAccount,
  us,
} from '../support/provision.ts'

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    env: { LETHE_US_URL: 'https://us.acme.test', LETHE_GDPR_RATE_PER_SECOND: '1000' },
  })
})
afterAll(() => lethe?.stop())

const logIn = async ({ email, password }: { email: string; password: string }): Promise<string> => {
  const answer = await lethe.post('/api/app/login', { body: { email, password } })
  expect(answer.status).toBe(200)
  const [cookie = ''] = answer.headers['set-cookie'] as readonly string[]
  return cookie.split(';', 1)[0] ?? ''
}
/** What our own client sends beside the cookie. */
const asClient = (cookie: string) => ({ Cookie: cookie, 'X-Lethe-Client': 'test' })
const exportPath = '/api/2.0/export?from_date=2026-01-01&to_date=2026-01-01'
const statusPath = (token: string) => `/api/app/data-deletions/v3.0/no-such-task?token=${token}`
const exportWith = async (headers: Record<string, string>, projectId: number | null = us.id): Promise<number> =>
  (await lethe.get(projectId === null ? exportPath : `${exportPath}&project_id=${projectId}`, { headers })).status

describe('service accounts and project keys', () => {
  const { username, secret } = adminAccount

  it.each([
    ['base64', basic(username, secret)],
    ['plain text', { Authorization: `Basic ${username}:${secret}` }],
    ['the secret of the project', basic(us.secret)],
    [
      'the secret without a colon, url-safe',
      { Authorization: `Basic ${Buffer.from(us.secret).toString('base64url')}` },
    ],
    ['the secret in plain text', { Authorization: `Basic ${us.secret}:` }],
  ])('are accepted as %s', async (_name, headers) => {
    expect(await exportWith(headers)).toBe(200)
  })

  it.each([
    ['a wrong secret', basic(username, 'wrong')],
    ['an unknown name', basic('nobody', secret)],
    ['a name without its secret', basic(username)],
    ['the token of the project, which is no secret', basic(us.token)],
    ['a GDPR token', bearer(owner.gdprToken)],
    ['nothing', {}],
  ])('are refused with 401 as %s', async (_name, headers) => {
    const answer = await lethe.get(`${exportPath}&project_id=${us.id}`, { headers: headers as Record<string, string> })
    expect(answer.status).toBe(401)
    expect(answer.json()).toMatchObject({ status: 'error', error: expect.any(String) })
    expect(answer.headers['www-authenticate']).toBe('Basic realm="lethe"')
  })

  it('have the permissions of their role, on their projects only', async () => {
    expect(await exportWith(basic(analystAccount.username, analystAccount.secret))).toBe(200)
    expect(await exportWith(basic(consumerAccount.username, consumerAccount.secret))).toBe(403)
    expect(await exportWith(basic(strangerAccount.username, strangerAccount.secret))).toBe(403)
    expect(await exportWith(basic(strangerAccount.username, strangerAccount.secret), 424242)).toBe(403)
    const importPath = `/import?project_id=${us.id}&strict=1`
    const asAnalyst = { headers: basic(analystAccount.username, analystAccount.secret), body: [] }
    expect((await lethe.post(importPath, asAnalyst)).status).toBe(403)
  })

  it('name their project, and a key never opens another one', async () => {
    expect(await exportWith(basic(username, secret), null)).toBe(400)
    expect(await exportWith(basic(us.secret), null)).toBe(200)
    expect(await exportWith(basic(us.secret), eu.id)).toBe(400)
    expect(await exportWith(basic(us.secret), other.id)).toBe(400)
  })

  it('may name the project of an old form import in its body', async () => {
    const form = (projectId: number) =>
      lethe.post('/import', {
        headers: { ...basic(username, secret), 'Content-Type': 'application/x-www-form-urlencoded' },
        body: `data=${encodeURIComponent('[]')}&project_id=${projectId}`,
      })
    expect((await form(us.id)).status).toBe(200)
    expect((await form(other.id)).status).toBe(403)
  })

  it('answer 401 on /import in its own shape', async () => {
    const answer = await lethe.post(`/import?project_id=${us.id}`, { headers: basic('nobody', 'x'), body: [] })
    expect(answer.json()).toEqual({ code: 401, error: 'Invalid credentials', status: 'Unauthorized' })
  })

  it('can be tested at /api/app/me', async () => {
    const answer = await lethe.get('/api/app/me', { headers: basic(username, secret) })
    expect(answer.json()).toMatchObject({
      status: 'ok',
      results: {
        user_name: username,
        organizations: { 1: { id: 1, name: 'Acme', role: 'member' } },
        projects: { 1001: { role: 'admin', timezone: 'UTC', cluster: 'mixpanel-prod-1' }, 2001: { region: 'EU' } },
      },
    })
    expect(Object.keys(answer.json().results.projects)).not.toContain(String(other.id))
    expect((await lethe.get('/api/app/me', { headers: basic(username, 'wrong') })).status).toBe(401)
    expect((await lethe.get('/api/app/me', { headers: bearer(owner.gdprToken) })).status).toBe(401)
  })
})

describe('GDPR tokens', () => {
  it('open the privacy API and nothing else', async () => {
    const ask = async (headers: Record<string, string>) => lethe.get(statusPath(us.token), { headers })
    expect((await ask(bearer(owner.gdprToken))).status).toBe(200)
    for (const headers of [basic(adminAccount.username, adminAccount.secret), basic(us.secret), {}]) {
      const answer = await ask(headers)
      expect(answer.status).toBe(401)
      expect(answer.json().status).toBe('error')
    }
    expect((await ask(bearer(expiredGdprToken))).status).toBe(401)
    expect((await ask(bearer('x'.repeat(30)))).status).toBe(401)
  })

  it('reach only projects that their owner may ask privacy requests for', async () => {
    const status = async (token: string, project: string): Promise<number> =>
      (await lethe.get(statusPath(project), { headers: bearer(token) })).status
    expect(await status(analyst.gdprToken, us.token)).toBe(403)
    expect(await status(stranger.gdprToken, us.token)).toBe(403)
    expect(await status(owner.gdprToken, other.token)).toBe(403)
    expect(await status(owner.gdprToken, '0'.repeat(32))).toBe(403)
    expect(await status(stranger.gdprToken, other.token)).toBe(200)
  })

  it('are issued once, for one calendar year, and the new one ends the old one', async () => {
    const cookie = await logIn(stranger)
    const issued = await lethe.post('/api/app/me/gdpr-tokens', { headers: asClient(cookie) })
    expect(issued.status).toBe(201)
    const { id, token, created, expires } = issued.json().results
    expect(token).toMatch(/^[A-Za-z0-9]{30}$/)
    expect(expires).toBe(created.replace(/^\d{4}/, (year: string) => String(Number(year) + 1)))
    expect((await lethe.get(statusPath(other.token), { headers: bearer(token) })).status).toBe(200)
    expect((await lethe.get(statusPath(other.token), { headers: bearer(stranger.gdprToken) })).status).toBe(401)

    const list = await lethe.get('/api/app/me/gdpr-tokens', { headers: { Cookie: cookie } })
    expect(list.text).not.toContain(token)
    expect(list.json().results).toHaveLength(2)
    expect(list.json().results.filter((row: { revoked: string | null }) => row.revoked === null)).toMatchObject([
      { id, hint: token.slice(0, 4), expires },
    ])

    const path = `/api/app/me/gdpr-tokens/${id}`
    expect((await lethe.send('DELETE', path, { headers: asClient(await logIn(owner)) })).status).toBe(404)
    expect((await lethe.send('DELETE', path, { headers: asClient(cookie) })).status).toBe(200)
    expect((await lethe.send('DELETE', path, { headers: asClient(cookie) })).status).toBe(404)
    expect((await lethe.get(statusPath(other.token), { headers: bearer(token) })).status).toBe(401)
  })

  it('are not issued to those who may make no privacy request, nor by other credentials', async () => {
    const asAnalyst = await lethe.post('/api/app/me/gdpr-tokens', { headers: asClient(await logIn(analyst)) })
    expect(asAnalyst.status).toBe(403)
    for (const headers of [bearer(owner.gdprToken), basic(adminAccount.username, adminAccount.secret)]) {
      expect((await lethe.post('/api/app/me/gdpr-tokens', { headers })).status).toBe(401)
    }
  })
})

describe('logging in', () => {
  it('gives a cookie that scripts cannot read and that ends with logging out', async () => {
    const answer = await lethe.post('/api/app/login', { body: { email: 'OWNER@acme.test', password: owner.password } })
    const [cookie = ''] = answer.headers['set-cookie'] as readonly string[]
    expect(cookie).toMatch(/^lethe_session=[A-Za-z0-9]{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=43200$/)
    const headers = asClient(cookie.split(';', 1)[0] ?? '')
    const me = await lethe.get('/api/app/me', { headers })
    expect(me.json().results).toMatchObject({ user_email: owner.email, projects: { 2001: { role: 'owner' } } })
    expect((await lethe.post('/api/app/logout', { headers })).status).toBe(200)
    expect((await lethe.get('/api/app/me', { headers })).status).toBe(401)
  })

  it('over HTTPS gives a cookie for HTTPS only', async () => {
    const headers = { Origin: 'https://us.acme.test' }
    const answer = await lethe.post('/api/app/login', {
      headers,
      body: { email: owner.email, password: owner.password },
    })
    expect(answer.headers['set-cookie']).toEqual([expect.stringMatching(/; Secure$/)])
  })

  it('says the same for a wrong password and an unknown e-mail', async () => {
    const answers = await Promise.all(
      [owner.email, 'nobody@acme.test'].map((email) =>
        lethe.post('/api/app/login', { body: { email, password: 'wrong password' } }),
      ),
    )
    expect(answers.map(({ status }) => status)).toEqual([401, 401])
    expect(answers[0]?.text).toBe(answers[1]?.text)
    expect(answers[0]?.headers['set-cookie']).toBeUndefined()
  })

  it('is refused after ten failures from one address, for that e-mail', async () => {
    const attempt = (password: string, email = 'guessed@acme.test') =>
      lethe.post('/api/app/login', { body: { email, password } })
    for (let count = 0; count < 10; count += 1) expect((await attempt(`guess ${count}`)).status).toBe(401)
    const refused = await attempt('guess 11')
    expect(refused.status).toBe(429)
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0)
    expect((await attempt(owner.password, owner.email)).status).toBe(200)
  })

  it('needs JSON with both fields', async () => {
    for (const body of ['', 'email=a', '[]', '{"email":"a@b.test"}']) {
      const answer = await lethe.post('/api/app/login', { body })
      expect([answer.status, answer.json().status]).toEqual([400, 'error'])
    }
  })
})

describe('a session', () => {
  it('changes nothing for pages of other sites', async () => {
    const cookie = await logIn(owner)
    const issue = async (headers: Record<string, string>): Promise<number> =>
      (await lethe.post('/api/app/me/gdpr-tokens', { headers: { Cookie: cookie, ...headers } })).status
    expect(await issue({ Origin: 'https://evil.test' })).toBe(403)
    expect(await issue({ Origin: 'https://evil.test', 'X-Lethe-Client': 'x' })).toBe(403)
    expect(await issue({ Origin: 'null' })).toBe(403)
    expect(await issue({})).toBe(403)
    expect((await lethe.get(statusPath(us.token), { headers: bearer(owner.gdprToken) })).status).toBe(200)
    const login = await lethe.post('/api/app/login', {
      headers: { Origin: 'https://evil.test' },
      body: { email: owner.email, password: owner.password },
    })
    expect(login.status).toBe(403)
    expect(login.headers['set-cookie']).toBeUndefined()
    expect(await issue({ Origin: lethe.url })).toBe(201)
  })

  it('reads projects, and their owner may only set a cluster of their region', async () => {
    const asOwner = asClient(await logIn(owner))
    const path = `/api/app/projects/${eu.id}`
    const shown = await lethe.get(path, { headers: asOwner, host: 'eu.mixpanel.com' })
    expect(shown.json().results).toMatchObject({ id: eu.id, region: 'EU', cluster: 'mixpanel-prod-eu' })
    expect((await lethe.get(path, { headers: asOwner, host: 'mixpanel.com' })).json().error).toContain(
      'eu.mixpanel.com',
    )

    const patch = (body: object, headers: Record<string, string> = asOwner) =>
      lethe.send('PATCH', path, { headers, body })
    const moved = await patch({ region: 'US' })
    expect([moved.status, moved.json().error]).toEqual([400, 'the region of a project is fixed at creation'])
    expect((await patch({ cluster: 'mixpanel-prod-1' })).status).toBe(400)
    expect((await patch({ name: '' })).status).toBe(400)
    expect((await patch({ token: 'x' })).status).toBe(400)
    expect((await patch({ cluster: 'mixpanel-prod-eu' })).status).toBe(200)
    const asAccount = basic(adminAccount.username, adminAccount.secret)
    expect((await patch({ cluster: 'mixpanel-prod-eu' }, asAccount)).status).toBe(403)
    expect((await lethe.get(path, { headers: asClient(await logIn(stranger)) })).status).toBe(403)
  })
})

it('no password, secret or token is in the log', () => {
  for (const secret of [owner.password, adminAccount.secret, us.secret, us.token, owner.gdprToken, owner.email]) {
    expect(lethe.logs()).not.toContain(secret)
  }
})
