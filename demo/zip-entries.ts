import { inflateRawSync } from 'node:zlib'

const endMark = 0x06054b50
const entryMark = 0x02014b50
const localHeaderBytes = 30

/** Names and contents of a zip, by its central directory, in the order it has them. Throws when it is no plain zip. */
export const zipEntries = (zip: Buffer): ReadonlyMap<string, Buffer> => {
  const mark = Buffer.alloc(4)
  mark.writeUInt32LE(endMark)
  const end = zip.lastIndexOf(mark)
  if (end === -1) throw new Error('this is not a zip')
  const entries = new Map<string, Buffer>()
  let at = zip.readUInt32LE(end + 16)
  for (let left = zip.readUInt16LE(end + 10); left > 0; left -= 1) {
    if (zip.readUInt32LE(at) !== entryMark) throw new Error('the directory of the zip is broken')
    const [method, packedBytes] = [zip.readUInt16LE(at + 10), zip.readUInt32LE(at + 20)]
    const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((offset) => zip.readUInt16LE(at + offset)) as [
      number,
      number,
      number,
    ]
    const name = zip.subarray(at + 46, at + 46 + nameBytes).toString('utf8')
    const local = zip.readUInt32LE(at + 42)
    const from = local + localHeaderBytes + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
    const packed = zip.subarray(from, from + packedBytes)
    entries.set(name, method === 0 ? packed : inflateRawSync(packed))
    at += 46 + nameBytes + extraBytes + commentBytes
  }
  return entries
}

/** Lines of a file of JSON lines. */
export const linesOf = (text: string): readonly string[] => text.split('\n').filter((line) => line !== '')
