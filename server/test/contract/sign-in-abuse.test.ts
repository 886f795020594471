import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { signInRoutes } from '../../src/features/sign-in/create-sign-in.ts'
import type { Answer } from '../support/lethe.ts'
import { logIn } from '../support/log-in.ts'
import { admin, analyst, owner } from '../support/provision.ts'
import { type Headers, openSignInRig, type SignInRig, sessionOf } from '../support/sign-in-rig.ts'
import { nameOf } from './residency-cases.ts'

// AUTH-21, AUTH-22 (auth §7): what somebody gets who has no business here. Random input is seeded: the seed is printed.

let rig: SignInRig
beforeAll(async () => {
  rig = await openSignInRig({ LETHE_US_URL: 'https://us.acme.test' })
  await rig.newMember('links@abuse.test')
  await rig.newMember('words@abuse.test', 'correct horse battery')
})
afterAll(() => rig?.close())

const routes = signInRoutes({} as never)
const openRoutes = routes.filter(({ access }) => access.accepts === 'none')
const pathOf = (path: string): string =>
  path
    .replace('/api/app', '')
    .replace(/:organizationId/, '1')
    .replace(/:\w+/g, '7')
const told = ({ status, text, headers }: Answer): string =>
  JSON.stringify([status, text, headers['set-cookie'] ?? null, headers['retry-after'] === undefined])

describe('every way in', () => {
  it.each(openRoutes.map((route) => [nameOf(route), route] as const))(
    '%s refuses pages of other sites',
    async (_name, { path }) => {
      const body = { email: owner.email, password: owner.password, token: 'x', ticket: 'x', code: '1' }
      for (const Origin of ['https://evil.test', 'null', 'https://us.acme.test.evil.test', 'http://us.acme.test']) {
        const answer = await rig.call('POST', pathOf(path), { Origin }, body)
        expect([Origin, answer.status, answer.headers['set-cookie']]).toEqual([Origin, 403, undefined])
      }
    },
  )

  it('answers anything at all with 4xx or 202, never a session and never a fault of ours', async () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 60 }),
      fc.constantFrom('', 'links@abuse.test', owner.email, '\u0000', "' OR 1=1 --", '{{7*7}}', 'a'.repeat(5_000)),
    )
    const value = fc.oneof(text, fc.jsonValue({ maxDepth: 2 }))
    const body = fc.record(
      { email: value, password: value, token: value, ticket: value, code: value, response: value, extra: value },
      { requiredKeys: [] },
    )
    const anything = fc.tuple(fc.constantFrom(...openRoutes.map(({ path }) => path)), fc.oneof(body, fc.jsonValue()))
    await fc.assert(
      fc.asyncProperty(anything, async ([path, sent]) => {
        const answer = await rig.lethe.send('POST', path, {
          headers: { 'Content-Type': 'application/json' },
          body: JSON.stringify(sent),
        })
        expect(answer.headers['set-cookie']).toBeUndefined()
        expect([200, 202, 400, 401, 403, 413, 429]).toContain(answer.status)
        if (answer.status === 200) expect(path).toBe('/api/app/login/passkey/options')
        expect(answer.text).not.toMatch(/argon|postgres|stack|at \w+ \(/i)
      }),
      { numRuns: 200, verbose: 1 },
    )
    expect(rig.lethe.logs()).not.toMatch(/"level":"?(50|error)/)
  })
})

describe('who has an account', () => {
  it('is told by no answer of asking for a link, for a new password, or with a wrong one', async () => {
    const people = ['links@abuse.test', 'words@abuse.test', 'nobody@abuse.test', 'NOBODY2@abuse.test']
    const ways: readonly ((email: string) => readonly [string, object])[] = [
      (email) => ['/login/link', { email }],
      (email) => ['/login/reset', { email }],
      (email) => ['/login', { email, password: 'wrong password' }],
    ]
    for (const way of ways) {
      const answers = await Promise.all(people.map((email) => rig.call('POST', ...split(way(email)))))
      expect(new Set(answers.map(told)).size).toBe(1)
    }
  })

  it('is told by no limit either: known and unknown ones reach it at the same count', async () => {
    const until429 = async (email: string): Promise<number> => {
      for (let count = 1; count < 50; count += 1) {
        const { status } = await rig.call('POST', '/login', {}, { email, password: 'wrong password' })
        if (status === 429) return count
      }
      return 0
    }
    expect(await until429('unknown@abuse.test')).toBe(await until429(analyst.email))
  })
})

const split = ([path, body]: readonly [string, object]): [string, Headers, object] => [path, {}, body]

describe('a session', () => {
  const changing = routes.filter(({ access, method }) => access.accepts !== 'none' && method !== 'GET')

  it.each(changing.map((route) => [nameOf(route), route] as const))(
    '%s needs a page of ours',
    async (_name, { method, path }) => {
      const { Cookie = '' } = await logIn(rig.lethe, admin)
      const foreign: readonly Headers[] = [
        { Cookie },
        { Cookie, Origin: 'https://evil.test', 'X-Lethe-Client': 'x' },
        { Cookie, Origin: 'null' },
      ]
      for (const headers of foreign) expect((await rig.call(method, pathOf(path), headers, {})).status).toBe(403)
    },
  )

  it('is of no made-up, cut or changed token', async () => {
    const { Cookie = '' } = await logIn(rig.lethe, admin)
    const token = Cookie.split('=')[1] ?? ''
    const changed = fc.oneof(
      fc.string({ maxLength: 80 }).map((text) => text.replace(/[;,\s]|[^\x21-\x7e]/g, '')),
      fc
        .nat(token.length - 1)
        .map((at) => `${token.slice(0, at)}${token[at] === 'a' ? 'b' : 'a'}${token.slice(at + 1)}`),
      fc.nat(token.length - 1).map((at) => token.slice(0, at)),
      fc.constantFrom(`${token}x`, token.toLowerCase(), token.toUpperCase(), `"${token}"`, `${token}%00`),
    )
    await fc.assert(
      fc.asyncProperty(
        changed.filter((text) => text !== token),
        async (text) => {
          const answer = await rig.call('GET', '/me', { Cookie: `lethe_session=${text}` })
          expect(answer.status).toBe(401)
        },
      ),
      { numRuns: 100, verbose: 1 },
    )
    expect((await rig.call('GET', '/me', { Cookie })).status).toBe(200)
  })

  it('opens none of the routes of one’s own account without one', async () => {
    for (const { method, path, access } of routes) {
      if (access.accepts === 'none') continue
      const answer = await rig.call(method, pathOf(path), {}, method === 'GET' ? undefined : {})
      expect([path, answer.status]).toEqual([path, 401])
    }
  })
})

it('a ticket of one kind is none of another', async () => {
  await rig.call('POST', '/login/link', {}, { email: 'links@abuse.test' })
  const { mails } = rig.mail
  const token = await rig.linkTo(
    'links@abuse.test',
    mails.filter(({ to }) => to.includes('links@abuse.test')).length || 1,
  )
  for (const [path, body] of [
    ['/login/second-factor', { ticket: token, code: '000000' }],
    ['/login/reset/confirm', { token, password: 'correct horse battery' }],
  ] as const) {
    expect((await rig.call('POST', path, {}, body)).status).toBe(401)
  }
  sessionOf(await rig.call('POST', '/login/link/open', {}, { token }))
})
