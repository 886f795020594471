import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { dayMs } from '../../kernel/time.ts'
import { migratePostgres } from '../../platform/postgres/migrate.ts'
import type { ClosableControlDb } from '../../platform/postgres/pg-control-db.ts'
import { parseAuditFilter } from './domain/audit-filter.ts'
import { expireOnce } from './expiry.ts'
import { appendAudit, eachAudit, expireAudit, listAudit } from './store/postgres-audit-store.ts'

// AUTH-30 (auth §9): a log that only grows, and ends at its beginning.

let engines: TestEngines
let control: ClosableControlDb
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines?.close())
beforeEach(async () => {
  const fresh = await engines.freshControl()
  await migratePostgres(fresh.connection, join(import.meta.dirname, '../../../migrations/postgres'))
  control = fresh.control
})

const actor = { type: 'user', id: '1', name: 'owner@acme.test' } as const
const note = () =>
  appendAudit(control, { type: 'session.logged_in', actor, organizationId: 1, projectId: null, requestId: 'r' })
const noteDaysAgo = (days: number, count = 1) =>
  control.rows(
    `INSERT INTO audit_event (occurred_at, event_type, actor_type, organization_id)
     SELECT now() - $1 * interval '1 day', 'session.logged_in', 'user', 1 FROM generate_series(1, $2)`,
    [days, count],
  )
const all = parseAuditFilter({ limit: '10000' })
const typesOf = async () => (await listAudit(control, { organizationId: 1 }, all)).map(({ event_type: type }) => type)
const countOf = async (): Promise<number> =>
  Number((await control.rows<{ count: string }>('SELECT count(*) FROM audit_event'))[0]?.count)

describe('the audit log', () => {
  it.each([
    'DELETE FROM audit_event',
    `DELETE FROM audit_event WHERE occurred_at < now() - interval '99 years'`,
    `UPDATE audit_event SET actor_name = 'somebody else'`,
    'TRUNCATE audit_event',
    'DO $$ BEGIN DELETE FROM audit_event; END $$',
    // The name of the way out, as a text.
    `DO $$ BEGIN DELETE FROM audit_event WHERE 'expire_audit_events(timestamp' <> ''; END $$`,
    `DO $$ BEGIN EXECUTE 'DELETE FROM audit_event WHERE $q$ expire_audit_events(timestamp $q$ <> $q$$q$'; END $$`,
    // Through the way out, too much.
    'SELECT expire_audit_events(now(), 1000)',
    `SELECT expire_audit_events(now() - interval '29 days', 1000)`,
  ])('refuses %s', async (sql) => {
    await noteDaysAgo(40_000)
    await note()
    await expect(control.rows(sql)).rejects.toThrow()
    expect(await countOf()).toBe(2)
  })

  it('loses what is older than it is kept, says so, and nothing else', async () => {
    await noteDaysAgo(732, 3)
    await noteDaysAgo(728)
    await note()
    const clock = { nowMs: () => Date.now() }
    const deps = { control, clock, retentionDays: 730, onProblem: () => undefined }
    expect(await expireOnce(deps)).toBe(false)
    expect(await typesOf()).toEqual(['session.logged_in', 'session.logged_in'])
    const [said] = await control.rows<{ name: string }>(
      `SELECT target ->> 'name' AS name FROM audit_event WHERE event_type = 'audit_log.expired'`,
    )
    expect(said?.name).toMatch(/^3 entries from before /)
    expect(await expireOnce(deps)).toBe(false)
    expect(await countOf()).toBe(3)
  })

  it('goes a piece at a time, the oldest first', async () => {
    await noteDaysAgo(900, 3)
    await noteDaysAgo(800, 2)
    const beforeMs = Date.now() - 730 * dayMs
    expect([await expireAudit(control, beforeMs, 3), await countOf()]).toEqual([3, 2])
    const [oldest] = await control.rows<{ days: number }>(
      `SELECT extract(day FROM now() - min(occurred_at))::int AS days FROM audit_event`,
    )
    expect(oldest?.days).toBe(800)
    expect(await expireAudit(control, beforeMs, 3)).toBe(2)
  })

  it('is exported whole, page by page, newest first', async () => {
    await noteDaysAgo(1, 2_500)
    const ids: number[] = []
    const sizes: number[] = []
    for await (const page of eachAudit(control, { organizationId: 1 }, parseAuditFilter({ format: 'csv' }))) {
      ids.push(...page.map(({ id }) => Number(id)))
      sizes.push(page.length)
    }
    expect(sizes).toEqual([1_000, 1_000, 500])
    expect(new Set(ids).size).toBe(2_500)
    expect(ids).toEqual(ids.toSorted((a, b) => b - a))
    const some = parseAuditFilter({ format: 'ndjson', limit: '1200' })
    let count = 0
    for await (const page of eachAudit(control, { organizationId: 1 }, some)) count += page.length
    expect(count).toBe(1_200)
  })
})
