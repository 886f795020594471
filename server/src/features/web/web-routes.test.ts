import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { OpenRoute, Received } from '../../http/route.ts'
import { createWeb } from './create-web.ts'
import { readPages } from './store/read-pages.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-web-'))
  await mkdir(join(folder, 'dist/assets'), { recursive: true })
  await writeFile(join(folder, 'secret.js'), 'secret')
  await writeFile(join(folder, 'dist/index.html'), '<p>page')
  await writeFile(join(folder, 'dist/pages.json'), '["/","/projects/$projectId"]')
  await writeFile(join(folder, 'dist/assets/a-1.js'), 'let a')
  await writeFile(join(folder, 'dist/assets/notes.txt'), 'of nobody')
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const request = (path: string, sent: Partial<Received> = {}): Received =>
  ({ path, host: 'x', region: null, headers: {}, params: {}, ...sent }) as unknown as Received
const routeOf = (pages: ReturnType<typeof readPages>, path: string): OpenRoute =>
  createWeb({ pages, regions: [] }).routes.find((route) => route.path === path) as OpenRoute

it('answers a page with the index, and a path that is none with the same and 404', async () => {
  const route = routeOf(readPages(join(folder, 'dist')), '/projects/*')
  const good = await route.handle(request('/projects/1'))
  expect(good).toMatchObject({ status: 200, headers: { 'Cache-Control': 'no-cache' } })
  expect(String(good.body)).toBe('<p>page')
  expect(await route.handle(request('/projects/1/x/y'))).toMatchObject({ status: 404 })
})

it('answers 304 to who has it', async () => {
  const route = routeOf(readPages(join(folder, 'dist')), '/')
  const etag = (await route.handle(request('/'))).headers?.['ETag'] ?? ''
  expect(etag).not.toBe('')
  const again = await route.handle(request('/', { headers: { 'if-none-match': etag } }))
  expect(again).toMatchObject({ status: 304, body: null })
})

it('reads nothing but the files of the build', async () => {
  const route = routeOf(readPages(join(folder, 'dist')), '/assets/:file')
  const ask = (file: string) => route.handle(request('', { params: { file } }))
  expect(await ask('a-1.js')).toMatchObject({
    status: 200,
    headers: { 'Content-Type': 'text/javascript; charset=utf-8' },
  })
  for (const file of ['../../secret.js', '..%2f..%2fsecret.js', 'notes.txt', '../index.html', '', '__proto__']) {
    await expect(ask(file), file).rejects.toThrow('no such path')
  }
})

it('says how to build the pages when they are not built', async () => {
  const answer = await routeOf(readPages(join(folder, 'nowhere')), '/').handle(request('/'))
  expect(answer.status).toBe(503)
  expect(String(answer.body)).toContain('npm run build:web')
})
