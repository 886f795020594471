import { describe, expect, it } from 'vitest'
import { createWebOrigins } from './web-origin.ts'

const region = (id: string, publicUrl: string, hosts: readonly string[]) => {
  const host = hosts[0] ?? ''
  return { id, cluster: 'c', hosts, apiHost: host, dataHost: host, webHost: host, publicUrl }
}
const us = region('US', 'https://us.acme.test', ['mixpanel.com', 'us.lethe.localhost'])
const eu = region('EU', 'https://eu.acme.test:8443', ['eu.mixpanel.com', 'eu.lethe.localhost'])
const open = (allowHttp = true) =>
  createWebOrigins({ regions: [us, eu], servedRegionIds: new Set(['US', 'EU']), allowHttp })
const asked = (hostHeader: string, of: typeof us | null) => ({
  host: hostHeader.replace(/:\d+$/, ''),
  hostHeader,
  region: of,
})

describe('a mailed link', () => {
  it.each([
    ['mixpanel.com', us, 'https://us.acme.test'],
    ['eu.mixpanel.com:9', eu, 'https://eu.acme.test:8443'],
    ['eu.acme.test:8443', eu, 'https://eu.acme.test:8443'],
    ['us.lethe.localhost:8080', us, 'http://us.lethe.localhost:8080'],
    ['127.0.0.1:8080', null, 'http://127.0.0.1:8080'],
    ['localhost:8080', null, 'http://localhost:8080'],
    ['evil.test', null, 'https://us.acme.test'],
    ['127.0.0.1.evil.test', null, 'https://us.acme.test'],
    ['localhost@evil.test', null, 'https://us.acme.test'],
    ['evil.test/localhost', null, 'https://us.acme.test'],
  ])('asked for at %s', (host, of, origin) => {
    expect(open().linkOrigin(asked(host, of))).toBe(origin)
  })

  it('is never http where everybody uses https', () => {
    expect(open(false).linkOrigin(asked('us.lethe.localhost:8080', us))).toBe('https://us.acme.test')
  })
})

describe('whom passkeys are for', () => {
  it('is the host that was asked, with the origins of its pages', () => {
    expect(open().relyingParty(asked('eu.acme.test:8443', eu))).toEqual({
      id: 'eu.acme.test',
      origins: ['https://eu.acme.test:8443', 'http://eu.acme.test:8443'],
    })
    expect(open(false).relyingParty(asked('mixpanel.com', us))).toEqual({
      id: 'mixpanel.com',
      origins: ['https://mixpanel.com'],
    })
  })

  it.each(['127.0.0.1:8080', '[::1]:8080', ''])('is nobody at %j', (host) => {
    expect(open().relyingParty(asked(host, null))).toBeNull()
  })
})
