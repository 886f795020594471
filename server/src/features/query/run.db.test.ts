import { rm } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { newDataDir } from '../../../test/support/lethe.ts'
import { projectScope } from '../../kernel/scope.ts'
import { type ClosableRegionDb, openEmbeddedRegionDb } from '../../platform/clickhouse/clickhouse-region-db.ts'
import { createBinder } from './compile/sql-context.ts'
import { rawReadView } from './read-view.ts'
import { createRun } from './run.ts'

let folder: string
let db: ClosableRegionDb
beforeAll(async () => {
  folder = await newDataDir()
  db = await openEmbeddedRegionDb({ regionId: 'US', folder: `${folder}/clickhouse`, maxThreads: 2 })
})
afterAll(async () => {
  await db?.close()
  await rm(folder, { recursive: true, force: true })
})

const view = rawReadView(
  { scope: projectScope(7, 'US'), project: { timezone: 'UTC' }, nowMs: 0 },
  { event: [], profile: [] },
)
const open = (limits: { timeoutMs?: number; memoryBytesMax?: number } = {}, signal = AbortSignal.timeout(60_000)) => {
  const read: number[] = []
  const all = { timeoutMs: 30_000, memoryBytesMax: 1_000_000_000, ...limits }
  const run = createRun({ regionDb: () => db, limits: all, onRead: (bytes) => read.push(bytes) }, signal)
  return { run, read, rows: (sql: string) => run.rows(view, createBinder(view), sql) }
}
const running = async (mark: string): Promise<number> => {
  const [row] = await db.rows<{ n: string }>(
    `SELECT count() AS n FROM system.processes WHERE query LIKE concat('%', {mark:String}, '%') AND query NOT LIKE '%system.processes%'`,
    { params: { mark } },
  )
  return Number(row?.n)
}
const endless = (mark: string) =>
  `SELECT count() AS n, '${mark}' AS mark FROM numbers(1000000000000) WHERE sipHash64(number) = 1`

describe('a run', () => {
  it('answers rows by name, with what is bound, and tells what it read', async () => {
    const { run, read } = open()
    const binder = createBinder(view)
    const value = binder.bind(`it's "so"\n`, 'String')
    const sql = `SELECT number AS n, ${value} AS s, [(number, 1.5)] AS pairs FROM numbers(2) ORDER BY n`
    expect(await run.rows(view, binder, sql)).toEqual([
      { n: 0, s: `it's "so"\n`, pairs: [[0, 1.5]] },
      { n: 1, s: `it's "so"\n`, pairs: [[1, 1.5]] },
    ])
    expect(run.costs).toMatchObject([{ sql, params: { projectId: 7 }, readRows: 2, readBytes: 16 }])
    expect(read).toEqual([16])
  })

  it('ends in the engine when the client goes away', async () => {
    const gone = new AbortController()
    const asked = open({}, gone.signal).rows(endless('gone-away'))
    asked.catch(() => undefined)
    await expect.poll(() => running('gone-away'), { timeout: 10_000 }).toBe(1)
    gone.abort()
    await expect(asked).rejects.toThrow()
    await expect.poll(() => running('gone-away'), { timeout: 10_000 }).toBe(0)
  })

  it('ends in time, and within its memory', async () => {
    await expect(open({ timeoutMs: 1_000 }).rows(endless('too-long'))).rejects.toMatchObject({ status: 503 })
    await expect.poll(() => running('too-long'), { timeout: 10_000 }).toBe(0)
    const large = 'SELECT groupArray(number) AS all FROM numbers(1000000000)'
    await expect(open({ memoryBytesMax: 64_000_000 }).rows(large)).rejects.toMatchObject({ status: 503 })
    expect(await open().rows('SELECT 1 AS n')).toEqual([{ n: 1 }])
  })
})
