import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ErasureRig, openErasureRig } from '../../../test/support/erasure-rig.ts'

// Tables without a holder, each with the reason.
const freeOfHolders: Readonly<Record<string, string>> = {
  group_profile: 'describes groups such as companies, which are not people (privacy §1.9)',
  approved_event: 'names of events that were there when approval began; nothing of people',
  lookup_row: 'describes things that events name, which are not people (privacy §1.9)',
  event_retention: 'how many days events are kept, by name; nothing of people',
  hidden_event:
    'rules typed by an admin, for at most the days in which a deletion can be undone; a property that says who somebody is cannot be named',
  duplicate_progress: 'an instant; nothing of people',
  hidden_id: 'names people only while their erasure runs; emptied by the erasure itself as its last step',
  schema_migration: 'names and hashes of migration files; nothing of people',
}

let rig: ErasureRig
beforeAll(async () => {
  rig = await openErasureRig()
})
afterAll(() => rig?.close())

describe('who declares personal data', () => {
  it('is one holder for each table of the live schema, or a reason why there is none', async () => {
    const tables = await rig.db.rows<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name',
    )
    const declared = rig.deletionDeps().stage.holders.flatMap((holder) => holder.tables)
    expect(new Set(declared).size).toBe(declared.length)
    expect(tables.map(({ name }) => name)).toEqual([...declared, ...Object.keys(freeOfHolders)].sort())
  })

  it('declares no table that is also said to be free of them', () => {
    const declared = rig.deletionDeps().stage.holders.flatMap((holder) => holder.tables)
    expect(declared.filter((table) => table in freeOfHolders)).toEqual([])
  })

  it('hands every holder that it counts by to the eraser as well', () => {
    const { stage, erase } = rig.deletionDeps()
    expect([...erase.holders, erase.requestObjects].map(({ name }) => name).sort()).toEqual(
      stage.holders.map(({ name }) => name).sort(),
    )
  })

  it('is one holder for each object of a region in use', async () => {
    await rig.plant('holder')
    await rig.request('deletion', ['holder-user'], { graceSeconds: 3_600 })
    await rig.request('retrieval', ['holder-user'])
    await rig.retrieve()
    const keys = (await rig.objects.list('')).map(({ key }) => key)
    expect(keys.filter((key) => key.endsWith('.json'))).toHaveLength(2)
    expect(keys.filter((key) => key.endsWith('.zip'))).toHaveLength(1)
    const prefixes = rig.deletionDeps().stage.holders.flatMap((holder) => holder.objectPrefixes)
    for (const key of keys) expect([key, prefixes.filter((prefix) => key.startsWith(prefix)).length]).toEqual([key, 1])
  })
})
