import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../test/support/engines.ts'
import { createVersionedCache, sharedByMoment } from './table-versions.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  for (const table of ['item', 'other']) {
    await engines.region.command(`CREATE TABLE ${table} (id UInt64, name String) ENGINE = MergeTree ORDER BY id`)
  }
})
afterAll(() => engines?.close())

const version = async (): Promise<string> => (await engines.region.versions()).of('item')

describe('versions of tables', () => {
  it('change with every change of rows, and with nothing that happens elsewhere', async () => {
    const steps = [
      "INSERT INTO item VALUES (1, 'a')",
      "INSERT INTO item VALUES (2, 'b')",
      "ALTER TABLE item UPDATE name = 'c' WHERE id = 1 SETTINGS mutations_sync = 2",
      'ALTER TABLE item DELETE WHERE id = 2 SETTINGS mutations_sync = 2',
      "INSERT INTO item VALUES (2, 'b')",
      'TRUNCATE TABLE item',
      "INSERT INTO item VALUES (1, 'a')",
      'TRUNCATE TABLE item',
    ]
    const empty = await version()
    const seen = [empty]
    for (const sql of steps) {
      await engines.region.command(sql)
      const now = await version()
      await engines.region.command("INSERT INTO other VALUES (1, 'a')")
      await engines.region.rows('SELECT * FROM item')
      expect(await version()).toBe(now)
      seen.push(now)
    }
    // Empty is always the same; what has rows never is what it was.
    expect(seen.filter((one) => one === empty)).toHaveLength(3)
    expect(new Set(seen).size).toBe(seen.length - 2)
  })

  it('tell the day of the engine', async () => {
    const before = Math.floor(Date.now() / 86_400_000)
    const { today } = await engines.region.versions()
    expect([before, Math.floor(Date.now() / 86_400_000)]).toContain(today)
  })

  it('are not waited for by who went away', async () => {
    const gone = new AbortController()
    const asked = engines.region.versions(gone.signal)
    gone.abort(new Error('went away'))
    await expect(asked).rejects.toThrow('went away')
  })
})

describe('calls of one moment', () => {
  it('share a read that begins after all of them, and no later one', async () => {
    let count = 0
    const read = sharedByMoment(async () => {
      count += 1
      return count
    })
    expect(await Promise.all([read(), read(), read()])).toEqual([1, 1, 1])
    expect(await read()).toBe(2)
  })
})

describe('versioned cache', () => {
  it('asks again for another version or key, and never keeps a failure', async () => {
    const cache = createVersionedCache<string>()
    const asked: string[] = []
    const get = (key: number, version: string) =>
      cache.get(key, version, async () => {
        asked.push(`${key} ${version}`)
        if (version === 'bad') throw new Error('no answer')
        return version
      })
    expect([await get(1, 'a'), await get(1, 'a'), await get(2, 'a'), await get(1, 'b')]).toEqual(['a', 'a', 'a', 'b'])
    await expect(get(1, 'bad')).rejects.toThrow('no answer')
    await expect(get(1, 'bad')).rejects.toThrow('no answer')
    expect(await get(1, 'b')).toBe('b')
    expect(asked).toEqual(['1 a', '2 a', '1 b', '1 bad', '1 bad'])
  })
})
