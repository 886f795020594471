// Long: both ways in which events end share one rig and one look at the disk, and are tried at the same time.
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ErasureRig, nothing, openErasureRig } from '../../../test/support/erasure-rig.ts'
import { scanFolder } from '../../../test/support/raw-scan.ts'
import type { AuditEntry } from '../../kernel/audit.ts'
import { projectScope } from '../../kernel/scope.ts'
import { dayMs, utcDay } from '../../kernel/time.ts'
import type { RegionDb } from '../../platform/clickhouse/region-db.ts'
import { retireParts } from '../../platform/clickhouse/retired-parts.ts'
import { createEventRewriteLock } from '../../platform/postgres/event-rewrite-lock.ts'
import { createEventRewriter, meantByDeletionSql, visibleEventsSql } from '../identity/index.ts'
import { runDeletions } from '../privacy/erase/run-deletions.ts'
import { createGate, retireUntilGone, waitForEarlierInserts } from '../privacy/index.ts'
import { type AskedDeletion, deletionRule } from './domain/deletion-rule.ts'
import type { LifecycleRegion } from './region.ts'
import { dropStrayRules, runEventDeletions } from './run-event-deletions.ts'
import { copyRetention, sweepExpired } from './run-retention.ts'
import { createHiddenEvents } from './store/clickhouse-hidden-events.ts'
import { createRetentionCopy } from './store/clickhouse-retention-copy.ts'
import { createDeletionStore } from './store/postgres-deletion-store.ts'
import { createRetentionStore } from './store/postgres-retention-store.ts'

const [shop, other] = [projectScope(1, 'US'), projectScope(2, 'US')]
const who = { actor: { type: 'system', id: null, name: 'tests' }, organizationId: 1, requestId: 'r' } as const
const { signal } = new AbortController()

let rig: ErasureRig
const audited: string[] = []
const appendAudit = async (_tx: unknown, { type }: AuditEntry) => {
  audited.push(type)
}
beforeAll(async () => {
  rig = await openErasureRig()
})
afterAll(() => rig?.close())
beforeEach(async () => {
  await rig.control.rows('TRUNCATE event_deletion, project_retention, event_retention')
  for (const table of ['event', 'profile', 'identity_link', 'event_retention', 'hidden_event']) {
    await rig.db.command(`TRUNCATE TABLE ${table}`)
  }
  for (const table of ['event', 'event_retention', 'hidden_event']) await retireParts(rig.db, table)
  audited.length = 0
})

const open = (options: { readonly defaultDays?: number; readonly db?: RegionDb; readonly graceMs?: number } = {}) => {
  const { defaultDays = 730, db = rig.db, graceMs = 0 } = options
  const gone = { ...rig.deletionDeps().erase, gate: createGate(rig.db, rig.objects), fileWaitMs: 5_000 }
  const region: LifecycleRegion = {
    regionId: 'US',
    rewriter: createEventRewriter(db),
    hidden: createHiddenEvents(db),
    copy: createRetentionCopy(db),
    settleInserts: (cutoff) => waitForEarlierInserts(db, cutoff, Date.now),
    purgeDisk: async (since) => {
      await retireUntilGone(gone, since)
    },
    whileNoRewrite: (work) => createEventRewriteLock(rig.control)('US', work),
  }
  const retention = createRetentionStore({ control: rig.control, appendAudit, defaultDays })
  const deletions = createDeletionStore({ control: rig.control, appendAudit, countPerMonthMax: 10 })
  const problems: unknown[] = []
  const running = {
    region,
    deletions,
    nowMs: Date.now,
    onProblem: (_id: string, error: unknown) => problems.push(error),
  }
  const ask = async (asked: Partial<AskedDeletion> & { readonly event: string }, scope = shop) => {
    const days = { fromDate: utcDay(Date.now() - 30 * dayMs), toDate: utcDay(Date.now()) }
    const rule = deletionRule({ ...days, filters: [], ...asked }, Date.now())
    const id = randomUUID()
    const cutoff = await region.rewriter.engineNow()
    const made = { id, rule, cutoff, nowMs: Date.now(), dueAtMs: Date.now() + graceMs }
    return deletions.create(scope, made, who, async () => {
      await region.hidden.hide(scope, id, [rule], cutoff)
      const found = await region.rewriter.find({ condition: meantByDeletionSql(scope), params: { deletionId: id } })
      return found.reduce((sum, { rowCount }) => sum + rowCount, 0)
    })
  }
  return {
    region,
    retention,
    deletions,
    running,
    problems,
    ask,
    sweep: () => sweepExpired({ region, retention }, signal),
  }
}

interface Planted {
  readonly name: string
  readonly daysAgo: number
  readonly projectId?: number
  readonly event?: string
  readonly properties?: Readonly<Record<string, string>>
}
const plant = (rows: readonly Planted[]) =>
  rig.db.insert(
    'event',
    rows
      .map(({ name, daysAgo, projectId = 1, event = 'Opened', properties = {} }) =>
        JSON.stringify({
          project_id: projectId,
          event,
          time: `${utcDay(Date.now() - daysAgo * dayMs)} 00:00:00.000`,
          distinct_id: `id of ${name}`,
          insert_id: name,
          properties: { note: JSON.stringify(`value of ${name}`), ...properties },
        }),
      )
      .join('\n'),
  )
const seen = async (projectId = 1): Promise<readonly string[]> => {
  const rows = await rig.db.rows<{ name: string }>(
    `SELECT e.insert_id AS name ${visibleEventsSql('everybody')} ORDER BY name`,
    { params: { projectId } },
  )
  return rows.map(({ name }) => name)
}
const stored = async (): Promise<readonly string[]> =>
  (await rig.db.rows<{ name: string }>('SELECT insert_id AS name FROM event ORDER BY name')).map(({ name }) => name)
/** Which of the planted are in any file of the engine. */
const onDisk = async (...names: readonly string[]): Promise<readonly string[]> => {
  const { found, undecoded } = await scanFolder(
    rig.engines.region.dataDir ?? '',
    names.map((name) => `value of ${name}`),
  )
  expect(undecoded).toEqual([])
  return names.filter((name) => found.has(`value of ${name}`))
}

describe('retention (PRIV-33)', () => {
  it('goes by event date: what is past it is unseen at once, and gone from disk after the sweep', async () => {
    const { region, retention, sweep } = open({ defaultDays: 100 })
    await plant([
      { name: 'a-last-kept', daysAgo: 100 },
      { name: 'b-expired', daysAgo: 101 },
      { name: 'c-new', daysAgo: 0 },
    ])
    expect(await seen()).toHaveLength(3)
    await copyRetention({ region, retention })
    expect([await seen(), await onDisk('b-expired')]).toEqual([['a-last-kept', 'c-new'], ['b-expired']])
    expect(await sweep()).toBe(1)
    expect([await seen(), await stored()]).toEqual([
      ['a-last-kept', 'c-new'],
      ['a-last-kept', 'c-new'],
    ])
    expect(await onDisk('a-last-kept', 'b-expired', 'c-new')).toEqual(['a-last-kept', 'c-new'])
    expect(await sweep()).toBe(0)
  })

  it('is each project’s own; an event may be kept shorter or longer', async () => {
    const { retention, sweep } = open({ defaultDays: 0 })
    const rows = (projectId: number) => [
      { name: `p${projectId}-opened`, daysAgo: 20, projectId },
      { name: `p${projectId}-short`, daysAgo: 20, projectId, event: 'Short' },
      { name: `p${projectId}-long`, daysAgo: 200, projectId, event: 'Long' },
      { name: `p${projectId}-old`, daysAgo: 200, projectId },
    ]
    await plant([...rows(1), ...rows(2)])
    await retention.set(
      shop,
      {
        days: 30,
        events: [
          { event: 'Short', days: 5 },
          { event: 'Long', days: null },
        ],
      },
      who,
    )
    await sweep()
    const kept = ['p1-long', 'p1-opened']
    expect([await seen(1), await seen(2)]).toEqual([kept, ['p2-long', 'p2-old', 'p2-opened', 'p2-short']])
    expect(await stored()).toEqual([...kept, 'p2-long', 'p2-old', 'p2-opened', 'p2-short'])
    expect(await retention.find(other)).toEqual({ events: [] })
    expect(audited).toEqual(['retention.updated'])
  })

  it('keeps everything for ever when somebody says so, and goes back to the default', async () => {
    const { region, retention, sweep } = open({ defaultDays: 10 })
    await plant([{ name: 'old', daysAgo: 5_000 }])
    await retention.set(shop, { days: null, events: [] }, who)
    expect([await sweep(), await seen()]).toEqual([0, ['old']])
    await retention.set(shop, { events: [] }, who)
    await copyRetention({ region, retention })
    expect([await seen(), await stored()]).toEqual([[], ['old']])
    expect([await sweep(), await stored()]).toEqual([1, []])
  })

  it('goes by a longer rule at the next read, whatever reads have seen before', async () => {
    const { region, retention } = open({ defaultDays: 0 })
    await plant([{ name: 'short', daysAgo: 20, event: 'Short' }])
    for (const [days, expected] of [
      [10, []],
      [15, []],
      [30, ['short']],
      [10, []],
    ] as const) {
      await retention.set(shop, { days: 1_000, events: [{ event: 'Short', days }] }, who)
      await copyRetention({ region, retention })
      for (let read = 0; read < 3; read += 1) expect(await seen()).toEqual(expected)
    }
  })

  it('rewrites only the partitions that hold expired events', async () => {
    const rewrites: string[] = []
    const command: RegionDb['command'] = async (sql, options) => {
      if (sql.includes('DELETE IN PARTITION')) rewrites.push(sql)
      await rig.db.command(sql, options)
    }
    const { sweep } = open({ defaultDays: 100, db: { ...rig.db, command } })
    await plant([
      { name: 'old', daysAgo: 400 },
      { name: 'old-2', daysAgo: 400, projectId: 2 },
      { name: 'new', daysAgo: 1 },
    ])
    await sweep()
    const partition = utcDay(Date.now() - 400 * dayMs)
      .slice(0, 7)
      .replace('-', '')
    expect(rewrites).toEqual([expect.stringContaining(`DELETE IN PARTITION ID '${partition}' WHERE`)])
    expect(await stored()).toEqual(['new'])
  })

  it('is not taken for done while rows or old parts are there', async () => {
    await plant([{ name: 'old', daysAgo: 400 }])
    const command: RegionDb['command'] = async (sql, options) => {
      if (!sql.includes('DELETE IN PARTITION')) await rig.db.command(sql, options)
    }
    const idle = open({ defaultDays: 100, db: { ...rig.db, command } })
    await expect(idle.sweep()).rejects.toThrow('1 events are still there')
    expect(await seen()).toEqual([])
  })

  it('is copied to the engine wholly, and nothing of earlier copies stays', async () => {
    const { region, retention } = open({ defaultDays: 0 })
    await region.copy.write(5, [{ projectId: 0, event: '', keepDays: 5 }])
    await region.copy.write(4, [{ projectId: 0, event: '', keepDays: 4 }])
    expect(await region.copy.read()).toEqual([{ projectId: 0, event: '', keepDays: 5 }])
    await rig.control.rows(`SELECT setval('event_retention_version', 100)`)
    await copyRetention({ region, retention })
    expect(await region.copy.read()).toEqual([{ projectId: 0, event: '', keepDays: 0 }])
    expect(await rig.db.rows('SELECT DISTINCT version FROM event_retention')).toHaveLength(1)
  })
})

describe('deletion of events by a rule (PRIV-34)', () => {
  it('hides at once, and takes from disk exactly what the rule means', async () => {
    const { running, ask, deletions } = open()
    await plant([
      { name: 'hit', daysAgo: 3, properties: { plan: '"pr\\u006f"' } },
      { name: 'other-value', daysAgo: 3, properties: { plan: '"free"' } },
      { name: 'other-event', daysAgo: 3, event: 'Closed', properties: { plan: '"pro"' } },
      { name: 'too-old', daysAgo: 40, properties: { plan: '"pro"' } },
      { name: 'without', daysAgo: 3 },
      { name: 'other-project', daysAgo: 3, projectId: 2, properties: { plan: '"pro"' } },
    ])
    const filters = [{ property: 'plan', values: ['pro', 'secret filter value'] }]
    const made = await ask({ event: 'Opened', filters })
    expect([made.state, made.event_count, made.filter_properties]).toEqual(['PENDING', 1, ['plan']])
    const others = ['other-event', 'other-value', 'too-old', 'without']
    expect([await seen(1), await seen(2)]).toEqual([others, ['other-project']])
    expect(await runEventDeletions(running)).toBe(true)
    expect((await deletions.list(shop))[0]?.state).toBe('SUCCESS')
    expect(await stored()).toEqual(['other-event', 'other-project', 'other-value', 'too-old', 'without'])
    expect(await onDisk('hit', ...others)).toEqual(others)
    const { found } = await scanFolder(rig.engines.folder, ['secret filter value'])
    expect([...found]).toEqual([])
    expect(await runEventDeletions(running)).toBe(false)
  })

  it.each<readonly [string, string, readonly (string | number | boolean | null)[], boolean]>([
    ['1', '1.0', [1], true],
    ['text 1', '"1"', [1], false],
    ['number for a text', '1', ['1'], false],
    ['true', 'true', [true], true],
    ['null', 'null', [null], true],
    ['text true', '"true"', [true], false],
    ['one of several', '"b"', ['a', 'b'], true],
  ])('compares values as JSON: %s', async (_what, sent, values, isHit) => {
    await plant([{ name: 'x', daysAgo: 1, properties: { p: sent } }])
    const { ask } = open({ graceMs: dayMs })
    await ask({ event: 'Opened', filters: [{ property: 'p', values }] })
    expect(await seen()).toEqual(isHit ? [] : ['x'])
  })

  it('needs all of several filters', async () => {
    await plant([
      { name: 'both', daysAgo: 1, properties: { a: '1', b: '"x"' } },
      { name: 'one', daysAgo: 1, properties: { a: '1', b: '"y"' } },
    ])
    await open({ graceMs: dayMs }).ask({
      event: 'Opened',
      filters: [
        { property: 'a', values: [1] },
        { property: 'b', values: ['x'] },
      ],
    })
    expect(await seen()).toEqual(['one'])
  })

  it('does not touch what comes in later, and can be undone until its time is over', async () => {
    const { running, ask, deletions, region } = open({ graceMs: dayMs })
    await plant([{ name: 'before', daysAgo: 1 }])
    const { id } = await ask({ event: 'Opened' })
    await plant([{ name: 'later', daysAgo: 1 }])
    expect([await runEventDeletions(running), await seen()]).toEqual([false, ['later']])
    await expect(deletions.revoke(other, id, who)).rejects.toThrow('no such event deletion')
    await deletions.revoke(shop, id, who)
    await region.hidden.reveal(id)
    expect(await seen()).toEqual(['before', 'later'])
    await expect(deletions.revoke(shop, id, who)).rejects.toThrow('time to undo')
    expect(audited).toEqual(['event_deletion.created', 'event_deletion.canceled'])
  })

  it('shows again exactly what was undone, whatever reads have seen in between', async () => {
    const { region, ask, deletions } = open({ graceMs: dayMs })
    // A part for each: the engine may remember which parts a condition finds nothing in.
    for (const name of ['a', 'b', 'c']) await plant([{ name, daysAgo: 1, event: name, properties: { p: '1' } }])
    const made = [await ask({ event: 'a' }), await ask({ event: 'b' })]
    const filtered = await ask({ event: 'c', filters: [{ property: 'p', values: [1] }] })
    for (let read = 0; read < 3; read += 1) expect(await seen()).toEqual([])
    for (const [id, expected] of [
      [made[1]?.id ?? '', ['b']],
      [filtered.id, ['b', 'c']],
      [made[0]?.id ?? '', ['a', 'b', 'c']],
    ] as const) {
      await deletions.revoke(shop, id, who)
      await region.hidden.reveal(id)
      for (let read = 0; read < 3; read += 1) expect(await seen()).toEqual(expected)
    }
  })

  it('is at most ten a calendar month and project', async () => {
    const { ask } = open({ graceMs: dayMs })
    for (let asked = 0; asked < 10; asked += 1) await ask({ event: `e${asked}` })
    await expect(ask({ event: 'e10' })).rejects.toMatchObject({ status: 429 })
    await ask({ event: 'e10' }, other)
    await rig.control.rows(`UPDATE event_deletion SET requested_at = requested_at - interval '32 days'`)
    await ask({ event: 'e10' })
  })

  it('forgets rules that no deletion knows once they are old, and no others', async () => {
    const { running, region, ask } = open({ graceMs: dayMs })
    await plant([{ name: 'x', daysAgo: 1 }])
    const made = await ask({ event: 'Opened' })
    const stray = randomUUID()
    const rule = deletionRule(
      { event: 'Y', fromDate: utcDay(Date.now()), toDate: utcDay(Date.now()), filters: [] },
      Date.now(),
    )
    await region.hidden.hide(shop, stray, [rule], await region.rewriter.engineNow())
    await dropStrayRules(running)
    expect(await region.hidden.rules()).toHaveLength(2)
    await dropStrayRules({ ...running, nowMs: () => Date.now() + dayMs / 24 })
    expect((await region.hidden.rules()).map(({ deletionId }) => deletionId)).toEqual([made.id])
  })

  it('says FAILURE, and goes on hiding, when the rows do not go', async () => {
    await plant([{ name: 'x', daysAgo: 1 }])
    const command: RegionDb['command'] = async (sql, options) => {
      if (!sql.includes('DELETE IN PARTITION')) await rig.db.command(sql, options)
    }
    const { running, ask, deletions } = open({ db: { ...rig.db, command } })
    await ask({ event: 'Opened' })
    for (let round = 1; round < 30; round += 1) await expect(runEventDeletions(running)).rejects.toThrow('still there')
    expect((await deletions.list(shop))[0]?.state).toBe('STARTED')
    await runEventDeletions(running)
    expect([(await deletions.list(shop))[0]?.state, await seen()]).toEqual(['FAILURE', []])
  })
})

describe('erasure, retention and deletion by a rule at the same time', () => {
  it('each end, take what is theirs, and leave everybody else alone', async () => {
    const { running, ask, deletions, sweep, retention, region } = open({ defaultDays: 0 })
    const ids = await rig.plant('person')
    await rig.plant('person', 2)
    await plant([
      { name: 'expired', daysAgo: 50, event: 'Short' },
      { name: 'ruled', daysAgo: 3, event: 'Ruled' },
      { name: 'kept', daysAgo: 3 },
      { name: 'kept-2', daysAgo: 50, projectId: 2, event: 'Short' },
    ])
    await retention.set(shop, { days: null, events: [{ event: 'Short', days: 10 }] }, who)
    await ask({ event: 'Ruled' })
    const task = await rig.request('deletion', ids)
    await Promise.all([
      runDeletions({ ...rig.deletionDeps(), whileNoRewrite: region.whileNoRewrite }),
      runEventDeletions(running),
      sweep(),
    ])
    expect([(await rig.task(task)).state, (await deletions.list(shop))[0]?.state]).toEqual(['SUCCESS', 'SUCCESS'])
    expect(await rig.rowsOf(ids)).toEqual(nothing)
    expect((await stored()).filter((name) => !name.startsWith('person'))).toEqual(['kept', 'kept-2'])
    expect(await seen(2)).toHaveLength(4)
    expect(await onDisk('expired', 'ruled', 'kept')).toEqual(['kept'])
  })
})
