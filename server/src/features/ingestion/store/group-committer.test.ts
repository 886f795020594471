import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { AppError, EngineUnavailable } from '../../../kernel/errors.ts'
import { createGroupCommitter, defaultCommitterSettings, type GroupCommitterSettings } from './group-committer.ts'
import { rowBlockOf } from './row-block.ts'

/** An engine whose every insert waits until the test ends it. */
const heldEngine = () => {
  const inserts: { readonly rows: readonly string[]; readonly end: (error?: Error) => void }[] = []
  const insert = (body: Buffer): Promise<void> =>
    new Promise((resolve, reject) => {
      const end = (error?: Error) => (error === undefined ? resolve() : reject(error))
      inserts.push({ rows: body.toString().trim().split('\n'), end })
    })
  return { inserts, insert }
}

/** Without gathering, which goes by the clock: a slow machine must not change what a test sees. */
const open = (insert: (body: Buffer) => Promise<void>, settings: Partial<GroupCommitterSettings> = {}) =>
  createGroupCommitter(insert, { ...defaultCommitterSettings, gatherMsMax: 0, ...settings })

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('group committer', () => {
  it('answers nobody before the insert ends, and groups what came meanwhile', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    const answered: string[] = []
    for (const name of ['a', 'b', 'c']) void committer.commit(rowBlockOf([name])).then(() => answered.push(name))
    await settle()
    expect(engine.inserts.map(({ rows }) => rows)).toEqual([['a']])
    expect(answered).toEqual([])
    engine.inserts[0]?.end()
    await settle()
    expect(answered).toEqual(['a'])
    expect(engine.inserts[1]?.rows).toEqual(['b', 'c'])
    engine.inserts[1]?.end()
    await settle()
    expect(answered).toEqual(['a', 'b', 'c'])
    expect(committer.held()).toEqual({ bytes: 0, rowCount: 0 })
  })

  it('keeps inserts within their bounds, and lets a large request go alone', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert, { insertRowCountMax: 3 })
    const all = [['1'], ['2', '3'], ['4', '5'], ['6', '7', '8', '9']].map((rows) => committer.commit(rowBlockOf(rows)))
    for (let at = 0; at < 4; at += 1) {
      await settle()
      engine.inserts[at]?.end()
    }
    await Promise.all(all)
    expect(engine.inserts.map(({ rows }) => rows.length)).toEqual([1, 2, 2, 4])
  })

  it('runs as many inserts at once as it may', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert, { insertCountMax: 2, besideBytesMin: 0 })
    const all = ['a', 'b', 'c'].map((row) => committer.commit(rowBlockOf([row])))
    await settle()
    expect(engine.inserts).toHaveLength(2)
    engine.inserts[1]?.end()
    await settle()
    expect(engine.inserts).toHaveLength(3)
    for (const { end } of engine.inserts) end()
    await Promise.all(all)
  })

  it('starts no small insert beside another, but a large one', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert, { insertCountMax: 2, besideBytesMin: 10 })
    const all = ['a', 'b', 'c'].map((row) => committer.commit(rowBlockOf([row])))
    await settle()
    expect(engine.inserts).toHaveLength(1)
    all.push(committer.commit(rowBlockOf(['0123456789'])))
    await settle()
    expect(engine.inserts.map(({ rows }) => rows)).toEqual([['a'], ['b', 'c', '0123456789']])
    for (const { end } of engine.inserts) end()
    await Promise.all(all)
  })

  describe('after an insert that several shared', () => {
    beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
    afterEach(() => vi.useRealTimers())

    /** Three requests shared an insert that took `insertMs` and has just ended. */
    const afterSharedInsert = async (insertMs = 40) => {
      const engine = heldEngine()
      const committer = createGroupCommitter(engine.insert, defaultCommitterSettings)
      const all = ['a', 'b', 'c', 'd'].map((row) => committer.commit(rowBlockOf([row])))
      await settle()
      engine.inserts[0]?.end()
      await settle()
      vi.advanceTimersByTime(insertMs)
      engine.inserts[1]?.end()
      await Promise.all(all)
      return { engine, committer }
    }

    it('waits until as many have come back', async () => {
      const { engine, committer } = await afterSharedInsert()
      const all = ['e', 'f'].map((row) => committer.commit(rowBlockOf([row])))
      await settle()
      expect(engine.inserts).toHaveLength(2)
      all.push(committer.commit(rowBlockOf(['g'])))
      await settle()
      expect(engine.inserts[2]?.rows).toEqual(['e', 'f', 'g'])
      engine.inserts[2]?.end()
      await Promise.all(all)
    })

    it.each([
      { name: 'as long as that insert took', insertMs: 40, waitMs: 40 },
      { name: '50 ms', insertMs: 400, waitMs: 50 },
    ])('waits $name at most', async ({ insertMs, waitMs }) => {
      const { engine, committer } = await afterSharedInsert(insertMs)
      const one = committer.commit(rowBlockOf(['e']))
      await settle()
      vi.advanceTimersByTime(waitMs - 1)
      expect(engine.inserts).toHaveLength(2)
      vi.advanceTimersByTime(1)
      expect(engine.inserts[2]?.rows).toEqual(['e'])
      engine.inserts[2]?.end()
      await one
    })

    it('does not make a late request wait', async () => {
      const { engine, committer } = await afterSharedInsert()
      vi.advanceTimersByTime(40)
      const one = committer.commit(rowBlockOf(['e']))
      await settle()
      expect(engine.inserts[2]?.rows).toEqual(['e'])
      engine.inserts[2]?.end()
      await one
    })

    it('does not wait when it drains', async () => {
      const { engine, committer } = await afterSharedInsert()
      const one = committer.commit(rowBlockOf(['e']))
      const drained = committer.drain()
      await settle()
      expect(engine.inserts[2]?.rows).toEqual(['e'])
      engine.inserts[2]?.end()
      await Promise.all([one, drained])
    })
  })

  it.each([
    ['rows', { queueRowCountMax: 2 }],
    ['bytes', { queueBytesMax: 5 }],
  ])('refuses with 503 and Retry-After when too many %s wait, and takes more later', async (_name, settings) => {
    const engine = heldEngine()
    const committer = open(engine.insert, settings)
    const first = committer.commit(rowBlockOf(['a']))
    const second = committer.commit(rowBlockOf(['b']))
    await expect(committer.commit(rowBlockOf(['c']))).rejects.toMatchObject({
      code: 'OVERLOADED',
      status: 503,
      retryAfterSeconds: 1,
    })
    await settle()
    engine.inserts[0]?.end()
    await settle()
    engine.inserts[1]?.end()
    await Promise.all([first, second])
    const third = committer.commit(rowBlockOf(['c']))
    await settle()
    engine.inserts[2]?.end()
    await third
    expect(engine.inserts.map(({ rows }) => rows)).toEqual([['a'], ['b'], ['c']])
  })

  it('tells every request of a group when the engine is away, and goes on', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    const results = Promise.allSettled(['a', 'b', 'c'].map((row) => committer.commit(rowBlockOf([row]))))
    await settle()
    engine.inserts[0]?.end()
    await settle()
    engine.inserts[1]?.end(new EngineUnavailable('down'))
    const [first, second, third] = await results
    expect(first?.status).toBe('fulfilled')
    for (const result of [second, third])
      expect(result).toMatchObject({ reason: { code: 'ENGINE_UNAVAILABLE', status: 503 } })
    expect(committer.held()).toEqual({ bytes: 0, rowCount: 0 })
    const later = committer.commit(rowBlockOf(['d']))
    await settle()
    engine.inserts[2]?.end()
    await later
  })

  it('tells who waits behind at once, instead of letting each wait as long again', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert, { insertCountMax: 1, insertRowCountMax: 1 })
    const results = Promise.allSettled(['a', 'b', 'c'].map((row) => committer.commit(rowBlockOf([row]))))
    await settle()
    engine.inserts[0]?.end(new EngineUnavailable('stands still'))
    for (const result of await results) {
      expect(result).toMatchObject({ reason: { code: 'ENGINE_UNAVAILABLE', message: 'stands still' } })
    }
    expect(engine.inserts).toHaveLength(1)
    expect(committer.held()).toEqual({ bytes: 0, rowCount: 0 })
  })

  it('stores the others when the engine refuses the rows of one request', async () => {
    const stored: string[] = []
    const committer = open(async (body) => {
      if (body.includes('bad')) throw new AppError('INTERNAL', 'no', { status: 500 })
      stored.push(...body.toString().trim().split('\n'))
    })
    const results = await Promise.allSettled(
      ['a', 'good', 'bad', 'fine'].map((row) => committer.commit(rowBlockOf([row]))),
    )
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled'])
    expect(results[2]).toMatchObject({ reason: { code: 'ENGINE_UNAVAILABLE' } })
    expect(stored.sort()).toEqual(['a', 'fine', 'good'])
  })

  it('holds rows back, and counts them, until their links are stored', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    let linked = (): void => undefined
    const ready = new Promise<void>((resolve) => {
      linked = resolve
    })
    const waiting = committer.commit(rowBlockOf(['a']), ready)
    await settle()
    expect(engine.inserts).toHaveLength(0)
    expect(committer.held().rowCount).toBe(1)
    linked()
    await settle()
    engine.inserts[0]?.end()
    await waiting
    const failed = committer.commit(rowBlockOf(['b']), Promise.reject(new EngineUnavailable('no link')))
    await expect(failed).rejects.toMatchObject({ message: 'no link' })
    expect(engine.inserts).toHaveLength(1)
    expect(committer.held()).toEqual({ bytes: 0, rowCount: 0 })
  })

  it('drains: refuses new rows and ends with the last answer', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    const answered: string[] = []
    void committer.commit(rowBlockOf(['a'])).then(() => answered.push('a'))
    const drained = committer.drain().then(() => answered.push('drained'))
    await expect(committer.commit(rowBlockOf(['b']))).rejects.toMatchObject({ status: 503 })
    await settle()
    expect(answered).toEqual([])
    engine.inserts[0]?.end()
    await drained
    expect(answered).toContain('a')
  })
})
