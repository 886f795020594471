import { gunzipSync, inflateRawSync, zstdDecompressSync } from 'node:zlib'

// ClickHouse's compressed frame: 16 bytes checksum, 1 byte method, 4 bytes compressed size (these 9 bytes included),
// 4 bytes decompressed size, both little-endian.
const checksumBytes = 16
const headerBytes = 9
const methodLz4 = 0x82
const methodZstd = 0x90
const methodNone = 0x02
// The engine writes blocks of about 1 MiB; a "frame" that claims more than this is no frame.
const frameBytesMax = 256 * 1024 * 1024

/** One LZ4 block (not the LZ4 frame format). Throws when the bytes are not one. */
export const decodeLz4Block = (source: Buffer, decodedBytes: number): Buffer => {
  const target = Buffer.alloc(decodedBytes)
  let from = 0
  let to = 0
  const lengthFrom = (nibble: number): number => {
    let length = nibble
    if (nibble !== 15) return length
    for (let byte = 255; byte === 255; from += 1) {
      byte = source[from] ?? Number.NaN
      length += byte
    }
    return length
  }
  while (from < source.length) {
    const token = source[from] ?? 0
    from += 1
    const literalCount = lengthFrom(token >> 4)
    if (!(from + literalCount <= source.length && to + literalCount <= decodedBytes)) throw new Error('not LZ4')
    source.copy(target, to, from, from + literalCount)
    from += literalCount
    to += literalCount
    // The last sequence has literals only.
    if (from === source.length) break
    const distance = source.readUInt16LE(from)
    from += 2
    const matchCount = lengthFrom(token & 0x0f) + 4
    if (distance === 0 || distance > to || !(to + matchCount <= decodedBytes)) throw new Error('not LZ4')
    // Byte by byte: a match may overlap what it writes.
    for (const end = to + matchCount; to < end; to += 1) target[to] = target[to - distance] ?? 0
  }
  if (to !== decodedBytes) throw new Error('not LZ4')
  return target
}

interface Frame {
  readonly content: Buffer
  readonly end: number
}

/** The compressed frame that begins at `start`, or null when none does. */
export const frameAt = (bytes: Buffer, start: number): Frame | null => {
  const header = start + checksumBytes
  if (header + headerBytes > bytes.length) return null
  const method = bytes[header]
  if (method !== methodLz4 && method !== methodZstd && method !== methodNone) return null
  const compressedBytes = bytes.readUInt32LE(header + 1)
  const decodedBytes = bytes.readUInt32LE(header + 5)
  const end = header + compressedBytes
  if (compressedBytes <= headerBytes || end > bytes.length || decodedBytes > frameBytesMax) return null
  const body = bytes.subarray(header + headerBytes, end)
  try {
    if (method === methodNone) return body.length === decodedBytes ? { content: body, end } : null
    if (method === methodLz4) return { content: decodeLz4Block(body, decodedBytes), end }
    const content = zstdDecompressSync(body)
    return content.length === decodedBytes ? { content, end } : null
  } catch {
    return null
  }
}

export interface DecodedFrames {
  /** All frames' content, one after the other, so that a text cut by a frame's end is whole again. */
  readonly content: Buffer
  /** Bytes of the file that belong to no frame. */
  readonly restBytes: number
}

/** Frames anywhere in `bytes`: where one does not begin, the search goes on at the next byte. */
export const decodeFrames = (bytes: Buffer): DecodedFrames => {
  const contents: Buffer[] = []
  let restBytes = 0
  for (let at = 0; at < bytes.length; ) {
    const frame = frameAt(bytes, at)
    if (frame === null) {
      restBytes += 1
      at += 1
    } else {
      contents.push(frame.content)
      at = frame.end
    }
  }
  return { content: Buffer.concat(contents), restBytes }
}

const localHeader = Buffer.from('PK\x03\x04', 'latin1')

/** What is inside a zip, entry by entry, found by the local headers: also those of an unfinished archive. */
export const decodeZip = (bytes: Buffer): readonly Buffer[] => {
  const entries: Buffer[] = []
  for (let at = bytes.indexOf(localHeader); at !== -1; at = bytes.indexOf(localHeader, at + 4)) {
    if (at + 30 > bytes.length) break
    const data = at + 30 + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28)
    if (bytes.readUInt16LE(at + 8) !== 8) continue
    try {
      entries.push(inflateRawSync(bytes.subarray(data)))
    } catch {
      // Not a header, or cut off: its bytes were looked at as they are.
    }
  }
  return entries
}

/** Null when it is not gzip. */
export const decodeGzip = (bytes: Buffer): Buffer | null => {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return null
  try {
    return gunzipSync(bytes)
  } catch {
    return null
  }
}
