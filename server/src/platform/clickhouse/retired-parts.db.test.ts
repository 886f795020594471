import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { clearFinishedMutations, retireParts } from './retired-parts.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
})
afterAll(() => engines.close())

const filesBelow = (folder: string): readonly string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name)
    return statSync(path).isDirectory() ? filesBelow(path) : [path]
  })

const filesNaming = (text: string): readonly string[] =>
  filesBelow(engines.region.dataDir ?? '').filter((file) => readFileSync(file).includes(text))

it('leaves no byte of an erased row and no mutation text on disk', async () => {
  const db = engines.region
  const settings = 'SETTINGS old_parts_lifetime = 0'
  await db.command(`CREATE TABLE event (id String CODEC(NONE)) ENGINE = MergeTree ORDER BY id ${settings}`)
  await db.command(`CREATE TABLE target (id String CODEC(NONE)) ENGINE = MergeTree ORDER BY id ${settings}`)
  const line = (id: string) => JSON.stringify({ id })
  for (let part = 0; part < 4; part++) {
    await db.insert('event', [line('canary-person-7'), line(`other-${part}`)].join('\n'))
  }
  await db.insert('target', line('canary-person-7'))
  expect(filesNaming('canary-person-7').length).toBeGreaterThan(0)

  await db.command('ALTER TABLE event DELETE WHERE id IN (SELECT id FROM target)', {
    settings: { mutations_sync: 2, allow_nondeterministic_mutations: 1 },
  })
  await db.command('TRUNCATE TABLE target')

  expect(await retireParts(db, 'event')).toMatchObject({ leftOver: [] })
  expect(await retireParts(db, 'target')).toMatchObject({ leftOver: [] })
  expect(await clearFinishedMutations(db, 'event')).toEqual({ clearedCount: 1, leftOver: [] })
  expect(filesNaming('canary-person-7')).toEqual([])
  expect(filesBelow(engines.region.dataDir ?? '').filter((file) => /mutation_\d+\.txt$/.test(file))).toEqual([])
  expect(await db.rows('SELECT count() AS n FROM event')).toEqual([{ n: '4' }])
})

it('names what a running query still keeps on disk, and is done once the query has ended', async () => {
  const db = engines.region
  await db.command(
    'CREATE TABLE held (id UInt64, pad String CODEC(NONE)) ENGINE = MergeTree ORDER BY id SETTINGS old_parts_lifetime = 0',
  )
  await db.command("INSERT INTO held SELECT number, repeat('x', 1000) FROM numbers(100000)")
  const reader = await db.stream('SELECT * FROM held FORMAT TSV', { settings: { max_threads: 1 } })
  await db.command('ALTER TABLE held DELETE WHERE id < 10', { settings: { mutations_sync: 2 } })

  const held = await retireParts(db, 'held', { limitMs: 300 })
  expect(held.leftOver.length).toBeGreaterThan(0)

  reader.destroy()
  expect(await retireParts(db, 'held')).toEqual({ retiredPartCount: 1, leftOver: [] })
})
