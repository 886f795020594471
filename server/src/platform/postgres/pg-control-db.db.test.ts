import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { holdEngines } from '../../../test/support/held-engines.ts'
import { isAlive, waitFor } from '../../../test/support/wait-for.ts'
import type { AppError } from '../../kernel/errors.ts'
import { startPostgres } from './embedded-postgres.ts'
import { openPgControlDb } from './pg-control-db.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  await engines.control.rows('CREATE TABLE item (id int PRIMARY KEY, name text)')
})
afterAll(() => engines.close())

const killBackend = (where: string) =>
  engines.control.rows(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND ${where}`)

const works = (work: Promise<unknown>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  )

describe('control database', () => {
  it('commits all of a transaction or nothing', async () => {
    const { control } = engines
    await control.tx((tx) => tx.rows('INSERT INTO item VALUES ($1, $2)', [1, 'kept']))
    const failing = control.tx(async (tx) => {
      await tx.rows('INSERT INTO item VALUES (2, $1)', ['lost'])
      throw new Error('the work failed')
    })
    await expect(failing).rejects.toThrow('the work failed')
    expect(await control.rows('SELECT id, name FROM item')).toEqual([{ id: 1, name: 'kept' }])
  })

  it('names a conflict and keeps the values out of every message', async () => {
    const again = engines.control.rows('INSERT INTO item VALUES (1, $1)', ['canary'])
    await expect(again).rejects.toMatchObject({ code: 'CONFLICT', message: expect.not.stringContaining('canary') })
    const faulty = engines.control.rows("SELECT 'canary'::int")
    await expect(faulty).rejects.toMatchObject({ code: 'INTERNAL', message: expect.not.stringContaining('canary') })
  })

  it('delivers notifications, and null after a lost connection', async () => {
    const received: (string | null)[] = []
    await engines.control.listen('news', (payload) => received.push(payload))
    engines.control.tellOwnListeners('news')
    engines.control.tellOwnListeners('other news')
    expect(received.splice(0)).toEqual([''])
    await engines.control.notify('news', 'one')
    await waitFor('the first message', () => received.length === 1)
    await killBackend("query LIKE 'LISTEN%'")
    await waitFor('the reconnect', () => received.includes(null))
    await engines.control.notify('news', 'two')
    await waitFor('the second message', () => received.includes('two'))
    expect(received).toEqual(['one', null, 'two'])
  })
})

describe('lease', () => {
  it('has one holder, and the next one after release', async () => {
    const lease = await engines.control.tryLease('one')
    expect(lease).not.toBeNull()
    expect(await engines.control.tryLease('one')).toBeNull()
    const other = await engines.control.tryLease('two')
    expect(other).not.toBeNull()
    await lease?.release()
    await other?.release()
    const next = await engines.control.tryLease('one')
    expect(next).not.toBeNull()
    await next?.release()
  })

  it('tells its holder when its session is lost, and is free at once', async () => {
    const lease = await engines.control.tryLease('lost')
    expect(lease?.lost.aborted).toBe(false)
    await killBackend("query LIKE '%pg_try_advisory_lock%'")
    await waitFor('the holder knows', () => lease?.lost.aborted === true, 2_000)
    const next = await engines.control.tryLease('lost')
    expect(next).not.toBeNull()
    await next?.release()
    await lease?.release()
  })
})

describe('a killed Postgres', () => {
  it('is started again; statements meanwhile are unavailable, committed rows are there', async () => {
    const pid = engines.postgres.pid() ?? 0
    const lease = await engines.control.tryLease('outage')
    process.kill(pid, 'SIGKILL')
    const outcomes = new Set<string>()
    await waitFor('an answer after the outage', async () => {
      const outcome = await engines.control.rows('SELECT 1').then(
        () => 'answered',
        (error: AppError) => `${error.code} ${error.status}`,
      )
      outcomes.add(outcome)
      return outcome === 'answered' && outcomes.size > 1
    })
    expect(outcomes).toEqual(new Set(['ENGINE_UNAVAILABLE 503', 'answered']))
    expect(lease?.lost.aborted).toBe(true)
    expect(await engines.control.rows('SELECT id FROM item')).toEqual([{ id: 1 }])
  })

  it('whose server was killed does not stand in the way of the next start', async () => {
    const folder = join(engines.folder, 'killed')
    const held = await holdEngines(folder, ['postgres'])
    held.kill()
    await waitFor('the server is gone', () => !isAlive(held.pid))
    expect(isAlive(held.pids.postgres ?? 0)).toBe(true)
    const next = await startPostgres({ folder: join(folder, 'control') })
    const control = openPgControlDb(next.connection)
    try {
      expect(await works(control.ping())).toBe(true)
      expect(isAlive(held.pids.postgres ?? 0)).toBe(false)
    } finally {
      await control.close()
      await next.stop()
    }
    expect(next.pid()).toBeNull()
  })
})
