import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { tryFlock } from './libc.ts'

export interface DataFolderLock {
  release(): void
}

/**
 * Makes this process the only one on `folder` until it ends, however it ends: the kernel frees the lock. Throws Error
 * with one sentence that names the folder and the process that holds it.
 */
export const lockDataFolder = (folder: string): DataFolderLock => {
  mkdirSync(folder, { recursive: true, mode: 0o711 })
  const file = join(folder, 'lethe.lock')
  // Node opens with O_CLOEXEC: no child process inherits the lock.
  const fd = openSync(file, 'a+', 0o644)
  if (!tryFlock(fd)) {
    closeSync(fd)
    const holder = readFileSync(file, 'utf8').trim() || 'unknown'
    throw new Error(`the data folder ${folder} is in use by another Lethe server (process ${holder})`)
  }
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`)
  return { release: () => closeSync(fd) }
}
