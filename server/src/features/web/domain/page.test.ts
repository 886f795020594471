import { describe, expect, it } from 'vitest'
import type { Region } from '../../../kernel/region.ts'
import { createIsPage, encodedFor, type WebFile } from './page.ts'
import { pageHeaders } from './page-headers.ts'
import { servesPages } from './page-host.ts'

describe('paths of pages', () => {
  const isPage = createIsPage(['/', '/projects/$projectId', '/projects/$projectId/users/$distinctId'])
  it.each(['/', '/projects/3', '/projects/3/', '/projects/3/users/a%2Fb'])('%s is one', (path) => {
    expect(isPage(path)).toBe(true)
  })
  it.each(['/projects', '/projects/3/users', '/projects/3/users/a/b', '/projectsx/3', '/projects//'])(
    '%s is none',
    (path) => {
      expect(isPage(path)).toBe(false)
    },
  )
})

describe('compression', () => {
  const [bytes, brotli, gzip] = [Buffer.from('plain'), Buffer.from('br'), Buffer.from('gz')]
  const file: WebFile = { path: '/a', type: '', bytes, brotli, gzip, etag: '' }
  it.each([
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['br;q=0.0', null],
    [undefined, null],
  ])('%s: %s', (accepted, encoding) => {
    expect(encodedFor(file, accepted).encoding).toBe(encoding)
  })
  it('sends a file that has no compressed form as it is', () => {
    expect(encodedFor({ ...file, brotli: null, gzip: null }, 'br')).toEqual({ body: bytes, encoding: null })
  })
})

describe('hosts of pages', () => {
  const region = (hosts: readonly string[], names: Partial<Region>): Region => ({
    id: 'US',
    cluster: 'c',
    hosts,
    apiHost: 'api.x.test',
    dataHost: 'data.x.test',
    webHost: 'x.test',
    publicUrl: 'https://x.test',
    ...names,
  })
  const usual = region(['api.x.test', 'api-js.x.test', 'data.x.test', 'x.test', 'us.lethe.localhost'], {})
  it.each([
    ['x.test', true],
    ['us.lethe.localhost', true],
    ['api.x.test', false],
    ['api-js.x.test', false],
    ['data.x.test', false],
  ])('%s: %s', (host, serves) => {
    expect(servesPages(host, usual)).toBe(serves)
  })
  it('serves them where the region has one host for all', () => {
    const [apiHost, dataHost, webHost] = ['api.y.test', 'api.y.test', 'api.y.test']
    expect(servesPages('api.y.test', region(['api.y.test'], { apiHost, dataHost, webHost }))).toBe(true)
  })
  it('serves them at a host of no region', () => {
    expect(servesPages('127.0.0.1', null)).toBe(true)
  })
})

it('tells browsers to stay with TLS only where there is TLS', () => {
  expect(pageHeaders('https://x.test')).toHaveProperty('Strict-Transport-Security')
  expect(pageHeaders('http://x.test')).not.toHaveProperty('Strict-Transport-Security')
})
