import { describe, expect, it } from 'vitest'
import { AppError, EngineUnavailable } from '../../../kernel/errors.ts'
import { createGroupCommitter, defaultCommitterSettings, type GroupCommitterSettings } from './group-committer.ts'

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

const open = (insert: (body: Buffer) => Promise<void>, settings: Partial<GroupCommitterSettings> = {}) =>
  createGroupCommitter(insert, { ...defaultCommitterSettings, ...settings })

/** Lets everything that can go on go on. */
const settle = () => new Promise((resolve) => setImmediate(resolve))

describe('group committer', () => {
  it('answers nobody before the insert ends, and groups what came meanwhile', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    const answered: string[] = []
    for (const name of ['a', 'b', 'c']) void committer.commit([name]).then(() => answered.push(name))
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
    const all = [['1'], ['2', '3'], ['4', '5'], ['6', '7', '8', '9']].map((rows) => committer.commit(rows))
    for (let at = 0; at < 4; at += 1) {
      await settle()
      engine.inserts[at]?.end()
    }
    await Promise.all(all)
    expect(engine.inserts.map(({ rows }) => rows.length)).toEqual([1, 2, 2, 4])
  })

  it('runs as many inserts at once as it may', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert, { insertCountMax: 2 })
    const all = ['a', 'b', 'c'].map((row) => committer.commit([row]))
    await settle()
    expect(engine.inserts).toHaveLength(2)
    engine.inserts[1]?.end()
    await settle()
    expect(engine.inserts).toHaveLength(3)
    for (const { end } of engine.inserts) end()
    await Promise.all(all)
  })

  it.each([
    ['rows', { queueRowCountMax: 2 }],
    ['bytes', { queueBytesMax: 5 }],
  ])('refuses with 503 and Retry-After when too many %s wait, and takes more later', async (_name, settings) => {
    const engine = heldEngine()
    const committer = open(engine.insert, settings)
    const first = committer.commit(['a'])
    const second = committer.commit(['b'])
    await expect(committer.commit(['c'])).rejects.toMatchObject({
      code: 'OVERLOADED',
      status: 503,
      retryAfterSeconds: 1,
    })
    await settle()
    engine.inserts[0]?.end()
    await settle()
    engine.inserts[1]?.end()
    await Promise.all([first, second])
    const third = committer.commit(['c'])
    await settle()
    engine.inserts[2]?.end()
    await third
    expect(engine.inserts.map(({ rows }) => rows)).toEqual([['a'], ['b'], ['c']])
  })

  it('tells every request of a group when the engine is away, and goes on', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    const results = Promise.allSettled(['a', 'b', 'c'].map((row) => committer.commit([row])))
    await settle()
    engine.inserts[0]?.end()
    await settle()
    engine.inserts[1]?.end(new EngineUnavailable('down'))
    const [first, second, third] = await results
    expect(first?.status).toBe('fulfilled')
    for (const result of [second, third])
      expect(result).toMatchObject({ reason: { code: 'ENGINE_UNAVAILABLE', status: 503 } })
    expect(committer.held()).toEqual({ bytes: 0, rowCount: 0 })
    const later = committer.commit(['d'])
    await settle()
    engine.inserts[2]?.end()
    await later
  })

  it('stores the others when the engine refuses the rows of one request', async () => {
    const stored: string[] = []
    const committer = open(async (body) => {
      if (body.includes('bad')) throw new AppError('INTERNAL', 'no', { status: 500 })
      stored.push(...body.toString().trim().split('\n'))
    })
    const results = await Promise.allSettled(['a', 'good', 'bad', 'fine'].map((row) => committer.commit([row])))
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
    const waiting = committer.commit(['a'], ready)
    await settle()
    expect(engine.inserts).toHaveLength(0)
    expect(committer.held().rowCount).toBe(1)
    linked()
    await settle()
    engine.inserts[0]?.end()
    await waiting
    const failed = committer.commit(['b'], Promise.reject(new EngineUnavailable('no link')))
    await expect(failed).rejects.toMatchObject({ message: 'no link' })
    expect(engine.inserts).toHaveLength(1)
    expect(committer.held()).toEqual({ bytes: 0, rowCount: 0 })
  })

  it('drains: refuses new rows and ends with the last answer', async () => {
    const engine = heldEngine()
    const committer = open(engine.insert)
    const answered: string[] = []
    void committer.commit(['a']).then(() => answered.push('a'))
    const drained = committer.drain().then(() => answered.push('drained'))
    await expect(committer.commit(['b'])).rejects.toMatchObject({ status: 503 })
    await settle()
    expect(answered).toEqual([])
    engine.inserts[0]?.end()
    await drained
    expect(answered).toContain('a')
  })
})
