import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { holdEngines } from '../../test/support/held-engines.ts'
import { isAlive, waitFor } from '../../test/support/wait-for.ts'
import { lockDataFolder } from './data-folder-lock.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-lock-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('data folder lock', () => {
  it('refuses a second server and names the folder and the first', async () => {
    const holder = await holdEngines(folder, ['lock'])
    expect(() => lockDataFolder(folder)).toThrow(
      `the data folder ${folder} is in use by another Lethe server (process ${holder.pid})`,
    )
    holder.kill()
  })

  it('is free as soon as its holder is killed, even while a child of the holder lives on', async () => {
    const holder = await holdEngines(folder, ['lock', 'child'])
    const child = holder.pids.child ?? 0
    holder.kill()
    await waitFor('the holder is gone', () => !isAlive(holder.pid))
    try {
      expect(isAlive(child)).toBe(true)
      lockDataFolder(folder).release()
    } finally {
      process.kill(child, 'SIGKILL')
    }
  })

  it('can be taken again after release', () => {
    lockDataFolder(folder).release()
    const lock = lockDataFolder(folder)
    expect(() => lockDataFolder(folder)).toThrow(`process ${process.pid}`)
    lock.release()
  })
})
