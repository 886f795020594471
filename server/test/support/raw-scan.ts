import type { Dirent } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { decodeFrames, decodeGzip, decodeZip } from './raw-scan-frames.ts'

export interface RawScan {
  readonly fileCount: number
  /** By needle: the files that hold it, relative to the folder. A needle that was not found has no entry. */
  readonly found: ReadonlyMap<string, readonly string[]>
  /** Files of compressed columns that could not be decoded as a whole: what is in them is unknown, not absent. */
  readonly undecoded: readonly string[]
}

// Column data, compressed marks and compressed primary keys are frames from the first to the last byte.
const isCompressed = (path: string): boolean => /\.(bin|cmrk\d*|cidx)$/.test(path)

/**
 * Looks for texts in the bytes of every file under `folder`: as they are, in ClickHouse's compressed frames, inside
 * zips and gzips, and in the names of files. Reads the disk only and asks no engine. Files that vanish meanwhile are
 * not there. Text counts as UTF-8.
 */
export const scanFolder = async (folder: string, needles: readonly string[]): Promise<RawScan> => {
  const found = new Map<string, string[]>()
  const undecoded: string[] = []
  const entries = await entriesOf(folder)
  let fileCount = 0
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const shown = relative(folder, path)
    const bytes = entry.isFile() ? await readIfThere(path) : Buffer.alloc(0)
    if (bytes === null) continue
    if (entry.isFile()) fileCount += 1
    const { texts, isWhole } = decodedTexts(path, bytes)
    if (!isWhole) undecoded.push(shown)
    for (const needle of needles) {
      if (![Buffer.from(entry.name), bytes, ...texts].some((text) => text.includes(needle))) continue
      found.set(needle, [...(found.get(needle) ?? []), shown])
    }
  }
  return { fileCount, found, undecoded }
}

const decodedTexts = (
  path: string,
  bytes: Buffer,
): { readonly texts: readonly Buffer[]; readonly isWhole: boolean } => {
  const frames = decodeFrames(bytes)
  const gzip = decodeGzip(bytes)
  return {
    texts: [frames.content, ...decodeZip(bytes), ...(gzip === null ? [] : [gzip])],
    isWhole: !isCompressed(path) || frames.restBytes === 0,
  }
}

/** A folder that vanishes while it is read, as the engine's do, makes the listing fail: it is begun again. */
const entriesOf = async (folder: string, attemptsLeft = 20): Promise<readonly Dirent[]> => {
  try {
    return await readdir(folder, { recursive: true, withFileTypes: true })
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code !== 'ENOENT' || path === folder || attemptsLeft === 0) throw error
    return entriesOf(folder, attemptsLeft - 1)
  }
}

const readIfThere = async (path: string): Promise<Buffer | null> => {
  try {
    return await readFile(path)
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? ''
    if (code === 'ENOENT') return null
    throw error
  }
}
