import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { logIn } from '../support/log-in.ts'
import { analyst, owner } from '../support/provision.ts'
import { type Headers, openSignInRig, type SignInRig, sessionOf } from '../support/sign-in-rig.ts'

// auth §7: sessions: where one is logged in, how they end, what cookies they are.

let rig: SignInRig
beforeAll(async () => {
  rig = await openSignInRig({ LETHE_US_URL: 'https://us.acme.test' })
})
afterAll(() => rig?.close())

const firefox = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' }
const enter = (headers: Headers = {}) =>
  rig.call('POST', '/login', headers, { email: analyst.email, password: analyst.password })
const statusOf = async (session: Headers): Promise<number> => (await rig.call('GET', '/me', session)).status
interface Shown {
  readonly id: string
  readonly agent: string
  readonly method: string
  readonly current: boolean
}
const listOf = async (session: Headers): Promise<readonly Shown[]> =>
  (await rig.call('GET', '/me/sessions', session)).json().results

describe('sessions', () => {
  it('are listed with device and times, without anything that opens one', async () => {
    const here = sessionOf(await enter(firefox))
    const there = sessionOf(await enter())
    const answer = await rig.call('GET', '/me/sessions', here)
    const shown: readonly Shown[] = answer.json().results
    expect(shown.filter(({ current }) => current)).toMatchObject([
      {
        agent: 'Firefox on Linux',
        method: 'password',
        second_factor: false,
        created: expect.stringMatching(/Z$/),
        last_seen: expect.stringMatching(/Z$/),
      },
    ])
    expect(shown.some(({ agent }) => agent === 'another program')).toBe(true)
    for (const { Cookie = '' } of [here, there]) expect(answer.text).not.toContain(Cookie.split('=')[1])
    expect(answer.text).not.toMatch(/hash|127\.0\.0\.1|rv:140/)
  })

  it('end one by one, or all others at once; nobody else’s', async () => {
    const [here, there, third] = [sessionOf(await enter()), sessionOf(await enter()), sessionOf(await enter())]
    const asOwner = await logIn(rig.lethe, owner)
    const id = (await listOf(there)).find(({ current }) => current)?.id ?? ''
    expect((await rig.call('DELETE', `/me/sessions/${id}`, asOwner)).status).toBe(404)
    expect((await rig.call('DELETE', '/me/sessions/nonsense', here)).status).toBe(404)
    expect((await rig.call('DELETE', `/me/sessions/${id}`, { Cookie: here['Cookie'] ?? '' })).status).toBe(403)
    expect((await rig.call('DELETE', `/me/sessions/${id}`, here)).status).toBe(200)
    expect(await Promise.all([here, there, third].map(statusOf))).toEqual([200, 401, 200])
    expect((await rig.call('DELETE', '/me/sessions', here)).json().results.ended).toBeGreaterThanOrEqual(1)
    expect(await Promise.all([here, third, asOwner].map(statusOf))).toEqual([200, 401, 200])
    expect(await listOf(here)).toHaveLength(1)
    expect(await rig.auditOf(analyst.email)).toContain('session.revoked')
  })

  it('get a new token at each sign-in, and the one that the browser had ends', async () => {
    const before = sessionOf(await enter())
    const after = sessionOf(await enter({ Cookie: before['Cookie'] ?? '' }))
    expect(after['Cookie']).not.toBe(before['Cookie'])
    expect([await statusOf(before), await statusOf(after)]).toEqual([401, 200])
  })

  it('are never taken from what a browser brings along', async () => {
    const planted = 'lethe_session=PLANTEDPLANTEDPLANTEDPLANTEDPLANTEDPLANTED0'
    const session = sessionOf(await enter({ Cookie: planted }))
    expect(session['Cookie']).not.toBe(planted)
    expect(await statusOf({ ...session, Cookie: planted })).toBe(401)
  })

  it('are cookies that scripts cannot read and other hosts cannot set', async () => {
    const cookieOf = async (headers: Headers) => ((await enter(headers)).headers['set-cookie'] as readonly string[])[0]
    expect(await cookieOf({})).toMatch(/^lethe_session=\w{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=43200$/)
    const secure = await cookieOf({ Origin: 'https://us.acme.test' })
    expect(secure).toMatch(/^__Host-lethe_session=\w{43}; HttpOnly; SameSite=Lax; Path=\/; Max-Age=43200; Secure$/)
    const session = { Cookie: secure?.split(';', 1)[0] ?? '', Origin: 'https://us.acme.test' }
    const end = await rig.call('POST', '/logout', session)
    expect(end.headers['set-cookie']).toEqual([
      '__Host-lethe_session=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0; Secure',
    ])
    expect(await statusOf(session)).toBe(401)
  })
})
