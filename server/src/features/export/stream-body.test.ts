import { once } from 'node:events'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { streamBody } from './stream-body.ts'

async function* chunks(...texts: readonly string[]) {
  for (const text of texts) yield Buffer.from(text)
}
const read = async (body: Readable | Buffer): Promise<Buffer> => (body instanceof Readable ? buffer(body) : body)
const large = 'x'.repeat(1_401)

describe('the body of an export', () => {
  it.each([
    [[], ''],
    [['a\n', 'b\n'], 'a\nb\n'],
    [['x'.repeat(1_400)], 'x'.repeat(1_400)],
  ])('is plain up to 1400 bytes, whatever the client accepts', async (texts, expected) => {
    const { body, isGzipped } = await streamBody(chunks(...texts), true)
    expect([isGzipped, (await read(body)).toString()]).toEqual([false, expected])
  })

  it('is gzipped beyond that for clients that accept it, and the same without', async () => {
    const texts = [large, 'y'.repeat(200_000), 'end']
    const zipped = await streamBody(chunks(...texts), true)
    expect(zipped.isGzipped).toBe(true)
    expect(gunzipSync(await read(zipped.body)).toString()).toBe(texts.join(''))
    const plain = await streamBody(chunks(...texts), false)
    expect([plain.isGzipped, (await read(plain.body)).toString()]).toEqual([false, texts.join('')])
  })

  it('reports an error before the first bytes, so that it can still be a status', async () => {
    const failing = async function* () {
      yield Buffer.from('few')
      throw new Error('engine down')
    }
    await expect(streamBody(failing(), true)).rejects.toThrow('engine down')
  })

  it.each([true, false])('breaks off when an error comes later (gzip accepted: %s)', async (acceptsGzip) => {
    const failing = async function* () {
      yield Buffer.from(large)
      throw new Error('engine down')
    }
    const { body } = await streamBody(failing(), acceptsGzip)
    await expect(read(body)).rejects.toThrow('engine down')
  })

  it.each([true, false])('stops reading when the client goes away (gzip accepted: %s)', async (acceptsGzip) => {
    let isStopped = false
    let pulled = 0
    const endless = async function* () {
      try {
        for (;;) {
          pulled += 1
          yield Buffer.alloc(64 * 1_024, 'z')
        }
      } finally {
        isStopped = true
      }
    }
    const { body } = await streamBody(endless(), acceptsGzip)
    if (!(body instanceof Readable)) throw new Error('is not a stream')
    await once(body, 'readable')
    body.destroy()
    await once(body, 'close')
    await expect.poll(() => isStopped).toBe(true)
    // Nothing is read ahead of a client that does not read.
    expect(pulled).toBeLessThan(50)
  })
})

describe('an export whose engine goes away before anybody reads', () => {
  it.each([true, false])('tells who reads it, and nobody else (gzip: %s)', async (acceptsGzip) => {
    const uncaught: unknown[] = []
    const note = (error: unknown) => uncaught.push(error)
    process.on('uncaughtException', note)
    try {
      const breaking = async function* () {
        yield Buffer.from(large)
        throw new Error('gone')
      }
      const { body } = await streamBody(breaking(), acceptsGzip)
      // As long as it may take until it is sent.
      await delay(20)
      await expect(read(body)).rejects.toThrow('gone')
      expect(uncaught).toEqual([])
    } finally {
      process.off('uncaughtException', note)
    }
  })
})
