import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Answer, type Lethe, startLethe } from '../support/lethe.ts'
import { exportEvents, type PrivacyOfficer, privacyOfficer, type StoredEvent } from '../support/privacy-officer.ts'
import { owner } from '../support/provision.ts'
import { type Dialect, type DialectProject, type DialectRequest, dialectAccount, dialects } from './client-dialects.ts'

const us = { id: 31, token: 'T'.repeat(32), secret: 'S'.repeat(32) }
const eu = { id: 32, token: 'U'.repeat(32), secret: 'V'.repeat(32) }
const hosts = { US: 'api.mixpanel.com', EU: 'api-eu.mixpanel.com' } as const

let lethe: Lethe
beforeAll(async () => {
  lethe = await startLethe({
    provision: {
      organizations: [
        {
          id: 1,
          name: 'Clients',
          users: [{ email: owner.email, password: owner.password, role: 'owner' }],
          projects: [
            { ...us, name: 'Shop', region: 'US' },
            { ...eu, name: 'Shop EU', region: 'EU' },
          ],
          service_accounts: [{ ...dialectAccount, projects: [us, eu].map(({ id }) => ({ id, role: 'admin' })) }],
          gdpr_tokens: [{ user: owner.email, token: owner.gdprToken }],
        },
      ],
    },
    env: {
      LETHE_GDPR_GRACE_SECONDS: '0',
      LETHE_GDPR_RATE_PER_SECOND: '1000000',
      LETHE_GDPR_STATUS_RATE_PER_SECOND: '10000',
    },
  })
})
afterAll(() => lethe?.stop())

const send = (host: string, { method, path, headers, body }: DialectRequest): Promise<Answer> =>
  lethe.send(method, path, { host, headers, ...(body === undefined ? {} : { body }) })

// Base64 of it holds `+` and `/`, which a careless form parser loses.
const awkward = '>>>???~~~ ☂ été'
const nowMs = Date.now()

const timeAs = (time: Dialect['time']): number =>
  time === 'float seconds' ? nowMs / 1_000 : time === 'milliseconds' ? nowMs : Math.floor(nowMs / 1_000)

const eventOf = ({ client, time }: Dialect, { token }: DialectProject, way: string) => ({
  event: `${client} ${way}`,
  properties: {
    token,
    distinct_id: `${client} user`,
    time: timeAs(time),
    $insert_id: 'a-fixed-insert-id',
    said: awkward,
  },
})
const profileOf = ({ client }: Dialect, { token }: DialectProject) => ({
  $token: token,
  $distinct_id: `${client} user`,
  $set: { said: awkward },
})
const groupOf = ({ client }: Dialect, { token }: DialectProject) => ({
  $token: token,
  $group_key: 'company',
  $group_id: `${client} company`,
  $set: { said: awkward },
})

describe.each([
  ['US', us, eu],
  ['EU', eu, us],
] as const)('clients that cannot run here, at the %s host (ING-29)', (region, project, elsewhere) => {
  const host = hosts[region]
  const wrongHost = hosts[region === 'US' ? 'EU' : 'US']
  let officer: PrivacyOfficer
  let stored: readonly StoredEvent[] | null = null
  const storedEvents = async () => {
    stored ??= await exportEvents(lethe, project)
    return stored
  }
  beforeAll(() => {
    officer = privacyOfficer(lethe, project)
  })

  it.each(dialects.map((dialect) => [dialect.client, dialect] as const))('%s', async (_client, dialect) => {
    const { track, engage, groups, answer, importAnswer } = dialect
    const toImport = dialect.import
    const said = [
      track === undefined ? null : await send(host, track(eventOf(dialect, project, 'tracked'), project)),
      engage === undefined ? null : await send(host, engage(profileOf(dialect, project), project)),
      groups === undefined ? null : await send(host, groups(groupOf(dialect, project), project)),
    ].filter((sent) => sent !== null)
    for (const { status, text } of said) expect([status, text]).toEqual([200, answer])
    if (toImport === undefined) return
    const { status, text } = await send(host, toImport(eventOf(dialect, project, 'imported'), project))
    expect([status, text]).toEqual([200, importAnswer])
  })

  it.each(dialects.map((dialect) => [dialect.client, dialect] as const))('stores what %s', async (_client, dialect) => {
    const ways = [...(dialect.track ? ['tracked'] : []), ...(dialect.import ? ['imported'] : [])]
    for (const way of ways) {
      const found = (await storedEvents()).filter(({ event }) => event === `${dialect.client} ${way}`)
      expect(found).toHaveLength(1)
      const { properties } = found[0] as StoredEvent
      expect(properties).toMatchObject({
        said: awkward,
        distinct_id: `${dialect.client} user`,
        time: Math.floor(nowMs / 1_000),
        $insert_id: 'a-fixed-insert-id',
        $mp_api_endpoint: host,
      })
      expect(properties).not.toHaveProperty('token')
    }
    if (dialect.engage !== undefined)
      expect(await officer.profile(`${dialect.client} user`)).toMatchObject({ said: awkward })
  })

  it('refuses each of them for a project of another region, and keeps nothing of it', async () => {
    for (const dialect of dialects) {
      const { track, engage, groups } = dialect
      const stray = { ...dialect, client: 'stray' }
      const sent = [
        track?.(eventOf(stray, project, 'tracked'), project),
        engage?.(profileOf(stray, project), project),
        groups?.(groupOf(stray, project), project),
        dialect.import?.(eventOf(stray, project, 'imported'), project),
      ].filter((request) => request !== undefined)
      for (const request of sent) {
        const { status, text } = await send(wrongHost, request)
        expect([dialect.client, request.path, status]).toEqual([dialect.client, request.path, 403])
        expect(text).toContain(host)
      }
    }
    for (const of of [project, elsewhere]) {
      expect((await exportEvents(lethe, of)).filter(({ event }) => event.startsWith('stray'))).toEqual([])
    }
    expect(await officer.profile('stray user')).toBeNull()
  })
})
