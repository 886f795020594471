import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type DuplicatesRig, openDuplicatesRig } from '../../../test/support/duplicates-rig.ts'
import { projectScope } from '../../kernel/scope.ts'
import { runDeletions } from '../privacy/erase/run-deletions.ts'
import { compactDuplicates, dropOrphans } from './compaction.ts'
import { createCompactionStore } from './store/clickhouse-compaction.ts'

let rig: DuplicatesRig
beforeAll(async () => {
  rig = await openDuplicatesRig()
})
afterAll(() => rig?.close())
beforeEach(() => rig.clear())

const compact = async (turns: string[] = []): Promise<number> => {
  const whileNoRewrite = <T>(work: () => Promise<T>): Promise<T> => {
    turns.push('turn')
    return work()
  }
  const compaction = createCompactionStore(rig.db)
  return compactDuplicates({ compaction, ledger: rig.store, whileNoRewrite }, new AbortController().signal)
}

describe('compaction', () => {
  it('removes what came in again, leaves every answer as it was, and lets reads be plain again', async () => {
    for (const version of [1, 2, 3]) await rig.send({ version }, { version: version + 10, who: 'ben' })
    await rig.send({ version: 20, time: '2026-02-01 00:00:00.000' }, { version: 21, who: 'carl' }, { projectId: 2 })
    await rig.send({ version: 22, time: '2026-02-01 00:00:00.000' })
    const before = await rig.counted()
    expect(before).toEqual(['3', '13', '21', '22'])
    const turns: string[] = []
    expect(await compact(turns)).toBe(2)
    expect(turns).toHaveLength(2)
    expect(await rig.storedCount()).toBe(5)
    expect(await rig.counted()).toEqual(before)
    expect(await rig.counted({ projectId: 2 })).toEqual(['1'])
    await dropOrphans(createCompactionStore(rig.db))
    expect(await rig.ledger().catchUp(projectScope(1, 'US'))).toBeNull()
    expect(await rig.entryCount()).toBe(0)
  })

  it('goes by the day where queries go by the time', async () => {
    await rig.send({ version: 1, time: '2026-01-01 00:00:00.000' })
    await rig.send({ version: 2, time: '2026-01-01 23:59:59.999' })
    await rig.send({ version: 3, time: '2026-01-02 00:00:00.000' })
    expect(await rig.counted()).toEqual(['1', '2', '3'])
    await compact()
    expect(await rig.counted()).toEqual(['2', '3'])
  })

  it('leaves what came in by one insert: none of it is older', async () => {
    await rig.send({ version: 1 }, { version: 2 })
    expect(await compact()).toBe(0)
    expect(await rig.storedCount()).toBe(2)
    await rig.send({ version: 3 })
    await rig.send({ version: 4 }, { version: 5 })
    await compact()
    expect(await rig.storedCount()).toBe(2)
    expect(await rig.counted()).toEqual(['5'])
    expect(await rig.entryCount()).toBe(1)
  })

  it('looks again only at what something has come into, and finds what came in since', async () => {
    await rig.send({ version: 1 })
    await rig.send({ version: 2 })
    expect(await compact()).toBe(1)
    expect(await createCompactionStore(rig.db).partitionsSince(await createCompactionStore(rig.db).last())).toEqual([])
    expect(await compact()).toBe(0)
    await rig.send({ version: 3 })
    expect(await compact()).toBe(1)
    expect(await rig.counted()).toEqual(['3'])
  })

  it('names nobody in the text that the engine keeps of a mutation', async () => {
    await rig.send({ who: 'anna-of-the-mutation', version: 1 })
    await rig.send({ who: 'anna-of-the-mutation', version: 2 })
    await rig.counted()
    await compact()
    const mutations = await rig.db.rows<{ command: string }>(
      `SELECT command FROM system.mutations WHERE database = currentDatabase() AND command LIKE '%DELETE%'`,
    )
    expect(mutations.length).toBeGreaterThan(0)
    expect(JSON.stringify(mutations)).not.toContain('anna-of-the-mutation')
  })
})

describe('entries of events that are gone', () => {
  it('leave the ledger, and no others do', async () => {
    const compaction = createCompactionStore(rig.db)
    for (const version of [1, 2]) await rig.send({ version }, { who: 'ben', version: version + 10 })
    await rig.send({ who: 'carl', version: 21 }, { who: 'carl', version: 22 })
    await rig.send({ who: 'dora', version: 31 }, { who: 'dora', version: 32 })
    const before = await rig.counted()
    expect(before).toEqual(['2', '12', '22', '32'])
    expect(await rig.entryCount()).toBe(4)
    expect(await compaction.hasOrphans()).toBe(false)
    await rig.db.command(`ALTER TABLE event DELETE WHERE distinct_id IN ('ben', 'dora')`, {
      settings: { mutations_sync: 2 },
    })
    expect(await compaction.hasOrphans()).toBe(true)
    await dropOrphans(compaction)
    expect(await compaction.hasOrphans()).toBe(false)
    expect(await rig.entryCount()).toBe(2)
    expect(await rig.counted()).toEqual(['2', '22'])
  })
})

describe('the erasure of a person with duplicates', () => {
  it('erases the keys of the ledger too, and comes to its end while looks go on', async () => {
    for (const version of [1, 2]) await rig.send({ who: 'gone', version }, { who: 'stays', version: version + 10 })
    expect(await rig.counted()).toEqual(['2', '12'])
    expect(await rig.entryCount()).toBe(2)
    const task = await rig.request('deletion', ['gone'])
    const over = new AbortController()
    const lastOfEachLook = async (): Promise<ReadonlySet<string | undefined>> => {
      const lasts = new Set<string | undefined>()
      while (!over.signal.aborted) lasts.add((await rig.counted()).at(-1))
      return lasts
    }
    const looks = lastOfEachLook()
    await runDeletions(rig.deletionDeps()).finally(() => over.abort())
    expect(await looks).toEqual(new Set(['12']))
    expect(rig.problems).toEqual([])
    expect((await rig.task(task)).state).toBe('SUCCESS')
    expect(await rig.counted()).toEqual(['12'])
    const left = await rig.db.rows(`SELECT 1 FROM duplicate_event WHERE distinct_id = 'gone'`)
    expect(left).toEqual([])
    const evidence = (await rig.task(task)).evidence?.holders.find(({ holder }) => holder === 'ledger of duplicates')
    expect(evidence).toMatchObject({ rows_before: 1, rows_after: 0 })
    // Who comes back is found again.
    for (const version of [31, 32]) await rig.send({ who: 'gone', version })
    expect(await rig.counted()).toEqual(['12', '32'])
  })
})
