import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import type { Received } from '../../http/route.ts'
import type { CredentialKind } from '../../kernel/principal.ts'
import { migratePostgres } from '../../platform/postgres/migrate.ts'
import type { ClosableControlDb } from '../../platform/postgres/pg-control-db.ts'
import { createAuthenticator } from './authenticate.ts'
import { createSessions, type SignedIn } from './sessions.ts'
import { createProjectDirectory } from './store/project-directory.ts'

const start = Date.UTC(2026, 0, 31)
const minuteMs = 60_000
const idleMs = 120 * minuteMs
const ada = { id: 1, email: 'ada@acme.test' }
const byPassword: SignedIn = {
  method: 'password',
  hasSecondFactor: false,
  agent: 'Firefox on Linux',
  replaces: null,
  requestId: 'r',
}

let engines: TestEngines
let control: ClosableControlDb
let nowMs: number
let isFactorWanted: boolean
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())
beforeEach(async () => {
  const fresh = await engines.freshControl()
  await migratePostgres(fresh.connection, join(import.meta.dirname, '../../../migrations/postgres'))
  control = fresh.control
  nowMs = start
  isFactorWanted = false
  await control.rows(`INSERT INTO account (id, email) VALUES (1, 'ada@acme.test'), (2, 'bo@acme.test')`)
})

const openServer = async () => {
  const clock = { nowMs: () => nowMs }
  const sessions = createSessions({ control, clock, appendAudit: async () => undefined, sessionIdleMs: idleMs })
  const { authenticate } = await createAuthenticator({
    control,
    clock,
    projects: await createProjectDirectory(control, clock),
    ownOrigins: new Set(),
    scimOrganizationOf: async () => null,
    secureCookies: false,
    sessionIdleMs: idleMs,
    mustHaveSecondFactor: async () => isFactorWanted,
  })
  const ask = async (token: string, accepts: readonly CredentialKind[] = ['session']): Promise<number> => {
    const request = { method: 'GET', headers: { cookie: `lethe_session=${token}` } } as Received
    try {
      await authenticate(request, accepts)
      return 200
    } catch (error) {
      return (error as { status: number }).status
    }
  }
  const open = (changes: Partial<SignedIn> = {}) =>
    control.tx((tx) => sessions.open(tx, ada, { ...byPassword, ...changes }))
  return { sessions, ask, open }
}
const idOf = async (email: string) => {
  const [row] = await control.rows<{ id: string }>(
    'SELECT s.id FROM session s JOIN account a ON a.id = account_id WHERE email = $1 AND ended_at IS NULL',
    [email],
  )
  return row?.id ?? ''
}

describe('a session', () => {
  it('ends when it is not used for a while, and after twelve hours in any case', async () => {
    const { ask, open } = await openServer()
    const token = await open()
    nowMs = start + idleMs - 1
    expect(await ask(token)).toBe(200)
    // Seen a moment ago, so it lives on; on another server as well.
    nowMs += idleMs - 1
    expect(await (await openServer()).ask(token)).toBe(200)
    nowMs += idleMs
    expect(await ask(token)).toBe(401)

    const used = await open()
    const endsAtMs = nowMs + 12 * 60 * minuteMs
    for (; nowMs < endsAtMs; nowMs += 60 * minuteMs) expect(await ask(used)).toBe(200)
    expect(await ask(used)).toBe(401)
  })

  it('has a new token after a change of rights; the others of this person end, nobody else’s', async () => {
    const { sessions, ask, open } = await openServer()
    const others = await control.tx((tx) => sessions.open(tx, { id: 2, email: 'bo@acme.test' }, byPassword))
    const own = await open()
    const credentialId = await idOf(ada.email)
    const third = await open()
    const token = await control.tx((tx) => sessions.renew(tx, { credentialId, userId: 1, email: ada.email }))
    expect(await Promise.all([own, third, token, others].map((one) => ask(one)))).toEqual([401, 401, 200, 200])
    expect(await sessions.list(1)).toHaveLength(1)
  })

  it('without a second factor that somebody wants opens what sets one up, and nothing else', async () => {
    const { ask, open } = await openServer()
    const first = await open()
    const full = await open({ hasSecondFactor: true })
    const sso = await open({ method: 'sso' })
    isFactorWanted = true
    expect(await Promise.all([first, full, sso].map((one) => ask(one)))).toEqual([403, 200, 200])
    expect(await ask(first, ['session', 'limited-session'])).toBe(200)
    // Recovery codes are used up: not even who has just shown one goes on.
    isFactorWanted = false
    await control.rows('UPDATE account SET must_set_up_second_factor = true WHERE id = 1')
    expect(await Promise.all([first, full, sso].map((one) => ask(one)))).toEqual([403, 403, 200])
  })
})
