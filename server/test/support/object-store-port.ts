import { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import type { ObjectStore } from '../../src/platform/objects/object-store.ts'

/** What every adapter of the object port does. `keptKeys` looks past the store: whatever is there of a prefix, versions too. */
export const itIsAnObjectStore = (
  open: () => ObjectStore,
  keptKeys: (prefix: string) => Promise<readonly string[]>,
): void => {
  it('gives back what was put, from text, bytes and streams, and replaces', async () => {
    await open().put('a/one.txt', 'first')
    await open().put('a/one.txt', Buffer.from('second'))
    const info = await open().put('a/two.txt', Readable.from(['thi', Buffer.from('rd')]))
    expect(info).toMatchObject({ key: 'a/two.txt', sizeBytes: 5 })
    const found = await open().get('a/one.txt')
    expect(found?.info.sizeBytes).toBe(6)
    expect(found && (await text(found.body))).toBe('second')
    expect(await open().get('a/none.txt')).toBeNull()
    expect(await open().get('a')).toBeNull()
  })

  it('lists by prefix only', async () => {
    await open().put('list/x/1', 'a')
    await open().put('list/x/2', 'b')
    await open().put('list/xy/3', 'c')
    expect((await open().list('list/x/')).map(({ key }) => key)).toEqual(['list/x/1', 'list/x/2'])
    expect((await open().list('list/x')).map(({ key }) => key)).toEqual(['list/x/1', 'list/x/2', 'list/xy/3'])
    expect(await open().list('nothing/')).toEqual([])
  })

  it('has deleted the bytes when it says so, and says so twice', async () => {
    await open().put('gone/it', 'x')
    await open().delete('gone/it')
    await open().delete('gone/it')
    expect(await open().get('gone/it')).toBeNull()
    expect(await keptKeys('gone')).toEqual([])
  })

  it('leaves nothing, and the old object, when the body fails midway', async () => {
    await open().put('kept/it', 'old')
    const failing = Readable.from(
      (async function* () {
        yield 'half'
        throw new Error('the sender left')
      })(),
    )
    await expect(open().put('kept/it', failing)).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' })
    const found = await open().get('kept/it')
    expect(found && (await text(found.body))).toBe('old')
    expect(await keptKeys('kept/it')).toHaveLength(1)
  })

  it.each(['../x', 'a/../../x', '/etc/passwd', 'a//b', 'a/', '', '.', 'a/./b', 'a\0b', '~unfinished/x', 'a b'])(
    'refuses %j as a key',
    async (key) => {
      await expect(open().put(key, 'x')).rejects.toMatchObject({ code: 'INTERNAL' })
      await expect(open().get(key)).rejects.toMatchObject({ code: 'INTERNAL' })
      await expect(open().delete(key)).rejects.toMatchObject({ code: 'INTERNAL' })
    },
  )

  it('takes a stream of many parts, and empty objects', async () => {
    const part = Buffer.alloc(5 * 2 ** 20, 'x')
    const info = await open().put('large/it', Readable.from([part, part, part, Buffer.from('end')]))
    expect(info.sizeBytes).toBe(15 * 2 ** 20 + 3)
    const found = await open().get('large/it')
    expect(found && (await text(found.body)).endsWith('xend')).toBe(true)
    expect((await open().put('empty/it', '')).sizeBytes).toBe(0)
    await open().ping()
  })
}
