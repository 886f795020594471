import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Lethe, startLethe } from '../../server/test/support/lethe.ts'
import { buildIfChanged, distFolder } from '../build.ts'

interface Chunk {
  readonly file: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}

beforeAll(async () => {
  expect(await buildIfChanged()).toBe(true)
})

describe('the build', () => {
  it('is not made again while nothing changed', async () => {
    const made = statSync(join(distFolder, 'index.html')).mtimeMs
    await buildIfChanged()
    expect(statSync(join(distFolder, 'index.html')).mtimeMs).toBe(made)
  })

  it('holds nothing inline, which the content security policy would refuse', () => {
    const index = readFileSync(join(distFolder, 'index.html'), 'utf8')
    expect(index).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|style=|data:/)
  })

  it('keeps the JavaScript of the first page within 200 kB, compressed with gzip', () => {
    const manifest = JSON.parse(readFileSync(join(distFolder, 'manifest.json'), 'utf8')) as Record<string, Chunk>
    const needed = new Set<string>()
    const follow = (name: string): void => {
      const chunk = manifest[name]
      if (chunk === undefined || needed.has(chunk.file)) return
      needed.add(chunk.file)
      for (const next of chunk.imports ?? []) follow(next)
    }
    const kiloBytesOf = (page: string): number => {
      needed.clear()
      for (const name of ['index.html', page]) follow(name)
      return [...needed].reduce((sum, file) => sum + statSync(join(distFolder, `${file}.gz`)).size, 0) / 1_000
    }
    const pages = Object.keys(manifest).filter((name) => name.startsWith('src/pages/'))
    expect(pages.length).toBeGreaterThan(3)
    for (const page of pages) {
      const size = kiloBytesOf(page)
      expect(size, page).toBeGreaterThan(50)
      expect(size, page).toBeLessThan(200)
    }
  })
})

describe('the server', () => {
  let lethe: Lethe
  beforeAll(async () => {
    lethe = await startLethe({ env: { LETHE_EU_URL: 'https://eu.lethe.localhost' } })
  })
  afterAll(() => lethe?.stop())

  const web = { host: 'us.lethe.localhost' }
  const assetOf = (html: string): string => /src="(\/assets\/[\w.-]+\.js)"/.exec(html)?.[1] ?? ''

  it('serves pages at web hosts, with what protects them', async () => {
    for (const path of ['/', '/login', '/projects/1001', '/organizations/1', '/setup?code=1']) {
      const { status, headers } = await lethe.get(path, web)
      expect(status, path).toBe(200)
      expect(headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      })
      const policy = String(headers['content-security-policy'])
      expect(policy).toContain("default-src 'none'")
      expect(policy).toContain("frame-ancestors 'none'")
      expect(policy).not.toMatch(/unsafe|\*|https?:/)
      expect(headers['strict-transport-security']).toBeUndefined()
    }
  })

  it('tells browsers to stay with TLS in a region whose address has it', async () => {
    const { headers } = await lethe.get('/login', { host: 'eu.lethe.localhost' })
    expect(headers['strict-transport-security']).toBe('max-age=31536000')
  })

  it('serves files compressed, for ever', async () => {
    const path = assetOf((await lethe.get('/', web)).text)
    const answer = await lethe.get(path, { ...web, headers: { 'Accept-Encoding': 'gzip, br' } })
    expect(answer.headers).toMatchObject({
      'cache-control': 'public, max-age=31536000, immutable',
      'content-encoding': 'br',
      'content-type': 'text/javascript; charset=utf-8',
      vary: 'Accept-Encoding',
    })
    expect(answer.bytes.length).toBe(statSync(join(distFolder, `${path}.br`)).size)
    expect((await lethe.get(path, web)).headers['content-encoding']).toBeUndefined()
  })

  it.each(['api.mixpanel.com', 'api-eu.mixpanel.com', 'data.mixpanel.com'])('serves no page at %s', async (host) => {
    const path = assetOf((await lethe.get('/', web)).text)
    for (const asked of ['/', '/login', '/projects/1001', path]) {
      const answer = await lethe.get(asked, { host })
      expect(answer.status, asked).toBe(404)
      expect(answer.json()).toEqual({ error: 'no such path', status: 'error' })
    }
  })

  it.each([
    '/assets/..%2f..%2f..%2fpackage.json',
    '/assets/../../package.json',
    '/assets/%2e%2e/pages.json',
    '/assets/manifest.json',
    '/pages.json',
    '/.build-of',
  ])('does not serve %s', async (path) => {
    expect((await lethe.get(path, web)).status).toBe(404)
  })

  it('answers 404 with the page for a path below those of pages, and without it elsewhere', async () => {
    const below = await lethe.get('/projects/1001/no/such/page', web)
    expect(below.status).toBe(404)
    expect(below.headers['content-type']).toBe('text/html; charset=utf-8')
    expect((await lethe.get('/nothing', web)).json()).toEqual({ error: 'no such path', status: 'error' })
  })

  it('leaves the paths of the API as they were', async () => {
    expect((await lethe.get('/settings', web)).headers['content-type']).toContain('application/json')
    expect((await lethe.get('/api/app/me', web)).status).toBe(401)
    expect((await lethe.post('/login', web)).status).toBe(405)
  })
})
