import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { isAlive, stall, waitFor } from '../../../test/support/wait-for.ts'
import { AppError, EngineUnavailable } from '../../kernel/errors.ts'
import type { RegionDb } from './region-db.ts'

let engines: TestEngines
let db: RegionDb
beforeAll(async () => {
  engines = await openTestEngines()
  db = engines.region
  await db.command('CREATE TABLE item (id UInt64, name String) ENGINE = MergeTree ORDER BY id')
})
afterAll(() => engines.close())

const slowQuery = 'SELECT sleepEachRow(1) FROM numbers(60) SETTINGS max_block_size = 1'
const failsLate = 'SELECT number, throwIf(number = 300000) AS bad FROM numbers(400000)'
const smallBlocks = { max_threads: 1, max_block_size: 1000 }

const runningQueryCount = async (): Promise<number> => {
  const rows = await db.rows<{ n: string }>(
    "SELECT count() AS n FROM system.processes WHERE query LIKE '%sleepEachRow%' OR query LIKE '%numbers(1000000000%'" +
      " AND query NOT LIKE '%system.processes%'",
  )
  // The question itself holds both words.
  return Number(rows[0]?.n) - 1
}

const failure = (work: Promise<unknown>): Promise<AppError> =>
  work.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => (error instanceof AppError ? error : Promise.reject(error)),
  )

describe('region database', () => {
  it('keeps rows as they came in; 64-bit integers come back as strings', async () => {
    await db.insert('item', '{"id":18446744073709551615,"name":"ü \\" \\n"}\n{"id":7,"name":""}')
    const rows = await db.rows('SELECT id, name FROM item WHERE id IN {ids:Array(UInt64)} ORDER BY id', {
      params: { ids: [7n, 18446744073709551615n] },
    })
    expect(rows).toEqual([
      { id: '7', name: '' },
      { id: '18446744073709551615', name: 'ü " \n' },
    ])
  })

  it('takes lists of ids that do not fit in a URL', async () => {
    const ids = Array.from({ length: 100_000 }, (_, index) => `person-${index}`)
    const rows = await db.rows('SELECT length({ids:Array(String)}) AS n', { params: { ids } })
    expect(rows).toEqual([{ n: '100000' }])
  })

  it('keeps the text of the driver out of the message', async () => {
    const error = await failure(db.insert('item', '{"id":1,"secret-column":"canary-value"}'))
    expect(error.code).toBe('INTERNAL')
    expect(error.expose).toBe(false)
    expect(error.message).not.toMatch(/canary|secret-column/)
    expect(String(error.cause)).toContain('secret-column')
  })

  it('fails a stream whose query fails after its first bytes', async () => {
    const stream = await db.stream(`${failsLate} FORMAT TSV`, { settings: smallBlocks })
    let byteCount = 0
    const read = async () => {
      for await (const chunk of stream) byteCount += (chunk as Buffer).length
    }
    const error = await failure(read())
    expect(error.code).toBe('INTERNAL')
    expect(String(error.cause)).toContain('throwIf')
    expect(byteCount).toBeGreaterThan(0)
  })

  it('fails rows whose query fails after its first bytes', async () => {
    const error = await failure(db.rows(failsLate, { settings: smallBlocks }))
    expect(error.code).toBe('INTERNAL')
  })

  it('kills the query when the caller aborts', async () => {
    const caller = new AbortController()
    const rows = db.rows(slowQuery, { signal: caller.signal })
    await waitFor('the query runs', async () => (await runningQueryCount()) === 1)
    caller.abort(new Error('the caller left'))
    await expect(rows).rejects.toThrow('the caller left')
    await waitFor('the query is gone', async () => (await runningQueryCount()) === 0)
  })

  it('kills the query when its time is up, and says unavailable', async () => {
    const error = await failure(db.rows(slowQuery, { timeoutMs: 200 }))
    expect(error).toBeInstanceOf(EngineUnavailable)
    await waitFor('the query is gone', async () => (await runningQueryCount()) === 0)
  })

  it('kills the query of a stream that is left', async () => {
    const stream = await db.stream('SELECT number FROM numbers(1000000000000) FORMAT TSV')
    for await (const _chunk of stream) break
    await waitFor('the query is gone', async () => (await runningQueryCount()) === 0)
  })

  it('says unavailable when the engine is stalled, and works again after', async () => {
    const pid = engines.region.enginePid() ?? 0
    try {
      await stall(pid)
      const error = await failure(db.ping(300))
      expect(error).toBeInstanceOf(EngineUnavailable)
    } finally {
      process.kill(pid, 'SIGCONT')
    }
    await waitFor('the engine answers', () =>
      db.ping().then(
        () => true,
        () => false,
      ),
    )
  })
})

describe('a killed region engine', () => {
  it('is started again; what was acknowledged is there, what runs meanwhile is unavailable', async () => {
    const line = (id: number) => JSON.stringify({ id, name: 'kept' })
    await db.insert('item', Array.from({ length: 100 }, (_, index) => line(1_000 + index)).join('\n'))
    const stream = await db.stream('SELECT number FROM numbers(1000000000000) FORMAT TSV')
    const reading = failure(stream.resume().toArray())
    const pid = engines.region.enginePid() ?? 0
    process.kill(pid, 'SIGKILL')
    expect(await reading).toBeInstanceOf(EngineUnavailable)

    const outcomes: string[] = []
    while (isAlive(pid) || engines.region.enginePid() === null || outcomes.length === 0) {
      await db.rows('SELECT 1').then(
        () => outcomes.push('answered'),
        (error: AppError) => outcomes.push(`${error.code} ${error.status}`),
      )
      await delay(5)
    }
    expect(outcomes).toContain('ENGINE_UNAVAILABLE 503')
    expect(new Set(outcomes)).not.toContain('INTERNAL 500')

    await waitFor('the engine answers', () =>
      db.ping().then(
        () => true,
        () => false,
      ),
    )
    expect(engines.region.enginePid()).not.toBe(pid)
    const rows = await db.rows("SELECT count() AS n FROM item WHERE name = 'kept'")
    expect(rows).toEqual([{ n: '100' }])
  })
})
