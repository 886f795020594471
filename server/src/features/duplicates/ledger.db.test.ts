import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type ErasureRig, openErasureRig } from '../../../test/support/erasure-rig.ts'
import { projectScope } from '../../kernel/scope.ts'
import { duplicatesParams, eventRowsSql, visibleEventsSql } from '../identity/index.ts'
import { createLedger, type Ledger } from './ledger.ts'
import { createLedgerStore, type LedgerStore } from './store/clickhouse-ledger.ts'

let rig: ErasureRig
let store: LedgerStore
let ledger: Ledger
beforeAll(async () => {
  rig = await openErasureRig()
  store = createLedgerStore(rig.db)
})
afterAll(() => rig?.close())
beforeEach(async () => {
  for (const table of ['event', 'duplicate_event', 'duplicate_progress']) {
    await rig.db.command(`TRUNCATE TABLE ${table}`)
  }
  ledger = createLedger(store)
})

interface Sent {
  readonly event?: string
  readonly who?: string
  readonly time?: string
  readonly insertId?: string
  readonly version?: number
  readonly projectId?: number
}
const row = ({ event = 'Sign up', who = 'anna', time, insertId = 'i1', version = 1, projectId = 1 }: Sent) => ({
  project_id: projectId,
  event,
  time: time ?? '2026-01-01 00:00:00.000',
  distinct_id: who,
  insert_id: insertId,
  properties: { version: String(version) },
})
/** One INSERT. */
const send = (...sent: readonly Sent[]) =>
  rig.db.insert('event', sent.map((one) => JSON.stringify(row(one))).join('\n'))

const counted = async (projectId = 1): Promise<readonly string[]> => {
  const known = await ledger.catchUp(projectScope(projectId, 'US'))
  const rows = await rig.db.rows<{ version: string }>(
    `SELECT e.properties['version'] AS version ${visibleEventsSql('everybody', '', eventRowsSql(known))} ORDER BY version`,
    { params: { projectId, ...duplicatesParams(known) } },
  )
  return rows.map(({ version }) => version)
}
const keyCount = async (): Promise<number> => {
  const [found] = await rig.db.rows<{ n: string }>('SELECT count() AS n FROM duplicate_event FINAL')
  return Number(found?.n)
}

describe('events that were sent twice', () => {
  it('count once at the very next read, and the last to come in is the one', async () => {
    await send({ version: 1 })
    expect(await counted()).toEqual(['1'])
    await send({ version: 2 })
    expect(await counted()).toEqual(['2'])
    await send({ version: 3 })
    expect(await counted()).toEqual(['3'])
    expect(await keyCount()).toBe(1)
  })

  it('count once within one insert too; the later in it is the one, whatever is merged afterwards', async () => {
    await send({ version: 3 }, { version: 1 }, { version: 2 })
    expect(await counted()).toEqual(['2'])
    await send({ who: 'ben', version: 9 })
    await rig.db.command('OPTIMIZE TABLE event FINAL')
    expect(await counted()).toEqual(['2', '9'])
  })

  it('are others when event, person, time, insert id or project differ', async () => {
    const all: readonly Sent[] = [
      { version: 1 },
      { version: 2, event: 'Buy' },
      { version: 3, who: 'ben' },
      { version: 4, time: '2026-01-01 00:00:00.001' },
      { version: 5, insertId: 'i2' },
      { version: 6, projectId: 2 },
    ]
    for (const one of all) await send(one)
    expect(await counted()).toEqual(['1', '2', '3', '4', '5'])
    expect(await counted(2)).toEqual(['6'])
    expect(await keyCount()).toBe(0)
    // Some of one coarse key are the same, others are not.
    await send({ version: 7 })
    expect(await counted()).toEqual(['2', '3', '4', '5', '7'])
    expect(await counted(2)).toEqual(['6'])
  })

  it('of a project say nothing to another one', async () => {
    await send({ projectId: 2 }, { projectId: 2 })
    expect(await ledger.catchUp(projectScope(1, 'US'))).toBeNull()
    expect(await ledger.catchUp(projectScope(2, 'US'))).not.toBeNull()
    expect(await ledger.catchUp(projectScope(3, 'US'))).toBeNull()
  })
})
