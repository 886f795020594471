import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import Mixpanel from 'mixpanel'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveLocalhostNames } from '../../../demo/localhost-names.ts'
import { openEmbeddedRegionDb } from '../../src/platform/clickhouse/clickhouse-region-db.ts'
import { type Lethe, newDataDir, startLethe } from '../support/lethe.ts'
import { eu, us } from '../support/provision.ts'

// The group calls of the official `mixpanel` package, unchanged: the host is all that is set. Nothing reads group
// profiles over HTTP yet, so what is there is read from the region engines, once the server has stopped.

type Done = (error?: unknown) => void
type Profiles = Readonly<Record<string, Readonly<Record<string, string>>>>

/** Resolves when the client says that a call went well; it says so only for the answer that it insists on. */
const done = (call: (callback: Done) => void): Promise<void> =>
  new Promise((resolve, reject) => {
    call((error) => (error === undefined || error === null ? resolve() : reject(error)))
  })

const cases = [
  ['US', us, 'us.lethe.localhost', eu],
  ['EU', eu, 'eu.lethe.localhost', us],
] as const

/** Live profiles of a region by `project/key/id`: raw JSON text by name. */
const storedIn = async (dataDir: string, regionId: string): Promise<Profiles> => {
  const db = await openEmbeddedRegionDb({ regionId, folder: join(dataDir, regionId.toLowerCase(), 'clickhouse') })
  try {
    const rows = await db.rows<{ name: string; properties: Record<string, string> }>(
      `SELECT concat(toString(project_id), '/', group_key, '/', group_id) AS name, argMax(properties, version) AS properties
       FROM group_profile GROUP BY project_id, group_key, group_id HAVING argMax(is_deleted, version) = 0`,
    )
    return Object.fromEntries(rows.map(({ name, properties }) => [name, properties]))
  } finally {
    await db.close()
  }
}

describe('groups of mixpanel for node, in two regions', () => {
  let dataDir: string
  let lethe: Lethe
  const stored = new Map<string, Profiles>()

  beforeAll(async () => {
    resolveLocalhostNames()
    dataDir = await newDataDir()
    lethe = await startLethe({ dataDir })
    for (const [, project, host, elsewhere] of cases) {
      const at = { host: `${host}:${lethe.port}`, protocol: 'http' }
      const { groups } = Mixpanel.init(project.token, at)
      await done((end) => groups.set('company', 'acme', { name: 'Äcme ✓', seats: 3, plan: 'free' }, end))
      await done((end) => groups.set('company', 'acme', 'city', 'Bonn', { $ignore_time: true }, end))
      await done((end) => groups.set_once('company', 'acme', { plan: 'paid', since: 2020 }, end))
      await done((end) => groups.union('company', 'acme', { tags: ['a', 'b'] }, end))
      await done((end) => groups.union('company', 'acme', { tags: ['b', 'c'] }, end))
      await done((end) => groups.remove('company', 'acme', { tags: 'a' }, end))
      await done((end) => groups.unset('company', 'acme', ['since'], end))
      await done((end) => groups.set('company', 'gone', { plan: 'free' }, end))
      await done((end) => groups.delete_group('company', 'gone', end))
      await done((end) => groups.set('team', 'acme', { color: 'red' }, end))
      const wrongRegion = Mixpanel.init(elsewhere.token, at).groups
      await expect(done((end) => wrongRegion.set('company', 'lost', { plan: 'free' }, end))).rejects.toBeDefined()
    }
    await lethe.stop()
    for (const [region] of cases) stored.set(region, await storedIn(dataDir, region))
  })
  afterAll(async () => {
    await lethe?.stop()
    await rm(dataDir, { recursive: true, force: true })
  })

  it.each(cases)('%s holds the profiles that the calls make, and no other', (region, project) => {
    expect(stored.get(region)).toEqual({
      [`${project.id}/company/acme`]: {
        name: '"Äcme ✓"',
        seats: '3',
        plan: '"free"',
        city: '"Bonn"',
        tags: '["b","c"]',
        $last_seen: expect.stringMatching(/^"20\d\d-/),
      },
      [`${project.id}/team/acme`]: { color: '"red"', $last_seen: expect.any(String) },
    })
  })
})
