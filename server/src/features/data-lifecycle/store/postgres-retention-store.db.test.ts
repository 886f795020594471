import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { migratePostgres } from '../../../platform/postgres/migrate.ts'
import { createRetentionStore } from './postgres-retention-store.ts'

const migrations = join(import.meta.dirname, '../../../../migrations/postgres')
const own = '0006-data-lifecycle.sql'

let engines: TestEngines
let folder: string
beforeAll(async () => {
  engines = await openTestEngines()
  folder = await mkdtemp(join(tmpdir(), 'lethe-earlier-'))
})
afterAll(async () => {
  await engines?.close()
  if (folder !== undefined) await rm(folder, { recursive: true, force: true })
})

const addProject = (id: number, region = 'US') =>
  engines.control.rows(
    `INSERT INTO project (id, organization_id, name, region, cluster, identity_mode, token, secret_hash)
     VALUES ($1, 1, 'Shop', $2, 'c', 'simplified', $3, $3)`,
    [id, region, `t${id}`],
  )

describe('retention of projects', () => {
  it('is for ever where a project is older than retention itself, and the default for new ones', async () => {
    for (const name of (await readdir(migrations)).filter((file) => file < own)) {
      await cp(join(migrations, name), join(folder, name))
    }
    await migratePostgres(engines.controlConnection, folder)
    await engines.control.rows(`INSERT INTO organization (id, name) VALUES (1, 'Acme')`)
    await addProject(1)
    await migratePostgres(engines.controlConnection, migrations)
    await addProject(2)
    await addProject(3, 'EU')
    const store = createRetentionStore({
      control: engines.control,
      appendAudit: async () => undefined,
      defaultDays: 730,
    })
    expect(await store.find(projectScope(1, 'US'))).toEqual({ days: null, events: [] })
    expect(await store.find(projectScope(2, 'US'))).toEqual({ events: [] })
    const first = await store.copy('US')
    expect(first.rows).toEqual([
      { projectId: 0, event: '', keepDays: 730 },
      { projectId: 1, event: '', keepDays: 0 },
    ])
    expect((await store.copy('EU')).version).toBeGreaterThan(first.version)
    expect(await store.projectIds('US')).toEqual([1, 2])
  })
})
