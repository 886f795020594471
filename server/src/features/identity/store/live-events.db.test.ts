import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openTestEngines, type TestEngines } from '../../../../test/support/engines.ts'
import { projectScope } from '../../../kernel/scope.ts'
import { dayMs } from '../../../kernel/time.ts'
import { migrateClickhouse } from '../../../platform/clickhouse/migrate.ts'
import { unlinkedEventsSql } from './identity-facts.ts'
import { type LiveEvents, liveEventsSql } from './live-events.ts'
import { createProjectFacts } from './project-facts.ts'

let engines: TestEngines
beforeAll(async () => {
  engines = await openTestEngines()
  await migrateClickhouse(engines.region, 'server/migrations/clickhouse', (_name, work) => work())
  const at = (days: number) => new Date(Date.now() - days * dayMs).toISOString().slice(0, 19).replace('T', ' ')
  const events = [1, 9, 11, 99, 101, 20_000].flatMap((days) =>
    ['A', 'B'].map((event) => ({ project_id: 1, event, time: at(days), distinct_id: 'u', insert_id: `${days}` })),
  )
  await engines.region.insert('event', events.map((event) => JSON.stringify(event)).join('\n'))
})
afterAll(() => engines?.close())

const scope = projectScope(1, 'US')
// What was known before must never hold back a rule that was made since.
const facts = createProjectFacts(() => engines.region)
const countOf = async (live?: string): Promise<number> => {
  const [row] = await engines.region.rows<{ n: string }>(
    `SELECT count() AS n ${unlinkedEventsSql('', 'event', live)}`,
    {
      params: { projectId: 1 },
    },
  )
  return Number(row?.n)
}
let version = 0
/** `[project, event, days]` of a new version of all rules. */
const setRetention = async (...rules: readonly (readonly [number, string, number])[]) => {
  version += 1
  const rows = rules.map(([project_id, event, keep_days]) => ({ version, project_id, event, keep_days }))
  await engines.region.insert('event_retention', rows.map((row) => JSON.stringify(row)).join('\n'))
}
/** Both ways of leaving events out give the same. */
const seen = async (): Promise<{ readonly live: LiveEvents; readonly count: number }> => {
  const live = await facts.live(scope)
  const count = await countOf(liveEventsSql(live, null))
  expect(await countOf()).toBe(count)
  return { live, count }
}

describe('events that are live', () => {
  it('are all of them without any rule, or with one that keeps for ever', async () => {
    expect(await seen()).toEqual({ live: { keptFromMs: 0 }, count: 12 })
    await setRetention([0, '', 0])
    expect(await seen()).toEqual({ live: { keptFromMs: 0 }, count: 12 })
  })

  it('follow the default, and the rule of the project before it, of the last version', async () => {
    await setRetention([0, '', 100], [2, '', 1])
    const { live, count } = await seen()
    expect(count).toBe(8)
    const today = Math.floor(Date.now() / dayMs)
    expect(live.keptFromMs).toBe((today - 100) * dayMs)
    // A read that begins later needs no comparison.
    expect(liveEventsSql(live, (today - 100) * dayMs)).toBe('1')
    expect(liveEventsSql(live, (today - 100) * dayMs - 1)).toContain('e.time >=')
    await setRetention([0, '', 100], [1, '', 10])
    expect((await seen()).count).toBe(4)
    await setRetention([0, '', 100], [1, '', 0])
    expect((await seen()).count).toBe(12)
  })

  it('are looked up where an event has a rule of its own, or somebody deletes by a rule', async () => {
    await setRetention([0, '', 100], [1, 'B', 10])
    expect(await seen()).toEqual({ live: { keptFromMs: null }, count: 6 })
    await setRetention([0, '', 0])
    const rule = { deletion_id: 'd', project_id: 1, event: 'A', from_time: '2020-01-01 00:00:00' }
    const until = { until_time: '2100-01-01 00:00:00', cutoff: '2100-01-01 00:00:00', filters: [] }
    await engines.region.insert('hidden_event', JSON.stringify({ ...rule, ...until }))
    const { live, count } = await seen()
    expect([live, count]).toEqual([{ keptFromMs: null }, 7])
    expect(await facts.live(projectScope(2, 'US'))).toEqual({ keptFromMs: 0 })
  })
})
