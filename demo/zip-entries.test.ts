import { buffer } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { ZipFile } from 'yazl'
import { linesOf, zipEntries } from './zip-entries.ts'

describe('reading a zip', () => {
  it('gives names and contents in order, packed and plain, streamed and not', async () => {
    const zip = new ZipFile()
    const [packed, plain] = [Buffer.from('a\n'.repeat(1_000)), Buffer.from('b')]
    zip.addBuffer(packed, 'packed.json')
    zip.addBuffer(plain, 'plain.json', { compress: false })
    zip.end()
    const bytes = await buffer(zip.outputStream)
    expect([...zipEntries(bytes)]).toEqual([
      ['packed.json', packed],
      ['plain.json', plain],
    ])
  })

  it('refuses what is no zip', () => {
    expect(() => zipEntries(Buffer.from('{"error":"gone"}'))).toThrow('not a zip')
  })

  it('knows no empty lines', () => {
    expect(linesOf('a\nb\n')).toEqual(['a', 'b'])
    expect(linesOf('')).toEqual([])
  })
})
