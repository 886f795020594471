import { randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat, unlink } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { Readable } from 'node:stream'
import { AppError, assert, EngineUnavailable } from '../../kernel/errors.ts'
import { checkObjectKey } from './object-key.ts'
import type { ObjectInfo, ObjectStore } from './object-store.ts'

// Beside the objects, so that a rename does not cross file systems; no key can begin so.
const unfinishedFolder = '~unfinished'

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')

const unavailable = (error: unknown): AppError =>
  error instanceof AppError ? error : new EngineUnavailable('the object folder does not answer', error)

/** A rename or unlink is durable when the folder that holds the name is. */
const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Makes `folder` and makes each new name on the way durable. */
const makeFolder = async (folder: string): Promise<void> => {
  const firstMade = await mkdir(folder, { recursive: true, mode: 0o700 })
  if (firstMade === undefined) return
  for (let made = folder; made.length >= firstMade.length; made = dirname(made)) await syncFolder(dirname(made))
}

const writeAll = async (file: FileHandle, body: Readable | Buffer | string): Promise<void> => {
  if (!(body instanceof Readable)) return file.writeFile(body)
  for await (const chunk of body) await file.writeFile(chunk as Buffer | string)
}

/**
 * One region's objects as files of `folder`. Keys are `a/b/c` of letters, digits, `.`, `_` and `-`; anything else,
 * `.` and `..` among it, is refused with AppError INTERNAL: keys are ours. Disk faults are EngineUnavailable.
 */
export const openFileObjectStore = async (options: {
  readonly regionId: string
  readonly folder: string
}): Promise<ObjectStore> => {
  const root = resolve(options.folder)
  const unfinished = join(root, unfinishedFolder)

  const pathOf = (key: string): string => {
    const path = resolve(root, checkObjectKey(key))
    assert(path.startsWith(`${root}/`), 'an object key leads out of its folder')
    return path
  }

  const infoOf = async (path: string): Promise<ObjectInfo> => {
    const { size, mtimeMs } = await stat(path)
    return { key: relative(root, path), sizeBytes: size, modifiedAtMs: Math.floor(mtimeMs) }
  }

  const put = async (key: string, body: Readable | Buffer | string): Promise<ObjectInfo> => {
    const path = pathOf(key)
    const draft = join(unfinished, randomUUID())
    try {
      const file = await open(draft, 'wx', 0o600)
      try {
        await writeAll(file, body)
        await file.sync()
      } finally {
        await file.close()
      }
      await makeFolder(dirname(path))
      await rename(draft, path)
      await syncFolder(dirname(path))
      return await infoOf(path)
    } catch (error) {
      await rm(draft, { force: true })
      throw unavailable(error)
    }
  }

  const get = async (key: string): ReturnType<ObjectStore['get']> => {
    const path = pathOf(key)
    try {
      const file = await open(path, 'r')
      const found = await file.stat()
      if (!found.isFile()) {
        await file.close()
        return null
      }
      const { size, mtimeMs } = found
      const info = { key, sizeBytes: size, modifiedAtMs: Math.floor(mtimeMs) }
      return { info, body: createReadStream(path, { fd: file }) }
    } catch (error) {
      if (isMissing(error)) return null
      throw unavailable(error)
    }
  }

  const remove = async (key: string): Promise<void> => {
    const path = pathOf(key)
    try {
      await unlink(path)
      await syncFolder(dirname(path))
    } catch (error) {
      if (!isMissing(error)) throw unavailable(error)
    }
  }

  const list = async (prefix: string): Promise<readonly ObjectInfo[]> => {
    try {
      const entries = await readdir(root, { recursive: true, withFileTypes: true })
      const paths = entries
        .filter((entry) => entry.isFile() && !entry.parentPath.startsWith(unfinished))
        .map((entry) => join(entry.parentPath, entry.name))
        .filter((path) => relative(root, path).startsWith(prefix))
        .sort()
      const infos = await Promise.all(
        paths.map((path) =>
          infoOf(path).catch((error: unknown) => {
            // Deleted since the folder was read.
            if (isMissing(error)) return null
            throw error
          }),
        ),
      )
      return infos.filter((info) => info !== null)
    } catch (error) {
      throw unavailable(error)
    }
  }

  const ping = async (): Promise<void> => {
    await stat(root).catch((error: unknown) => {
      throw unavailable(error)
    })
  }

  await makeFolder(root)
  // What a killed server left half-written may hold personal data.
  await rm(unfinished, { recursive: true, force: true })
  await makeFolder(unfinished)
  return { regionId: options.regionId, dataDir: root, put, get, delete: remove, list, ping }
}
