import { describe, expect, it } from 'vitest'
import { createAfterAnswer } from './after-answer.ts'

describe('work after an answer', () => {
  it('does not begin before the answer is given, and is waited for at the end', async () => {
    const done: string[] = []
    const { run, drain } = createAfterAnswer(() => undefined)
    run(async () => void done.push('work'))
    await Promise.resolve()
    done.push('answer')
    await drain()
    expect(done).toEqual(['answer', 'work'])
  })

  it('that fails is told, and hurts nothing else', async () => {
    const problems: unknown[] = []
    const done: string[] = []
    const { run, drain } = createAfterAnswer((error) => problems.push(error))
    run(() => Promise.reject(new Error('mail')))
    run(async () => void done.push('other'))
    await drain()
    expect([problems, done]).toEqual([[new Error('mail')], ['other']])
  })

  it('is bounded: what is too much is left out and told', async () => {
    const problems: unknown[] = []
    let doneCount = 0
    const { run, drain } = createAfterAnswer((error) => problems.push(error))
    for (let count = 0; count < 1_005; count += 1) {
      run(async () => {
        doneCount += 1
      })
    }
    await drain()
    expect([doneCount, problems.length]).toEqual([1_000, 5])
  })
})
