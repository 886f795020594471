import { Readable } from 'node:stream'
import { deflateSync, gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { discard, inflateStream } from './receive.ts'

const text = 'id,name\n1,é\n'.repeat(1_000)
const read = async (sent: Buffer | Readable, encoding: string | undefined, bytesMax = 1_000_000): Promise<string> => {
  const source = Buffer.isBuffer(sent) ? Readable.from(inPieces(sent), { objectMode: false }) : sent
  const chunks: Buffer[] = []
  try {
    for await (const chunk of inflateStream(source, encoding, bytesMax)) chunks.push(chunk)
  } catch (error) {
    // A sender that is not done yet must still be able to read the answer.
    expect(source.destroyed && !source.readableEnded && source.errored === null).toBe(false)
    throw error
  }
  return Buffer.concat(chunks).toString('utf8')
}
function* inPieces(bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 13) yield bytes.subarray(at, at + 13)
}

describe('a streamed body', () => {
  it.each([
    [undefined, Buffer.from(text)],
    ['', Buffer.from(text)],
    ['identity', Buffer.from(text)],
    ['gzip', gzipSync(text)],
    ['X-GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
  ])('with Content-Encoding %j is read as it was before', async (encoding, sent) => {
    expect(await read(sent, encoding)).toBe(text)
    expect(await read(Buffer.alloc(0), encoding === 'identity' ? encoding : undefined)).toBe('')
  })

  it('ends with 413 one byte beyond the bound, as sent or as inflated', async () => {
    const length = Buffer.byteLength(text)
    for (const [encoding, sent] of [
      [undefined, Buffer.from(text)],
      ['gzip', gzipSync(text)],
    ] as const) {
      expect(await read(sent, encoding, length)).toBe(text)
      await expect(read(sent, encoding, length - 1)).rejects.toMatchObject({ status: 413 })
    }
    // Nothing inside, for ever.
    const hollow = Buffer.concat(Array.from({ length: 100 }, () => gzipSync('')))
    expect(await read(hollow, 'gzip', hollow.length)).toBe('')
    await expect(read(hollow, 'gzip', hollow.length - 1)).rejects.toMatchObject({ status: 413 })
  })

  it.each([
    ['gzip', Buffer.from(text), 'the body could not be decompressed'],
    ['gzip', gzipSync(text).subarray(0, -9), 'the body could not be decompressed'],
    ['br', Buffer.from(text), 'Content-Encoding "br" is not supported'],
  ])('that is no %s is refused', async (encoding, sent, message) => {
    await expect(read(sent, encoding)).rejects.toMatchObject({ status: 400, message })
  })

  it.each([undefined, 'gzip'])('with Content-Encoding %j whose sender goes away is refused', async (encoding) => {
    const source = new Readable({ read: () => undefined })
    source.push(encoding === 'gzip' ? gzipSync(text).subarray(0, 20) : 'id,')
    setImmediate(() => source.destroy(new Error('aborted')))
    await expect(read(source, encoding)).rejects.toMatchObject({
      status: 400,
      message: 'the body ended before it was complete',
    })
  })

  it('is thrown away to its end, within a bound', async () => {
    const source = () => Readable.from([Buffer.alloc(10), Buffer.alloc(10)])
    expect(await discard(source(), 20)).toBe(true)
    expect(await discard(source(), 19)).toBe(false)
    const read = source()
    for await (const _chunk of read);
    expect(await discard(read, 0)).toBe(true)
    const gone = source()
    gone.destroy(new Error('aborted'))
    expect(await discard(gone, 20)).toBe(false)
  })

  it('is not read ahead of whoever reads it', async () => {
    let sentCount = 0
    const source = new Readable({
      highWaterMark: 1_024,
      read() {
        sentCount += 1
        this.push(Buffer.alloc(1_024, 'a'))
      },
    })
    const reader = inflateStream(source, undefined, 1_000_000)
    await reader.next()
    await new Promise(setImmediate)
    expect(sentCount).toBeLessThan(5)
    await reader.return(undefined)
    expect(source.destroyed).toBe(false)
    source.destroy()
  })
})
