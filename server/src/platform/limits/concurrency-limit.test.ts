import { describe, expect, it } from 'vitest'
import { createConcurrencyLimit } from './concurrency-limit.ts'

describe('a concurrency limit', () => {
  it('refuses one too many, each key by itself, until one is over', () => {
    const limit = createConcurrencyLimit(2, { retryAfterSeconds: 5 })
    const leave = limit.enter('a')
    limit.enter('a')
    limit.enter('b')
    expect(() => limit.enter('a')).toThrow(expect.objectContaining({ status: 429, retryAfterSeconds: 5 }))
    leave()
    limit.enter('a')
    expect(() => limit.enter('a')).toThrow()
  })

  it('counts an end once', () => {
    const limit = createConcurrencyLimit(2)
    const leave = limit.enter('a')
    limit.enter('a')
    leave()
    leave()
    limit.enter('a')
    expect(() => limit.enter('a')).toThrow()
  })

  it('is over when work ends, also when it fails', async () => {
    const limit = createConcurrencyLimit(1)
    expect(await limit.run('a', async () => 7)).toBe(7)
    await expect(limit.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    const open = limit.run('a', () => new Promise(() => undefined))
    await expect(limit.run('a', async () => 7)).rejects.toMatchObject({ status: 429 })
    void open
  })
})
