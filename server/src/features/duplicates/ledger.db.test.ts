import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { randomOf } from '../../../test/fault/fault-rig.ts'
import { type DuplicatesRig, openDuplicatesRig, type Sent } from '../../../test/support/duplicates-rig.ts'
import { projectScope } from '../../kernel/scope.ts'
import { createLedger } from './ledger.ts'

let rig: DuplicatesRig
beforeAll(async () => {
  rig = await openDuplicatesRig()
})
afterAll(() => rig?.close())
beforeEach(() => rig.clear())

/** Events of many people over a year, all different. */
const history = (count: number, version: (index: number) => number): readonly Sent[] =>
  Array.from({ length: count }, (_, index) => ({
    event: `event ${index % 7}`,
    who: `person-${index % 311}`,
    time: `2026-${String(1 + (index % 12)).padStart(2, '0')}-0${1 + (index % 9)} 00:00:00.${String(index % 1_000).padStart(3, '0')}`,
    insertId: `i${index}`,
    version: version(index),
  }))

describe('events that were sent twice', () => {
  it('count once at the very next read, and the last to come in is the one', async () => {
    for (const version of [1, 2, 3]) {
      await rig.send({ version })
      expect(await rig.counted()).toEqual([String(version)])
    }
    expect(await rig.entryCount()).toBe(2)
  })

  it('count once within one insert too; the later in it is the one, whatever is merged afterwards', async () => {
    await rig.send({ version: 3 }, { version: 1 }, { version: 2 })
    expect(await rig.counted()).toEqual(['2'])
    await rig.send({ who: 'ben', version: 9 })
    await rig.db.command('OPTIMIZE TABLE event FINAL')
    expect(await rig.counted()).toEqual(['2', '9'])
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
    for (const one of all) await rig.send(one)
    expect(await rig.counted()).toEqual(['1', '2', '3', '4', '5'])
    expect(await rig.counted({ projectId: 2 })).toEqual(['6'])
    expect(await rig.entryCount()).toBe(0)
    // Of one coarse key some are the same and others are not.
    await rig.send({ version: 7 })
    expect(await rig.counted()).toEqual(['2', '3', '4', '5', '7'])
    expect(await rig.counted({ projectId: 2 })).toEqual(['6'])
  })

  it('of a project say nothing to another one', async () => {
    await rig.send({ projectId: 2 }, { projectId: 2 })
    expect(await rig.ledger().catchUp(projectScope(1, 'US'))).toBeNull()
    expect(await rig.ledger().catchUp(projectScope(2, 'US'))).not.toBeNull()
    expect(await rig.ledger().catchUp(projectScope(3, 'US'))).toBeNull()
  })

  it('in a whole import count once, and both stay stored', async () => {
    await rig.send(...history(2_000, (index) => index))
    expect(await rig.counted()).toHaveLength(2_000)
    await rig.send(...history(2_000, (index) => 2_000 + index))
    expect(await rig.counted()).toEqual(Array.from({ length: 2_000 }, (_, index) => String(2_000 + index)))
    expect(await rig.entryCount()).toBe(2_000)
    expect(await rig.storedCount()).toBe(4_000)
  })
})

describe('a look at new events', () => {
  it('in chunks finds what one look would', async () => {
    const events = history(300, (index) => index)
    for (const part of [0, 1, 2, 0, 1, 2]) await rig.send(...events.slice(part * 100, part * 100 + 100))
    const known = await createLedger(rig.store, 70).catchUp(projectScope(1, 'US'))
    expect(known).not.toBeNull()
    expect(await rig.entryCount()).toBe(300)
    expect((await rig.store.state()).pendingCount).toBe(0)
  })

  it('is done again by the next server when one died before it moved the mark', async () => {
    await rig.send({ version: 1 }, { version: 2 })
    const moveTo = () => Promise.reject(new Error('killed'))
    await expect(rig.counted({ by: createLedger({ ...rig.store, moveTo }) })).rejects.toThrow('killed')
    expect(await rig.entryCount()).toBe(1)
    expect(await rig.counted({ by: createLedger(rig.store) })).toEqual(['2'])
    expect(await rig.entryCount()).toBe(1)
    const find = () => Promise.reject(new Error('killed'))
    await rig.send({ who: 'ben', version: 3 }, { who: 'ben', version: 4 })
    await expect(rig.counted({ by: createLedger({ ...rig.store, find }) })).rejects.toThrow('killed')
    expect(await rig.counted({ by: createLedger(rig.store) })).toEqual(['2', '4'])
  })

  it('leaves the mark before an INSERT that is still running, so that its rows are looked at', async () => {
    await rig.send({ version: 1 })
    // Its rows get their time at the start and are seen at the end.
    const slow = rig.db.command(
      `INSERT INTO event (project_id, event, time, distinct_id, insert_id, ingested_at, properties)
       SELECT 1, 'Sign up', toDateTime64('2026-01-01 00:00:00.000', 3, 'UTC'), 'anna', 'i1', now64(6, 'UTC'), map('version', '2')
       FROM numbers(1) WHERE sleepEachRow(1.5) = 0`,
    )
    while ((await rig.store.state()).settledUntil === (await rig.store.state()).now) await new Promise(setImmediate)
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { now } = await rig.store.state()
    await rig.send({ who: 'ben', version: 3 })
    expect(await rig.counted()).toEqual(['1', '3'])
    expect((await rig.store.state()).lookedUntil < now).toBe(true)
    await slow
    expect(await rig.counted()).toEqual(['2', '3'])
  })

  it('writes nothing while nothing comes in', async () => {
    await rig.send({ version: 1 })
    await rig.counted()
    const { lookedUntil } = await rig.store.state()
    await rig.counted()
    expect((await rig.store.state()).lookedUntil).toBe(lookedUntil)
  })

  it('serves everybody who asks at once, each by a look that began after the question', async () => {
    await rig.send({ version: 1 }, { version: 2 })
    let lookCount = 0
    const state = () => {
      lookCount += 1
      return rig.store.state()
    }
    const ledger = createLedger({ ...rig.store, state })
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.counted({ by: ledger })))
    expect(new Set(answers.flat())).toEqual(new Set(['2']))
    expect(lookCount).toBe(2)
  })

  it('ends for one who goes away, and goes on for the others', async () => {
    await rig.send({ version: 1 }, { version: 2 })
    const gone = new AbortController()
    const mine = rig.ledger().catchUp(projectScope(1, 'US'), gone.signal)
    const theirs = rig.counted()
    gone.abort(new Error('went away'))
    await expect(mine).rejects.toThrow('went away')
    expect(await theirs).toEqual(['2'])
  })
})

describe('what queries count', () => {
  it('is what a plain list says, in histories by chance, with two servers and merges in between', async () => {
    const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31))
    console.log(`SEED=${seed}`)
    const unit = randomOf(seed)
    const random = (below: number): number => Math.floor(unit() * below)
    const ledgers = [createLedger(rig.store, 3), createLedger(rig.store)] as const
    const latest = new Map<string, string>()
    let version = 0
    for (let round = 0; round < 25; round += 1) {
      const inserts = Array.from({ length: 1 + random(3) }, () =>
        Array.from({ length: 1 + random(6) }, () => {
          version += 1
          return {
            event: `e${random(2)}`,
            who: ['', 'anna', 'ben'][random(3)] ?? '',
            time: `2026-0${1 + random(2)}-01 00:00:00.00${random(2)}`,
            insertId: `i${random(2)}`,
            version,
          }
        }),
      )
      for (const sent of inserts) {
        await rig.send(...sent)
        for (const one of sent)
          latest.set(JSON.stringify([one.event, one.who, one.time, one.insertId]), String(one.version))
      }
      if (random(4) === 0) await rig.db.command('OPTIMIZE TABLE event FINAL')
      if (random(4) === 0) await rig.db.command('OPTIMIZE TABLE duplicate_event FINAL')
      const expected = [...latest.values()].sort((a, b) => Number(a) - Number(b))
      const answers = await Promise.all(ledgers.map((by) => rig.counted({ by })))
      for (const answer of answers) expect(answer).toEqual(expected)
    }
  })
})
