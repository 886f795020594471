import { describe, expect, it } from 'vitest'
import { projectScope } from '../../../kernel/scope.ts'
import { createLinkStore } from './clickhouse-link-store.ts'

const scope = projectScope(1, 'US')
const d1 = { from: '$device:D1', to: 'U1' }

/** Records the rows of each commit; the test ends each one. */
const heldCommit = () => {
  const commits: { readonly rows: readonly string[]; readonly end: (error?: Error) => void }[] = []
  const commit = (rows: readonly string[]): Promise<void> =>
    new Promise((resolve, reject) => {
      commits.push({ rows, end: (error) => (error === undefined ? resolve() : reject(error)) })
    })
  return { commits, commit }
}

describe('link store', () => {
  it('writes a link once, and the first of two users keeps the device', async () => {
    const { commits, commit } = heldCommit()
    const store = createLinkStore(commit)
    const first = store.record(scope, 0, [d1, { from: '$device:D1', to: 'U2' }, d1])
    expect(commits.map(({ rows }) => rows)).toEqual([
      ['{"project_id":1,"distinct_id":"$device:D1","canonical_id":"U1"}'],
    ])
    commits[0]?.end()
    await first
    await store.record(scope, 0, [d1])
    expect(commits).toHaveLength(1)
  })

  it('lets nobody go on before the link of another request is durable', async () => {
    const { commits, commit } = heldCommit()
    const store = createLinkStore(commit)
    const answered: string[] = []
    const first = store.record(scope, 0, [d1]).then(() => answered.push('first'))
    const second = store.record(scope, 0, [d1]).then(() => answered.push('second'))
    await new Promise((resolve) => setImmediate(resolve))
    expect(answered).toEqual([])
    commits[0]?.end()
    await Promise.all([first, second])
    expect(commits).toHaveLength(1)
  })

  it('fails all that wait for a lost link, and writes it again when asked again', async () => {
    const { commits, commit } = heldCommit()
    const store = createLinkStore(commit)
    const both = Promise.allSettled([store.record(scope, 0, [d1]), store.record(scope, 0, [d1])])
    commits[0]?.end(new Error('down'))
    expect((await both).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    const again = store.record(scope, 0, [d1])
    expect(commits).toHaveLength(2)
    commits[1]?.end()
    await again
  })

  it('forgets what it knew before an erasure, and knows projects apart', async () => {
    const rows: string[] = []
    const store = createLinkStore(async (added) => void rows.push(...added))
    await store.record(scope, 0, [d1])
    await store.record(scope, 1, [d1])
    await store.record(projectScope(2, 'US'), 1, [d1])
    expect(rows).toHaveLength(3)
  })

  it('forgets the link that was not used for longest', async () => {
    const rows: string[] = []
    const store = createLinkStore(async (added) => void rows.push(...added), 2)
    const link = (name: string) => ({ from: `$device:${name}`, to: 'U' })
    for (const name of ['a', 'b', 'a', 'c', 'a', 'b']) await store.record(scope, 0, [link(name)])
    // `b` made way for `c`; `a` was in use.
    expect(rows.map((row) => /\$device:(.)/.exec(row)?.[1])).toEqual(['a', 'b', 'c', 'b'])
  })
})
