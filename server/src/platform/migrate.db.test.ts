import { cp, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../test/support/engines.ts'
import { migrateClickhouse } from './clickhouse/migrate.ts'
import { migratePostgres } from './postgres/migrate.ts'
import { withLease } from './postgres/with-lease.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())

const folderOf = async (name: string, files: Readonly<Record<string, string>>): Promise<string> => {
  const folder = join(engines.folder, name)
  await mkdir(folder, { recursive: true })
  for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text)
  return folder
}

describe('Postgres migrations', () => {
  it('are applied once when three servers start together', async () => {
    const { control, connection } = await engines.freshControl()
    const folder = await folderOf('pg', {
      '0001-first.sql': 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);',
      '0002-second.sql': 'INSERT INTO a VALUES (2);',
    })
    const applied = await Promise.all([1, 2, 3].map(() => migratePostgres(connection, folder)))
    expect(applied.flat().sort()).toEqual(['0001-first.sql', '0002-second.sql'])
    expect(await control.rows('SELECT n FROM a ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }])
  })

  it('leave nothing of a file that fails, and say so without its text', async () => {
    const { control, connection } = await engines.freshControl()
    const folder = await folderOf('pg-faulty', { '0001-x.sql': 'CREATE TABLE half (n int); SELECT canary;' })
    const work = migratePostgres(connection, folder)
    await expect(work).rejects.toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('canary') })
    expect(await control.rows("SELECT to_regclass('half') AS found")).toEqual([{ found: null }])
    expect(await control.rows('SELECT name FROM schema_migration')).toEqual([])
  })

  it('refuse a file that was changed after it had been applied, and a file with a wrong name', async () => {
    const { connection } = await engines.freshControl()
    const folder = await folderOf('pg-changed', { '0001-x.sql': 'SELECT 1' })
    await migratePostgres(connection, folder)
    await folderOf('pg-changed', { '0001-x.sql': 'SELECT 2' })
    await expect(migratePostgres(connection, folder)).rejects.toThrow('0001-x.sql was changed')
    await cp(folder, `${folder}-2`, { recursive: true })
    await folderOf('pg-changed-2', { 'later.sql': 'SELECT 2' })
    await expect(migratePostgres(connection, `${folder}-2`)).rejects.toThrow('later.sql')
  })
})

describe('ClickHouse migrations', () => {
  it('are applied once when three servers start together', async () => {
    const folder = await folderOf('ch', {
      '0001-first.sql':
        'CREATE TABLE IF NOT EXISTS {table:first} (n UInt8) ENGINE = {engine:MergeTree} ORDER BY n\n-- shard by n\n;\n',
      '0002-second.sql': 'INSERT INTO first VALUES (1);\nINSERT INTO first VALUES (2);\n',
    })
    const withLock = withLease(engines.control)
    const applied = await Promise.all([1, 2, 3].map(() => migrateClickhouse(engines.region, folder, withLock)))
    expect(applied.flat().sort()).toEqual(['0001-first.sql', '0002-second.sql'])
    expect(await engines.region.rows('SELECT n FROM first ORDER BY n')).toEqual([{ n: 1 }, { n: 2 }])
    expect(await migrateClickhouse(engines.region, folder, withLock)).toEqual([])
  })
})
