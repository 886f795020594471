import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { itIsAnObjectStore } from '../../../test/support/object-store-port.ts'
import { openFileObjectStore } from './file-object-store.ts'
import type { ObjectStore } from './object-store.ts'

let folder: string
let store: ObjectStore
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-objects-'))
  store = await openFileObjectStore({ regionId: 'US', folder: join(folder, 'us') })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const filesBelow = async (): Promise<readonly string[]> =>
  (await readdir(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

describe('file object store', () => {
  itIsAnObjectStore(
    () => store,
    async (prefix) => (await filesBelow()).filter((file) => file.includes(prefix) || file.includes('~unfinished')),
  )

  it('clears what a killed server left half-written', async () => {
    await writeFile(join(folder, 'us', '~unfinished', 'left'), 'personal')
    await openFileObjectStore({ regionId: 'US', folder: join(folder, 'us') })
    expect((await filesBelow()).filter((file) => file.includes('~unfinished'))).toEqual([])
  })
})
