import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { failOnLateException } from './guarded-stream.ts'

const tag = 'abcdefghijklmnop'
const block = `\r\n__exception__\r\n${tag}\r\nCode: 241. DB::Exception: too much. (MEMORY_LIMIT_EXCEEDED)\n58 ${tag}\r\n__exception__\r\n`

const pass = async (chunks: readonly string[], isBroken = false) => {
  const guard = failOnLateException(tag, () => isBroken)
  const read: Buffer[] = []
  let failure: unknown = null
  guard.on('data', (chunk: Buffer) => read.push(chunk))
  const ended = new Promise<void>((resolve) => {
    guard.once('end', resolve)
    guard.once('error', (error) => {
      failure = error
      resolve()
    })
  })
  Readable.from(chunks.map((chunk) => Buffer.from(chunk))).pipe(guard)
  await ended
  return { text: Buffer.concat(read).toString(), failure }
}

describe('guarded stream', () => {
  it('finds the exception wherever a chunk is cut, and passes on the rows before it', async () => {
    const all = `row\r\n1\r\n${block}`
    for (let cut = 1; cut < all.length; cut++) {
      const { text, failure } = await pass([all.slice(0, cut), all.slice(cut)])
      expect(text).toBe('row\r\n1\r\n')
      expect(failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    }
  })

  it('passes a whole reply unchanged, even one that quotes a marker with another tag', async () => {
    const body = `a\r\n${block.replaceAll(tag, 'ponmlkjihgfedcba')}\r\n__exception__\r\nabc`
    expect(await pass([body])).toEqual({ text: body, failure: null })
  })

  it('never ends cleanly when the connection broke', async () => {
    expect((await pass(['a\n'], true)).failure).toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
  })
})
