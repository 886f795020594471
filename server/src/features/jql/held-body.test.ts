import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { heldBody } from './held-body.ts'

const mebibyte = Buffer.alloc(2 ** 20, 'x')
async function* pieces(count: number, error?: Error) {
  for (let i = 0; i < count; i += 1) yield mebibyte
  if (error !== undefined) throw error
}
const counted = () => {
  let count = 0
  return { end: () => (count += 1), count: () => count }
}

describe('the body of a result', () => {
  it('is whole when it is small, and what was begun has ended', async () => {
    const ends = counted()
    const body = await heldBody(pieces(8), ends.end)
    expect([Buffer.isBuffer(body), (body as Buffer).length, ends.count()]).toEqual([true, 8 * 2 ** 20, 1])
  })

  it('is an error while it is small', async () => {
    const ends = counted()
    await expect(heldBody(pieces(8, new Error('no')), ends.end)).rejects.toThrow('no')
    expect(ends.count()).toBe(1)
  })

  it('streams when it is large, and ends with its last byte', async () => {
    const ends = counted()
    const body = (await heldBody(pieces(20), ends.end)) as Readable
    expect([body instanceof Readable, ends.count()]).toEqual([true, 0])
    expect((await buffer(body)).length).toBe(20 * 2 ** 20)
    await expect.poll(ends.count).toBe(1)
  })

  it('breaks off when an error comes later', async () => {
    const body = (await heldBody(pieces(10, new Error('late')), () => undefined)) as Readable
    await expect(buffer(body)).rejects.toThrow('late')
  })

  it('stops reading when nobody takes it, even before it began', async () => {
    for (const readsFirst of [true, false]) {
      let isStopped = false
      const endless = async function* () {
        try {
          for (;;) yield mebibyte
        } finally {
          isStopped = true
        }
      }
      const ends = counted()
      const body = (await heldBody(endless(), ends.end)) as Readable
      if (readsFirst) await once(body, 'readable')
      body.destroy()
      await expect.poll(() => [isStopped, ends.count()]).toEqual([true, 1])
    }
  })
})
