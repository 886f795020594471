import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { basic, bearer } from '../../../test/support/lethe.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import type { Received } from '../../http/route.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import type { ControlDb } from '../../platform/postgres/control-db.ts'
import { migratePostgres } from '../../platform/postgres/migrate.ts'
import type { ClosableControlDb } from '../../platform/postgres/pg-control-db.ts'
import { createAuthenticator } from './authenticate.ts'
import { oneYearAfter } from './domain/gdpr-token.ts'
import { createProjectDirectory } from './store/project-directory.ts'

const start = Date.UTC(2026, 0, 31)
const token = 'a'.repeat(32)
const gdprToken = 'g'.repeat(30)

let engines: TestEngines
let control: ClosableControlDb
let clock: { ms: number; nowMs(): number }
let queryCount: number
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())
beforeEach(async () => {
  const fresh = await engines.freshControl()
  await migratePostgres(fresh.connection, join(import.meta.dirname, '../../../migrations/postgres'))
  control = fresh.control
  clock = { ms: start, nowMs: () => clock.ms }
  queryCount = 0
  for (const [sql, params] of [
    [`INSERT INTO organization VALUES (1, 'Acme')`],
    [
      `INSERT INTO project (id, organization_id, name, region, cluster, identity_mode, token, secret_hash)
       VALUES (7, 1, 'Shop', 'US', 'c', 'simplified', $1, $2)`,
      [token, sha256Hex('secret')],
    ],
    [
      `INSERT INTO service_account (id, organization_id, username, secret_hash, expires_at) VALUES (1, 1, 'ci', $1, $2)`,
      [sha256Hex('right'), new Date(start + 60_000)],
    ],
    [`INSERT INTO service_account_project VALUES (1, 7, 'admin')`],
    [`INSERT INTO account (id, email) VALUES (1, 'owner@acme.test')`],
    [`INSERT INTO organization_member VALUES (1, 1, 'owner')`],
    [
      `INSERT INTO gdpr_token (id, account_id, token_hash, token_hint, created_at, expires_at)
       VALUES (gen_random_uuid(), 1, $1, 'gggg', $2, $3)`,
      [sha256Hex(gdprToken), new Date(start), new Date(oneYearAfter(start))],
    ],
  ] as const) {
    await control.rows(sql, params ?? [])
  }
})

/** What a server has: its own caches over the same store. Counts what it asks the store. */
const openServer = async () => {
  const counted: ControlDb = {
    ...control,
    rows: (sql, params) => {
      queryCount += 1
      return control.rows(sql, params)
    },
  }
  const projects = await createProjectDirectory(counted, clock)
  const { authenticate } = await createAuthenticator({
    control: counted,
    projects,
    clock,
    ownOrigins: new Set(),
    scimOrganizationOf: async () => null,
    secureCookies: false,
    sessionIdleMs: 3_600_000,
    mustHaveSecondFactor: async () => false,
  })
  const ask = (headers: Record<string, string>, accepts: readonly CredentialKind[]) =>
    authenticate({ method: 'POST', headers: { authorization: headers['Authorization'] } } as Received, accepts)
  return {
    projects,
    account: (secret = 'right') => ask(basic('ci', secret), ['service-account']),
    key: (key: string) => ask(basic(key), ['project-secret', 'project-token']),
    gdpr: () => ask(bearer(gdprToken), ['gdpr-token']),
    session: () => {
      const headers = { cookie: 'lethe_session=a token', 'x-lethe-client': 'test', host: 'us.test' }
      return authenticate({ method: 'POST', headers } as unknown as Received, ['session'])
    },
  }
}

const refused = expect.objectContaining({ status: 401 })

describe('service accounts and keys', () => {
  it('ask the store nothing from the second request on', async () => {
    const server = await openServer()
    expect(await server.account()).toMatchObject({ kind: 'service-account', projectRoles: new Map([[7, 'admin']]) })
    await server.key('secret')
    await server.key(token)
    const before = queryCount
    for (let count = 0; count < 5; count += 1) {
      await server.account()
      expect(await server.key('secret')).toEqual({ kind: 'project-secret', projectId: 7 })
      expect(await server.key(token)).toEqual({ kind: 'project-token', projectId: 7 })
      await expect(server.account('wrong')).rejects.toEqual(refused)
    }
    expect(queryCount).toBe(before)
  })

  it('end when their time is up, also while they are cached', async () => {
    const server = await openServer()
    await server.account()
    clock.ms = start + 60_000
    await expect(server.account()).rejects.toEqual(refused)
  })

  it('end on every server when a notification tells of a change, and without it within seconds', async () => {
    const server = await openServer()
    await server.account()
    await control.rows('DELETE FROM service_account')
    expect(await server.account()).toMatchObject({ id: 1 })
    await control.notify('access_changed', '')
    await waitFor('the account is gone', async () => (await server.account().catch(() => null)) === null)

    await server.key('secret')
    await server.projects.byToken(token)
    await control.rows(`UPDATE project SET secret_hash = 'changed', token = $1`, ['b'.repeat(32)])
    expect(await server.projects.byToken(token)).toMatchObject({ id: 7 })
    clock.ms += 5_000
    await expect(server.key('secret')).rejects.toEqual(refused)
    expect(await server.projects.byToken(token)).toBeNull()
  })

  it('write down their last use at most once a minute', async () => {
    const server = await openServer()
    const lastUsed = async () => (await control.rows('SELECT last_used_at FROM service_account'))[0]
    await server.account()
    expect(await lastUsed()).toEqual({ last_used_at: new Date(start) })
    clock.ms = start + 59_999
    await server.account()
    expect(await lastUsed()).toEqual({ last_used_at: new Date(start) })
    await control.rows('UPDATE service_account SET expires_at = NULL')
    clock.ms = start + 65_000
    await server.account()
    expect(await lastUsed()).toEqual({ last_used_at: new Date(start + 65_000) })
  })
})

describe('a custom role', () => {
  it('is that of every server when it changes, and leaves a consumer when it is gone', async () => {
    const [role] = await control.rows<{ id: number }>(
      `INSERT INTO custom_role (project_id, name, permissions) VALUES (7, 'Data', '{events:delete,unheard:of}') RETURNING id`,
    )
    await control.rows(`UPDATE service_account_project SET role = 'consumer', custom_role_id = $1`, [role?.id])
    const servers = [await openServer(), await openServer()]
    const held = async (permissions: readonly string[]) => {
      const customRoles = new Map([[7, { names: ['Data'], permissions: new Set(permissions) }]])
      for (const server of servers) {
        await waitFor('the role', async () => {
          const found = await server.account()
          return (
            found.kind === 'service-account' && found.customRoles.get(7)?.permissions.has(permissions.at(-1) as never)
          )
        })
        expect(await server.account()).toMatchObject({ projectRoles: new Map(), customRoles })
      }
    }
    // What this release does not know opens nothing.
    await held(['project:read', 'query:read', 'events:delete'])
    await control.tx(async (tx) => {
      await tx.rows(`UPDATE custom_role SET permissions = '{audit:read}'`)
      await tx.rows(`SELECT pg_notify('access_changed', '')`)
    })
    await held(['project:read', 'query:read', 'audit:read'])
    await control.tx(async (tx) => {
      await tx.rows('DELETE FROM custom_role')
      await tx.rows(`SELECT pg_notify('access_changed', '')`)
    })
    for (const server of servers) {
      await waitFor('consumer', async () => {
        const found = await server.account()
        return found.kind === 'service-account' && found.projectRoles.get(7) === 'consumer'
      })
    }
  })
})

describe('sessions', () => {
  const hours = 3_600_000
  beforeEach(async () => {
    await control.rows(
      `INSERT INTO session (id, account_id, token_hash, created_at, expires_at) VALUES (gen_random_uuid(), 1, $1, $2, $3)`,
      [sha256Hex('a token'), new Date(start), new Date(start + 12 * hours)],
    )
  })

  it('end when they are not used for a while', async () => {
    const server = await openServer()
    clock.ms = start + hours - 1
    expect(await server.session()).toMatchObject({ kind: 'session', userId: 1 })
    clock.ms += hours - 1
    expect(await server.session()).toMatchObject({ kind: 'session' })
    clock.ms += hours
    await expect(server.session()).rejects.toEqual(refused)
  })

  it('end after their longest time, however much they are used', async () => {
    const server = await openServer()
    for (clock.ms = start; clock.ms < start + 12 * hours; clock.ms += hours / 2) {
      expect(await server.session()).toMatchObject({ kind: 'session' })
    }
    await expect(server.session()).rejects.toEqual(refused)
  })
})

describe('GDPR tokens', () => {
  it('work until the last millisecond of their year', async () => {
    const server = await openServer()
    expect(await server.gdpr()).toMatchObject({ kind: 'gdpr-token', projectRoles: new Map([[7, 'owner']]) })
    clock.ms = Date.UTC(2027, 0, 31) - 1
    await server.gdpr()
    clock.ms = Date.UTC(2027, 0, 31)
    await expect(server.gdpr()).rejects.toEqual(refused)
  })

  it('are read fresh: revoked, or their owner without rights, at once', async () => {
    const server = await openServer()
    await server.gdpr()
    await control.rows('DELETE FROM organization_member')
    expect(await server.gdpr()).toMatchObject({ projectRoles: new Map() })
    await control.rows('UPDATE gdpr_token SET revoked_at = now()')
    await expect(server.gdpr()).rejects.toEqual(refused)
  })
})

describe('the project directory', () => {
  it('remembers unknown tokens for a while and asks nothing for what cannot be a token', async () => {
    const { projects } = await openServer()
    expect(await projects.byToken('c'.repeat(32))).toBeNull()
    const before = queryCount
    for (const guess of ['c'.repeat(32), '', 'x'.repeat(65), `' OR 1=1`])
      expect(await projects.byToken(guess)).toBeNull()
    expect(queryCount).toBe(before)
    expect(await projects.byId(0)).toBeNull()
    expect(await projects.byId(7)).toMatchObject({ id: 7, token, erasureEpoch: 0 })
  })
})
