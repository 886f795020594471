import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
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
  it('gives back what was put, from text, bytes and streams, and replaces', async () => {
    await store.put('a/one.txt', 'first')
    await store.put('a/one.txt', Buffer.from('second'))
    const info = await store.put('a/two.txt', Readable.from(['thi', Buffer.from('rd')]))
    expect(info).toMatchObject({ key: 'a/two.txt', sizeBytes: 5 })
    const found = await store.get('a/one.txt')
    expect(found?.info.sizeBytes).toBe(6)
    expect(found && (await text(found.body))).toBe('second')
    expect(await store.get('a/none.txt')).toBeNull()
    expect(await store.get('a')).toBeNull()
  })

  it('lists by prefix only', async () => {
    await store.put('list/x/1', 'a')
    await store.put('list/x/2', 'b')
    await store.put('list/xy/3', 'c')
    expect((await store.list('list/x/')).map(({ key }) => key)).toEqual(['list/x/1', 'list/x/2'])
    expect((await store.list('list/x')).map(({ key }) => key)).toEqual(['list/x/1', 'list/x/2', 'list/xy/3'])
    expect(await store.list('nothing/')).toEqual([])
  })

  it('has deleted the bytes when it says so, and says so twice', async () => {
    await store.put('gone/it', 'x')
    await store.delete('gone/it')
    await store.delete('gone/it')
    expect(await store.get('gone/it')).toBeNull()
    expect((await filesBelow()).filter((file) => file.includes('gone'))).toEqual([])
  })

  it('leaves nothing, and the old object, when the body fails midway', async () => {
    await store.put('kept/it', 'old')
    const failing = Readable.from(
      (async function* () {
        yield 'half'
        throw new Error('the sender left')
      })(),
    )
    await expect(store.put('kept/it', failing)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    const found = await store.get('kept/it')
    expect(found && (await text(found.body))).toBe('old')
    expect((await filesBelow()).filter((file) => file.includes('~unfinished'))).toEqual([])
  })

  it('clears what a killed server left half-written', async () => {
    await writeFile(join(folder, 'us', '~unfinished', 'left'), 'personal')
    await openFileObjectStore({ regionId: 'US', folder: join(folder, 'us') })
    expect((await filesBelow()).filter((file) => file.includes('~unfinished'))).toEqual([])
  })

  it.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/', '', '.', 'a/./b', 'a\0b', '~unfinished/x', 'a b'])(
    'refuses %j as a key',
    async (key) => {
      await expect(store.put(key, 'x')).rejects.toMatchObject({ code: 'INTERNAL' })
      await expect(store.get(key)).rejects.toMatchObject({ code: 'INTERNAL' })
      await expect(store.delete(key)).rejects.toMatchObject({ code: 'INTERNAL' })
    },
  )
})
