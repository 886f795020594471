import { describe, expect, it } from 'vitest'
import { shareWork } from './shared-work.ts'

const started = () => {
  const work = Promise.withResolvers<string>()
  const seen: { signal?: AbortSignal } = {}
  const ask = shareWork((signal) => {
    seen.signal = signal
    signal.addEventListener('abort', () => work.reject(new Error('ended')))
    return work.promise
  })
  return { ask, seen, finish: () => work.resolve('answer') }
}

describe('shared work', () => {
  it('goes on when one of its callers goes away', async () => {
    const { ask, seen, finish } = started()
    const first = new AbortController()
    const asked = [ask(first.signal), ask(new AbortController().signal), ask()]
    first.abort(new Error('gone'))
    await expect(asked[0]).rejects.toThrow('gone')
    expect(seen.signal?.aborted).toBe(false)
    finish()
    expect(await Promise.all(asked.slice(1))).toEqual(['answer', 'answer'])
  })

  it('ends when all have gone', async () => {
    const { ask, seen } = started()
    const callers = [new AbortController(), new AbortController()]
    const asked = callers.map(({ signal }) => ask(signal))
    for (const caller of callers) caller.abort(new Error('gone'))
    for (const one of asked) await expect(one).rejects.toThrow('gone')
    expect(seen.signal?.aborted).toBe(true)
  })

  it('is not waited for by who has gone already', async () => {
    const { ask } = started()
    await expect(ask(AbortSignal.abort(new Error('gone')))).rejects.toThrow('gone')
  })
})
