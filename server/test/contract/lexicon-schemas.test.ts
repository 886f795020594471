import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { expectDocumented, notChecked } from '../support/documented.ts'
import { basic, type Lethe, type SendOptions, startLethe } from '../support/lethe.ts'
import { adminAccount, analystAccount, consumerAccount, eu, other, strangerAccount, us } from '../support/provision.ts'

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({ env: { LETHE_LEXICON_DELETIONS_MAX: '3', LETHE_LEXICON_UPDATES_PER_MINUTE: '50000' } })
})
afterAll(() => lethe?.stop())

const admin = basic(adminAccount.username, adminAccount.secret)
const all = '/api/app/projects/:projectId/schemas'
const ofType = `${all}/:entityType`
const one = `${ofType}/:name`
const at = (path = '', projectId: number = us.id) => `/api/app/projects/${projectId}/schemas${path}`
const ask = (method: string, path = '', options: SendOptions = {}) =>
  lethe.send(method, at(path), { headers: admin, ...options })
const results = async (path = '') => (await ask('GET', path)).json().results
const ours = (marks: object) => ({ metadata: { 'com.mixpanel': marks } })
const event = (name: string, schemaJson: object = {}) => ({ entityType: 'event', name, schemaJson })

const purchase = event('Purchase', {
  $schema: 'http://json-schema.org/draft-07/schema',
  description: 'Somebody paid',
  required: ['Price'],
  additionalProperties: true,
  properties: {
    Price: { type: 'number', description: 'In euros', examples: [1, 2.5], ...ours({ displayName: 'Paid' }) },
    at: { type: 'string', format: 'date-time' },
  },
  ...ours({ $source: 'test', displayName: 'Bought', tags: ['shop'], contacts: ['a@acme.test'], teamContacts: ['Web'] }),
})
const profile = { entityType: 'profile', name: '$user', schemaJson: { properties: { plan: { type: 'string' } } } }

const clear = async () => {
  for (const { entityType, name } of await results()) {
    await ask('DELETE', `/${entityType}/${encodeURIComponent(name)}`)
  }
}
beforeEach(clear)

describe('schemas', () => {
  it('that are uploaded are listed as they were, whole, by type and by name', async () => {
    const entries = [purchase, event('Sign Up'), profile]
    const posted = expectDocumented(`POST ${all}`, '200', await ask('POST', '', { body: { entries } }))
    expect(posted).toEqual({ results: { added: 3, deleted: 0 }, status: 'ok' })
    expect(expectDocumented(`GET ${all}`, '200', await ask('GET', '/')).results).toEqual(entries)
    expect(expectDocumented(`GET ${ofType}`, '200', await ask('GET', '/event')).results).toEqual(entries.slice(0, 2))
    expect(await results('/profile/')).toEqual([profile])
    expect(await results('/event?entity_name=Sign%20Up')).toEqual([event('Sign Up')])
    expect(await results('/event?entity_name=Nothing')).toEqual([])
    expect(expectDocumented(`GET ${one}`, '200', await ask('GET', '/event/Purchase'))).toEqual(purchase.schemaJson)
    expect((await ask('GET', '/event/Sign%20Up/')).json()).toEqual({})
    const missing = await ask('GET', '/event/Nothing')
    expect([missing.status, missing.json().status]).toEqual([404, 'error'])
  })

  it.each(['a b', '$web/click?x=1&y#z', '100% ünïcode 🙂', 'a%2Fb', '%', 'x'.repeat(255)])(
    'go by any name: %s',
    async (name) => {
      const path = `/event/${encodeURIComponent(name)}`
      const posted = await ask('POST', path, { body: { description: name } })
      expect(expectDocumented(`POST ${one}`, '200', posted)).toEqual({ status: 'ok' })
      expect((await ask('GET', path)).json()).toEqual({ description: name })
      expect(await results()).toEqual([event(name, { description: name })])
      expect((await ask('DELETE', path)).json().results).toEqual({ delete_count: 1 })
      expect(await results()).toEqual([])
    },
  )

  it('keep the marks that an upload leaves out, and lose those that it sets to null', async () => {
    const property = (marks: object) => ({ properties: { p: { type: 'string', ...ours(marks) } } })
    await ask('POST', '/event/E', {
      body: { description: 'old', ...ours({ hidden: true, displayName: 'D' }), ...property({ hidden: true }) },
    })
    await ask('POST', '/event/E', { body: { ...ours({ displayName: 'F' }), ...property({ displayName: 'P' }) } })
    expect((await ask('GET', '/event/E')).json()).toEqual({
      ...ours({ hidden: true, displayName: 'F' }),
      ...property({ hidden: true, displayName: 'P' }),
    })
    const body = { entries: [event('E', { ...ours({ hidden: null }), ...property({ hidden: null }) })] }
    expect((await ask('POST', '', { body })).json().results).toEqual({ added: 1, deleted: 0 })
    expect((await ask('GET', '/event/E')).json()).toEqual({
      ...ours({ displayName: 'F' }),
      ...property({ displayName: 'P' }),
    })
    await ask('POST', '/event/E', { body: { description: 'new' } })
    expect((await ask('GET', '/event/E')).json()).toEqual({ description: 'new', ...ours({ displayName: 'F' }) })
  })

  it('are changed by PATCH: what is left out stays, null takes away', async () => {
    await ask('POST', '', { body: { entries: [purchase] } })
    const properties = { Price: { description: null }, size: { type: 'integer' } }
    const patch = { description: null, properties, ...ours({ hidden: true, tags: null }) }
    expect((await ask('PATCH', '/event/Purchase', { body: patch })).json()).toEqual({ status: 'ok' })
    const { description: _, ...kept } = purchase.schemaJson as { description?: string; properties?: never }
    expect((await ask('GET', '/event/Purchase')).json()).toEqual({
      ...kept,
      properties: {
        Price: { type: 'number', examples: [1, 2.5], ...ours({ displayName: 'Paid' }) },
        at: { type: 'string', format: 'date-time' },
        size: { type: 'integer' },
      },
      ...ours({
        $source: 'test',
        displayName: 'Bought',
        contacts: ['a@acme.test'],
        teamContacts: ['Web'],
        hidden: true,
      }),
    })
    const entries = [event('Purchase', { required: null }), event('Fresh', { description: 'f' })]
    expect((await ask('PATCH', '', { body: { entries } })).json().results).toEqual({ added: 2, deleted: 0 })
    expect(await results('/event?entity_name=Fresh')).toEqual([event('Fresh', { description: 'f' })])
    const untyped = await ask('PATCH', '/event/Purchase', { body: { properties: { none: {} } } })
    expect([untyped.status, untyped.json().error]).toEqual([400, expect.stringContaining('properties.none.type')])
  })

  it('are all replaced by truncate, in one step', async () => {
    await ask('POST', '', { body: { entries: [purchase, profile] } })
    const body = { entries: [event('A', ours({ hidden: true }))], truncate: true }
    expect((await ask('POST', '', { body })).json().results).toEqual({ added: 1, deleted: 2 })
    expect(await results()).toEqual(body.entries)
    const refused = { entries: [event('B', { properties: { p: { type: 'text' } } })], truncate: true }
    expect((await ask('POST', '', { body: refused })).status).toBe(400)
    expect(await results()).toEqual(body.entries)
  })

  it('are deleted by name, by type and all, up to a limit', async () => {
    await ask('POST', '', { body: { entries: [event('A'), event('B'), event('C'), profile] } })
    const tooMany = await ask('DELETE')
    expect([tooMany.status, tooMany.json().error]).toEqual([400, expect.stringContaining('at most 3')])
    expect((await ask('POST', '', { body: { entries: [], truncate: true } })).status).toBe(400)
    const named = await ask('DELETE', '/event?entity_name=A')
    expect(expectDocumented(`DELETE ${ofType}`, '200', named).results).toEqual({ delete_count: 1 })
    expect(expectDocumented(`DELETE ${one}`, '200', await ask('DELETE', '/event/B')).results.delete_count).toBe(1)
    expect((await ask('DELETE', '/event')).json().results).toEqual({ delete_count: 1 })
    expect(expectDocumented(`DELETE ${all}`, '200', await ask('DELETE')).results).toEqual({ delete_count: 1 })
    expect((await ask('DELETE')).json().results).toEqual({ delete_count: 0 })
  })

  it.each<readonly [string, object | string]>([
    ['no entries', {}],
    ['other keys', { entries: [], more: 1 }],
    ['a type that is none', { entries: [{ ...event('E'), entityType: 'group' }] }],
    ['no name', { entries: [event('')] }],
    ['a long name', { entries: [event('ü'.repeat(128))] }],
    ['an open entry', { entries: [{ ...event('E'), note: 1 }] }],
    ['profiles by another name', { entries: [{ ...profile, name: 'plan' }] }],
    ['blocked profiles', { entries: [{ ...profile, schemaJson: ours({ dropped: true }) }] }],
    ['unknown marks', { entries: [event('E', ours({ colour: 'red' }))] }],
    [
      'unknown marks of a property',
      { entries: [event('E', { properties: { p: { type: 'null', ...ours({ tags: [] }) } } })] },
    ],
    ['marks of a wrong type', { entries: [event('E', ours({ hidden: 'yes' }))] }],
    ['a property without a type', { entries: [event('E', { properties: { p: {} } })] }],
    ['what cannot be stored', { entries: [event('E', { description: '\0' })] }],
    ['no JSON', '{'],
  ])('are refused with %s, and nothing of them is kept', async (_, body) => {
    const refused = await ask('POST', '', { body })
    expect([refused.status, refused.json()]).toEqual([400, { error: expect.any(String), status: 'error' }])
    expect(await results()).toEqual([])
  })

  it('of no kind are a bad request, by each path', async () => {
    expect((await ask('GET', '/group')).status).toBe(400)
    expect((await ask('DELETE', '/group/x')).status).toBe(400)
    expectDocumented(`POST ${one}`, '400', await ask('POST', '/profile/plan', { body: {} }))
    expect((await ask('GET', '/event/%00')).status).toBe(400)
    expect((await ask('GET', '/event?entity_name=%00')).status).toBe(400)
  })
})

describe('who may', () => {
  const paths: readonly (readonly [string, string])[] = [
    ['', all],
    ['/event', ofType],
    ['/event/E', one],
  ]
  const routes = paths.flatMap(([path, name]) =>
    (path === '/event' ? ['GET', 'DELETE'] : ['GET', 'POST', 'DELETE']).map((method) => [method, path, name] as const),
  )
  const body = (method: string, path: string) =>
    method === 'POST' ? { body: path === '' ? { entries: [event('E')] } : {} } : {}

  it.each(routes)('%s %s', async (method, path, name) => {
    await ask('POST', '/event/E', { body: {} })
    const as = (headers: Readonly<Record<string, string>>, projectId: number = us.id) =>
      lethe.send(method, at(path, projectId), { headers, ...body(method, path) })
    expectDocumented(`${method} ${name}`, '401', await as({}))
    expectDocumented(`${method} ${name}`, '401', await as(basic(us.secret)))
    expectDocumented(`${method} ${name}`, '403', await as(basic(strangerAccount.username, strangerAccount.secret)))
    expect((await as(admin, other.id)).status).toBe(403)
    for (const { username, secret } of [analystAccount, consumerAccount]) {
      expect((await as(basic(username, secret))).status).toBe(method === 'GET' ? 200 : 403)
    }
    expect((await as(admin)).status).toBe(200)
    expect((await as(admin, eu.id)).status).not.toBe(403)
  })

  it('only accounts with classified access, where properties are classified', async () => {
    const classified = `/api/app/projects/${us.id}/classified-properties`
    const mark = (names: readonly string[]) =>
      lethe.send('PUT', classified, { headers: admin, body: { event: names, profile: [] } })
    expect((await mark(['card'])).status).toBe(200)
    expect((await ask('GET')).status).toBe(403)
    await mark([])
    expect((await ask('GET')).status).toBe(200)
  })
})

it('every documented answer was seen', () => {
  expect(notChecked(() => true, ['lexicon'])).toEqual([])
})
