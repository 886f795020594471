import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { countedLines, splitLines } from './lines.ts'

async function* cut(bytes: Buffer, sizes: readonly number[]) {
  let at = 0
  for (const size of sizes) {
    if (at >= bytes.length) return
    yield bytes.subarray(at, at + size)
    at += size
  }
  if (at < bytes.length) yield bytes.subarray(at)
}
const all = async <T>(items: AsyncIterable<T>): Promise<T[]> => {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

describe('lines out of chunks', () => {
  it('are whole wherever the chunks are cut, also inside a letter', async () => {
    const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\n', ''))
    await fc.assert(
      fc.asyncProperty(fc.array(line), fc.array(fc.integer({ min: 1, max: 9 })), async (lines, sizes) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''))
        expect(await all(splitLines(cut(bytes, sizes)))).toEqual(lines)
        const counted = countedLines(cut(bytes, sizes))
        expect(Buffer.concat(await all(counted.chunks))).toEqual(bytes)
        expect(counted.lineCount()).toBe(lines.length)
      }),
      { numRuns: 200 },
    )
  })

  it('may end without a newline', async () => {
    expect(await all(splitLines(cut(Buffer.from('a\n\nb'), [])))).toEqual(['a', '', 'b'])
    expect(await all(splitLines(cut(Buffer.alloc(0), [])))).toEqual([])
  })

  it('end with the error of the chunks', async () => {
    const broken = async function* () {
      yield Buffer.from('a\nb')
      throw new Error('cut off')
    }
    await expect(all(splitLines(broken()))).rejects.toThrow('cut off')
    await expect(all(countedLines(broken()).chunks)).rejects.toThrow('cut off')
  })
})
