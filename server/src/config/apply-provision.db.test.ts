import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../test/support/engines.ts'
import { adminAccount, analyst, defaultProvision, owner, us } from '../../test/support/provision.ts'
import { oneYearAfter } from '../features/access/index.ts'
import { appendAudit } from '../features/audit/index.ts'
import { faultsOfRules, provisionRules } from '../features/data-rules/index.ts'
import { migratePostgres } from '../platform/postgres/migrate.ts'
import type { ClosableControlDb } from '../platform/postgres/pg-control-db.ts'
import { applyProvision } from './apply-provision.ts'
import { readConfig } from './config.ts'
import { checkProvision } from './provision.ts'

const { regions, installedRegionIds } = readConfig({}, { regions: null, roles: null })
const dataRules = { faultsOf: faultsOfRules, apply: provisionRules(appendAudit) }
const clock = { ms: Date.UTC(2026, 0, 31), nowMs: () => clock.ms }

let engines: TestEngines
let control: ClosableControlDb
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())
beforeEach(async () => {
  const fresh = await engines.freshControl()
  await migratePostgres(fresh.connection, join(import.meta.dirname, '../../migrations/postgres'))
  control = fresh.control
})

/** What the regions say; a region of a project that is missing is not served. */
const dataOf = new Map<number, boolean>()

type File = ReturnType<typeof defaultProvision>
const apply = (change: (file: File) => unknown = () => undefined) => {
  const file = defaultProvision()
  change(file)
  const { provision, faults } = checkProvision(file, regions, installedRegionIds)
  if (provision === null || faults.length > 0) throw new Error(faults.join())
  const hasData = async (projectId: number) => dataOf.get(projectId) ?? null
  const deps = {
    control,
    clock,
    regions,
    appendAudit,
    hasData,
    groupKeysMax: 3,
    dataRules,
    tokenExpiresAtMs: oneYearAfter,
  }
  return applyProvision(deps, provision)
}
const one = async (sql: string): Promise<unknown> => Object.values((await control.rows<object>(sql))[0] ?? {})[0]
const shop = (file: File) =>
  file.organizations[0]?.projects[0] as { region: string; name: string; secret: string; identity: string }

describe('applying the provisioning file', () => {
  it('changes nothing the second time', async () => {
    const first = await apply()
    expect(first.createdCount).toBeGreaterThan(20)
    expect(first.changedCount).toBe(0)
    const auditCount = await one('SELECT count(*)::int FROM audit_event')
    expect(await apply()).toEqual({ createdCount: 0, changedCount: 0 })
    expect(await one('SELECT count(*)::int FROM audit_event')).toBe(auditCount)
  })

  it('by two servers at once creates everything once', async () => {
    const [a, b] = await Promise.all([apply(), apply()])
    expect(Math.min(a.createdCount, b.createdCount)).toBe(0)
    expect(await one('SELECT count(*)::int FROM project')).toBe(3)
  })

  it('changes the identity mode of an empty project only (IDM-01)', async () => {
    await apply()
    const change = (file: File) => {
      shop(file).identity = 'original'
    }
    const mode = () => one(`SELECT identity_mode FROM project WHERE id = ${us.id}`)
    await expect(apply(change)).rejects.toThrow(
      `project ${us.id}: its identity mode is simplified and this server does not`,
    )
    dataOf.set(us.id, true)
    await expect(apply(change)).rejects.toThrow('is simplified and fixed, because the project has data')
    expect(await mode()).toBe('simplified')
    dataOf.set(us.id, false)
    expect((await apply(change)).changedCount).toBe(1)
    expect(await mode()).toBe('original')
    dataOf.set(us.id, true)
    expect((await apply(change)).changedCount).toBe(0)
  })

  it('stores no password, secret or GDPR token', async () => {
    await apply()
    for (const table of ['account', 'project', 'service_account', 'gdpr_token', 'audit_event']) {
      const text = JSON.stringify(await control.rows(`SELECT * FROM ${table}`))
      for (const secret of [owner.password, adminAccount.secret, us.secret, owner.gdprToken]) {
        expect(text).not.toContain(secret)
      }
    }
  })

  it('follows changed names, secrets, passwords and roles', async () => {
    await apply()
    const summary = await apply((file) => {
      shop(file).name = 'Renamed'
      shop(file).secret = 'f'.repeat(32)
      const [acme] = file.organizations
      ;(acme?.users[2] as { role: string; password: string }).role = 'admin'
      ;(acme?.users[2] as { password: string }).password = 'another password'
      acme?.service_accounts[0]?.projects.splice(1)
    })
    // Name and secret are one row; the analyst had a role on each of two projects; the account lost one project.
    expect(summary).toEqual({ createdCount: 0, changedCount: 6 })
    expect(await one('SELECT name FROM project WHERE id = 1001')).toBe('Renamed')
    expect(
      await one(`SELECT role FROM organization_member m JOIN account a ON a.id = m.account_id
      WHERE a.email = '${analyst.email}'`),
    ).toBe('admin')
    expect(
      await one(`SELECT count(*)::int FROM service_account_project g JOIN service_account s
      ON s.id = g.service_account_id WHERE s.username = '${adminAccount.username}'`),
    ).toBe(1)
  })

  it('refuses another region in one sentence and changes nothing', async () => {
    await apply()
    const change = apply((file) => {
      shop(file).region = 'EU'
      for (const organization of file.organizations) organization.name = 'Renamed'
    })
    await expect(change).rejects.toThrow(
      'project 1001: its region is US and fixed at creation; make a new project in EU',
    )
    expect(await one('SELECT name FROM organization WHERE id = 1')).toBe('Acme')
    await expect(control.rows(`UPDATE project SET region = 'EU' WHERE id = 1001`)).rejects.toThrow()
  })

  it('gives a GDPR token one year from its first application, and never revives it', async () => {
    await apply()
    const hint = owner.gdprToken.slice(0, 4)
    const expiry = `SELECT expires_at FROM gdpr_token WHERE token_hint = '${hint}' ORDER BY created_at DESC LIMIT 1`
    expect(await one(expiry)).toEqual(new Date(Date.UTC(2027, 0, 31)))
    await control.rows('UPDATE gdpr_token SET revoked_at = now()')
    clock.ms = Date.UTC(2026, 5, 1)
    await apply()
    expect(await one(expiry)).toEqual(new Date(Date.UTC(2027, 0, 31)))
    expect(await one('SELECT count(*)::int FROM gdpr_token WHERE revoked_at IS NULL')).toBe(0)
  })

  it('keeps a cluster that was set since, unless the file names one', async () => {
    await apply()
    await control.rows(`UPDATE project SET cluster = 'set-later' WHERE id = 1001`)
    expect(await apply()).toEqual({ createdCount: 0, changedCount: 0 })
    await apply((file) => Object.assign(shop(file), { cluster: 'mixpanel-prod-1' }))
    expect(await one('SELECT cluster FROM project WHERE id = 1001')).toBe('mixpanel-prod-1')
  })

  it('makes and renames lookup tables, and takes none from another project', async () => {
    const id = '55b4fb2b-e8de-466c-930f-8b36640b9b5e'
    const withTable = (at: number, table: object) =>
      apply((file) => Object.assign(file.organizations[0]?.projects[at] ?? {}, { lookup_tables: [table] }))
    const tables = () => control.rows('SELECT id, project_id, name FROM lookup_table')
    await withTable(0, { id, name: 'Accounts' })
    expect(await withTable(0, { id, name: 'Accounts' })).toEqual({ createdCount: 0, changedCount: 0 })
    expect(await withTable(0, { id, name: 'Clients' })).toEqual({ createdCount: 0, changedCount: 1 })
    expect(await tables()).toEqual([{ id, project_id: us.id, name: 'Clients' }])
    await expect(withTable(1, { id, name: 'Clients' })).rejects.toThrow(`${id}: it belongs to project ${us.id}`)
    const twin = { id: '1297297a-43a7-4cac-82b0-635d2bd88aac', name: 'Clients' }
    await expect(withTable(0, twin)).rejects.toThrow(`project ${us.id} has another one of that name, ${id}`)
    await apply()
    expect(await tables()).toHaveLength(1)
    expect(await one(`SELECT count(*)::int FROM audit_event WHERE event_type = 'lookup_table.created'`)).toBe(1)
  })

  it('writes down what it created, and the log cannot be changed', async () => {
    await apply()
    const rows = await control.rows<{ event_type: string; actor_name: string }>(
      'SELECT DISTINCT event_type, actor_name FROM audit_event ORDER BY 1',
    )
    expect(rows).toEqual([
      { event_type: 'oauth_token.created', actor_name: 'provisioning' },
      { event_type: 'project.created', actor_name: 'provisioning' },
      { event_type: 'service_account.created', actor_name: 'provisioning' },
    ])
    for (const sql of ['DELETE FROM audit_event', `UPDATE audit_event SET actor_name = 'x'`, 'TRUNCATE audit_event']) {
      await expect(control.rows(sql)).rejects.toThrow()
    }
  })

  it('sets the data rules that it names, once, again after they were changed, and refuses what is none', async () => {
    const withRules = (rules: unknown) => apply((file) => Object.assign(shop(file), { data_rules: rules }))
    const version = () => one(`SELECT version FROM data_rules WHERE project_id = ${us.id}`)
    await apply()
    expect(await withRules({ blocked_events: ['A'] })).toEqual({ createdCount: 0, changedCount: 1 })
    expect(await withRules({ blocked_events: ['A'], drop_filters: [] })).toEqual({ createdCount: 0, changedCount: 0 })
    expect(await apply()).toEqual({ createdCount: 0, changedCount: 0 })
    expect(await version()).toBe(1)
    await withRules({ blocked_events: ['B'] })
    expect(await version()).toBe(2)
    expect(await one(`SELECT data_rules_version FROM project WHERE id = ${us.id}`)).toBe(2)
    await expect(withRules({ colour: 'red' })).rejects.toThrow(`data_rules of project ${us.id}: `)
    expect(await version()).toBe(2)
  })

  it('sets how long events are kept once, again after it was changed, and leaves it alone where it says nothing', async () => {
    const rules = { days: 400, events: [{ event: 'Short', days: 7 }] }
    const withRules = (retention: object) => apply((file) => Object.assign(shop(file), { retention }))
    const kept = () =>
      one(`SELECT jsonb_build_array((SELECT days FROM project_retention WHERE project_id = ${us.id}),
        (SELECT jsonb_agg(jsonb_build_array(event, days)) FROM event_retention WHERE project_id = ${us.id}))`)
    await withRules(rules)
    expect([await kept(), await withRules(rules)]).toEqual([
      [400, [['Short', 7]]],
      { createdCount: 0, changedCount: 0 },
    ])
    expect(await apply()).toEqual({ createdCount: 0, changedCount: 0 })
    expect([(await withRules({ days: null })).changedCount, await kept()]).toEqual([1, [null, null]])
    expect(() => withRules({ days: 0 })).toThrow('retention.days')
  })

  it('grants classified access and takes it away', async () => {
    const granted = () =>
      one(`SELECT jsonb_build_array((SELECT count(*) FROM service_account WHERE classified_access),
        (SELECT count(*) FROM organization_member WHERE classified_access))`)
    const grant = (file: File) => {
      const [acme] = file.organizations
      Object.assign(acme?.service_accounts[0] ?? {}, { classified_access: true })
      Object.assign(acme?.users[0] ?? {}, { classified_access: true })
    }
    await apply()
    expect(await granted()).toEqual([0, 0])
    expect([(await apply(grant)).changedCount, await granted()]).toEqual([2, [1, 1]])
    expect((await apply(grant)).changedCount).toBe(0)
    expect([(await apply()).changedCount, await granted()]).toEqual([2, [0, 0]])
  })

  it('sets group keys up once, keeps those that it does not name, and refuses too many', async () => {
    const withKeys = (...keys: readonly unknown[]) => apply((file) => Object.assign(shop(file), { group_keys: keys }))
    const stored = () =>
      control.rows(`SELECT key, display_name FROM project_group_key WHERE project_id = ${us.id} ORDER BY key`)
    await withKeys('company', { key: 'team', display_name: 'Team' })
    expect(await withKeys('company', { key: 'team', display_name: 'Team' })).toEqual({
      createdCount: 0,
      changedCount: 0,
    })
    expect(await withKeys({ key: 'team', display_name: 'Teams' })).toEqual({ createdCount: 0, changedCount: 1 })
    expect(await stored()).toEqual([
      { key: 'company', display_name: 'company' },
      { key: 'team', display_name: 'Teams' },
    ])
    expect(await one(`SELECT count(*)::int FROM audit_event WHERE event_type = 'group_key.created'`)).toBe(2)
    await expect(withKeys('a', 'b')).rejects.toThrow('project 1001: 4 group keys with those set up before')
    expect(await stored()).toHaveLength(2)
  })
})
