import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdEngines } from '../../../test/support/held-engines.ts'
import { isAlive, waitFor } from '../../../test/support/wait-for.ts'
import { openEmbeddedRegionDb, openRemoteRegionDb } from './clickhouse-region-db.ts'
import { startEngine } from './embedded-engine.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-engine-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('embedded engine', () => {
  it('stops within a second and keeps its password to its owner', async () => {
    const db = await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'a') })
    const pid = db.enginePid() ?? 0
    await db.ping()
    const startedAtMs = Date.now()
    await db.close()
    expect(Date.now() - startedAtMs).toBeLessThan(1_000)
    expect(isAlive(pid)).toBe(false)
    for (const name of ['password', 'users.xml', 'config.xml']) {
      expect((await stat(join(folder, 'a', name))).mode & 0o777).toBe(0o600)
    }
  })

  it('lets nobody in without its password, and its user cannot read files', async () => {
    const db = await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'a') })
    try {
      const config = await readFile(join(folder, 'a', 'config.xml'), 'utf8')
      const [, port] = /<http_port>(\d+)</.exec(config) ?? []
      const reply = await fetch(`http://127.0.0.1:${port}/?query=SELECT+1&user=lethe`)
      await reply.arrayBuffer()
      expect(reply.status).toBe(403)
      const asTerminal = await fetch(`http://127.0.0.1:${port}/?query=SELECT+count()+FROM+system.processes`)
      await asTerminal.arrayBuffer()
      expect(asTerminal.status).toBeGreaterThanOrEqual(400)
      await expect(db.rows("SELECT * FROM file('/etc/passwd', LineAsString)")).rejects.toMatchObject({
        code: 'INTERNAL',
      })
    } finally {
      await db.close()
    }
  })

  it('writes no log and keeps no log tables', async () => {
    const db = await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'a') })
    try {
      await db.rows("SELECT 'canary-in-a-query' AS x")
      await db.command('SYSTEM FLUSH LOGS').catch(() => undefined)
      const tables = await db.rows("SELECT name FROM system.tables WHERE database = 'system' AND name LIKE '%\\_log'")
      expect(tables).toEqual([])
    } finally {
      await db.close()
    }
    const entries = await readdir(join(folder, 'a'), { recursive: true, withFileTypes: true })
    const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    expect(files.length).toBeGreaterThan(0)
    for (const file of files) expect((await readFile(file)).includes('canary-in-a-query'), file).toBe(false)
  })

  it('starts again from the same folder with its tables', async () => {
    const first = await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'a') })
    await first.command('CREATE TABLE kept (id UInt8) ENGINE = MergeTree ORDER BY id')
    await first.insert('kept', '{"id":1}')
    await first.close()
    const second = await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'a') })
    expect(await second.rows('SELECT id FROM kept')).toEqual([{ id: 1 }])
    await second.close()
  })

  it("says unavailable, without the engine's text, when it cannot start", async () => {
    const broken = { regionId: 'US', folder: join(folder, 'b'), maxThreads: -1 }
    await expect(openEmbeddedRegionDb(broken)).rejects.toMatchObject({
      code: 'ENGINE_UNAVAILABLE',
      message: 'the embedded ClickHouse engine did not start',
    })
  })

  it('ends when its server is killed, and the next one starts at once', async () => {
    const held = await holdEngines(join(folder, 'c'), ['clickhouse'])
    const engine = held.pids.engine ?? 0
    expect(isAlive(engine)).toBe(true)
    held.kill()
    const next = await openEmbeddedRegionDb({ regionId: 'US', folder: join(folder, 'c', 'clickhouse') })
    await next.ping()
    expect(next.enginePid()).not.toBe(engine)
    await next.close()
    await waitFor('the engine of the killed server is gone', () => !isAlive(engine))
  })
})

describe('remote engine', () => {
  it('is reached by URL, and its loss is unavailable', async () => {
    const engine = await startEngine({ folder: join(folder, 'd') })
    const { username, password, url } = engine.endpoint
    const remote = url.replace('http://', `http://${username}:${password}@`)
    const db = await openRemoteRegionDb({ regionId: 'EU', url: `${remote}/elsewhere`, cluster: null })
    await db.command('CREATE TABLE item (id UInt8) ENGINE = MergeTree ORDER BY id')
    await db.insert('item', '{"id":1}')
    expect(await db.rows('SELECT currentDatabase() AS name, id FROM item')).toEqual([{ name: 'elsewhere', id: 1 }])
    expect(db.dataDir).toBeNull()
    await engine.stop(0)
    await expect(db.ping()).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE', status: 503 })
    await db.close()
    const gone = { regionId: 'EU', url: remote, cluster: null }
    await expect(openRemoteRegionDb(gone)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })
})
