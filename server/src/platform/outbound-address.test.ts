import { createServer, get, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isAllowedAddress, isPlainToPublic, openOutbound, type ResolveName } from './outbound-address.ts'

const inner = [
  '127.0.0.1',
  '127.9.9.9',
  '0.0.0.0',
  '10.0.0.1',
  '172.16.0.1',
  '192.168.1.1',
  '169.254.169.254',
  '100.64.0.1',
  '224.0.0.1',
  '255.255.255.255',
  '198.18.0.1',
  '::',
  '::1',
  'fe80::1',
  'fe80::1%eth0',
  'fc00::1',
  'fd12::1',
  'ff02::1',
  '::ffff:127.0.0.1',
  '::ffff:7f00:1',
  '::ffff:169.254.169.254',
  '64:ff9b::7f00:1',
  '2002:7f00:1::',
  '2001::1',
]

describe('what crosses the public network', () => {
  it.each([
    ['http://93.184.216.34/', true],
    ['https://93.184.216.34/', false],
    ['http://10.1.2.3:9000/', false],
  ])('is told of %s: %s', async (url, isPlain) => {
    const outbound = openOutbound(['10.0.0.0/8'])
    expect(await isPlainToPublic(outbound, url)).toBe(isPlain)
    outbound.close()
  })
})

describe('addresses that are gone out to', () => {
  it.each(inner)('refuses %s', (address) => {
    expect(isAllowedAddress(address, [])).toBe(false)
  })

  it.each(['93.184.216.34', '2606:2800:220:1:248:1893:25c8:1946', '::ffff:93.184.216.34'])('allows %s', (address) => {
    expect(isAllowedAddress(address, [])).toBe(true)
  })

  it('allows what the operator names, and nothing beside it', () => {
    expect(isAllowedAddress('10.1.2.3', ['10.1.0.0/16'])).toBe(true)
    expect(isAllowedAddress('::ffff:10.1.2.3', ['10.1.0.0/16'])).toBe(true)
    expect(isAllowedAddress('10.2.2.3', ['10.1.0.0/16'])).toBe(false)
    expect(isAllowedAddress('fd12::9', ['10.1.0.0/16', 'fd12::/64'])).toBe(true)
  })
})

describe('a URL of a customer', () => {
  const { check } = openOutbound([])
  it.each([
    'http://127.0.0.1/',
    'http://0177.0.0.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://127.1/',
    'http://[::1]/',
    'http://[::ffff:127.0.0.1]/',
    'http://[::ffff:7f00:1]/',
    'http://169.254.169.254/latest/meta-data/',
    'http://0/',
    'file:///etc/passwd',
    'gopher://example.com/',
    'ftp://example.com/',
    'https://user:secret@example.com/',
    'example.com',
    '',
  ])('is refused: %s', (url) => {
    expect(() => check(url)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
  })

  it('is used when it is an ordinary one', () => {
    expect(check('https://s3.eu-central-1.amazonaws.com/bucket').hostname).toBe('s3.eu-central-1.amazonaws.com')
  })
})

describe('a connection', () => {
  let server: Server
  let port: number
  let callCount = 0
  beforeAll(async () => {
    server = createServer((request, reply) => {
      callCount += 1
      if (request.url === '/moved') reply.writeHead(302, { location: 'http://169.254.169.254/' })
      reply.end('inside')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.close()
  })

  const ask = (host: string, allowed: readonly string[], resolveName?: ResolveName, path = '/') =>
    new Promise<number | string>((resolve) => {
      const { httpAgent } = openOutbound(allowed, resolveName)
      try {
        get({ host, port, path, agent: httpAgent }, (reply) => {
          reply.resume().on('end', () => {
            httpAgent.destroy()
            resolve(reply.statusCode ?? 0)
          })
        }).on('error', (error) => resolve(error.message))
      } catch (error) {
        resolve((error as Error).message)
      }
    })

  it('is refused by address and by every name of it, before a byte is sent', async () => {
    for (const host of ['127.0.0.1', 'localhost', '0177.0.0.1', '2130706433', '0x7f000001', '127.1']) {
      expect(await ask(host, []), host).toContain('is not a public address')
    }
    expect(callCount).toBe(0)
    expect(await ask('localhost', ['127.0.0.0/8', '::1/128'])).toBe(200)
    expect(await ask('127.0.0.1', ['127.0.0.0/8'])).toBe(200)
  })

  it('asks at each connect: a name that meant a public address before does not lead inside now', async () => {
    const answers = [['93.184.216.34'], ['127.0.0.1'], ['93.184.216.34', '127.0.0.1'], []]
    const rebinding: ResolveName = async () => (answers.shift() ?? []).map((address) => ({ address, family: 4 }))
    const outbound = openOutbound([], rebinding)
    expect(await outbound.addressesOf('rebind.test')).toEqual([{ address: '93.184.216.34', family: 4 }])
    expect(await ask('rebind.test', [], rebinding)).toContain('is not a public address')
    await expect(outbound.addressesOf('rebind.test')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
    await expect(outbound.addressesOf('rebind.test')).rejects.toMatchObject({ code: 'INVALID_REQUEST' })
  })

  it('follows no redirect', async () => {
    expect(await ask('127.0.0.1', ['127.0.0.0/8'], undefined, '/moved')).toBe(302)
  })
})
