import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { deflateRawSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { scanFolder } from './raw-scan.ts'
import { decodeFrames, decodeLz4Block } from './raw-scan-frames.ts'

const frame = (method: number, body: Buffer, decodedBytes: number): Buffer => {
  const head = Buffer.alloc(25)
  head[16] = method
  head.writeUInt32LE(body.length + 9, 17)
  head.writeUInt32LE(decodedBytes, 21)
  return Buffer.concat([head, body])
}

// "canary-" as literals, then a match of 14 bytes at distance 7 (overlapping itself), then the literals "end".
const lz4 = Buffer.concat([Buffer.from([0x7a]), Buffer.from('canary-'), Buffer.from([7, 0, 0x30]), Buffer.from('end')])
const lz4Text = 'canary-canary-canary-end'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'raw-scan-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('scan of raw bytes', () => {
  it('decodes LZ4 blocks, overlapping matches and long lengths included', () => {
    expect(decodeLz4Block(lz4, lz4Text.length).toString()).toBe(lz4Text)
    const long = Buffer.concat([Buffer.from([0xf0, 255, 30]), Buffer.alloc(300, 'x')])
    expect(decodeLz4Block(long, 300).toString()).toBe('x'.repeat(300))
    expect(() => decodeLz4Block(lz4, lz4Text.length + 1)).toThrow('not LZ4')
    expect(() => decodeLz4Block(Buffer.from([0xff]), 5)).toThrow('not LZ4')
  })

  it('puts together what the end of a frame cuts, by every method', () => {
    const zstd = zstdCompressSync(Buffer.from('can'))
    const bytes = Buffer.concat([frame(0x90, zstd, 3), frame(0x02, Buffer.from('ary'), 3), frame(0x82, lz4, 24)])
    expect(decodeFrames(bytes)).toEqual({ content: Buffer.from(`canary${lz4Text}`), restBytes: 0 })
  })

  it('finds a text plain, compressed, zipped, gzipped, in names, and not where it is not', async () => {
    const nested = join(folder, 'a', 'by_person.proj')
    await mkdir(nested, { recursive: true })
    const header = Buffer.alloc(30)
    header.write('PK\x03\x04', 'latin1')
    header.writeUInt16LE(8, 8)
    await writeFile(join(folder, 'plain.txt'), 'xx needle-plain xx')
    await writeFile(join(nested, 'data.bin'), frame(0x90, zstdCompressSync(Buffer.from('needle-zstd')), 11))
    await writeFile(join(folder, 'x.zip'), Buffer.concat([header, deflateRawSync('needle-zip'), Buffer.from('rest')]))
    await writeFile(join(folder, 'x.gz'), gzipSync('needle-gzip'))
    await writeFile(join(folder, 'needle-name'), '')
    const names = ['plain', 'zstd', 'zip', 'gzip', 'name', 'absent'].map((name) => `needle-${name}`)
    const scan = await scanFolder(folder, names)
    expect(Object.fromEntries(scan.found)).toEqual({
      'needle-plain': ['plain.txt'],
      'needle-zstd': ['a/by_person.proj/data.bin'],
      'needle-zip': ['x.zip'],
      'needle-gzip': ['x.gz'],
      'needle-name': ['needle-name'],
    })
    expect(scan.undecoded).toEqual([])
    expect(scan.fileCount).toBe(5)
  })

  it('names the compressed files that it cannot decode', async () => {
    await writeFile(join(folder, 'time.bin'), Buffer.concat([frame(0x82, lz4, 24), frame(0x77, lz4, 24)]))
    expect((await scanFolder(folder, ['canary'])).undecoded).toEqual(['time.bin'])
  })
})
