import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { readFrames } from './frames.ts'

const framesOf = async (chunks: readonly string[], outputBytesMax = 1_000) => {
  const found: unknown[] = []
  let items = ''
  for await (const one of readFrames(Readable.from(chunks.map((text) => Buffer.from(text))), outputBytesMax)) {
    if (one.kind === 'items') items += one.bytes.toString()
    else found.push(one)
  }
  return { found, items }
}
const whole = 'P{"a":"é"}\nR1,2\nR"ü"\nD\n'

describe('frames', () => {
  it('are found wherever the pipe cuts them', async () => {
    const expected = { found: [{ kind: 'request', request: { a: 'é' } }, { kind: 'done' }], items: '1,2,"ü"' }
    expect(await framesOf([whole])).toEqual(expected)
    expect(await framesOf([...whole])).toEqual(expected)
    const bytes = Buffer.from(whole)
    for (let at = 1; at < bytes.length; at += 1) {
      const parts = Readable.from([bytes.subarray(0, at), bytes.subarray(at)])
      const kinds: string[] = []
      for await (const one of readFrames(parts, 1_000)) if (one.kind !== 'items') kinds.push(one.kind)
      expect(kinds).toEqual(['request', 'done'])
    }
  })

  it('end with the pipe, also within a line', async () => {
    expect(await framesOf(['P{}\nR1,'])).toEqual({ found: [{ kind: 'request', request: {} }], items: '1,' })
  })

  it('tell a fault', async () => {
    const { found } = await framesOf(['E{"kind":"script","message":"no","line":3}\n'])
    expect(found).toEqual([{ kind: 'fault', fault: { kind: 'script', message: 'no', line: 3 } }])
  })

  it.each([
    ['what is no JSON', 'P{\n'],
    ['an unknown letter', 'X1\n'],
    ['an empty line', '\n'],
    ['a fault of no kind', 'E{"message":"no"}\n'],
    ['a fault that is none', 'Enull\n'],
    ['a line without end', `P${' '.repeat(5 * 2 ** 20)}`],
  ])('refuse %s', async (_name, text) => {
    await expect(framesOf([text])).rejects.toMatchObject({ status: 400, message: expect.stringContaining('disturbed') })
  })

  it('refuse a result beyond its size, as soon as it is', async () => {
    expect((await framesOf(['R12345\nR67890\n'], 10)).items).toBe('12345,67890')
    await expect(framesOf(['R12345\n', 'R678901'], 10)).rejects.toThrow('larger than 10 bytes')
  })
})
