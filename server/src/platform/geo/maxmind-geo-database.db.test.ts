import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cityRecord, mmdbOf, type Network } from '../../../test/support/mmdb.ts'
import { openGeoDatabase } from './maxmind-geo-database.ts'

const networks: readonly Network[] = [
  {
    cidr: '203.0.113.0/24',
    record: cityRecord({ city: 'München', region: 'Bavaria', countryCode: 'DE', timezone: 'Europe/Berlin' }),
  },
  { cidr: '198.51.100.0/24', record: cityRecord({ countryCode: 'US' }) },
  // Says nothing that is asked for.
  { cidr: '192.0.2.0/24', record: { traits: { is_anonymous_proxy: 'yes' } } },
]
const munich = { city: 'München', region: 'Bavaria', countryCode: 'DE', timezone: 'Europe/Berlin' }
const lyon = { city: 'Lyon', region: null, countryCode: 'FR', timezone: null }

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lethe-geo-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const written = async (name: string, bytes: string | Buffer): Promise<string> => {
  const file = join(folder, name)
  await writeFile(file, bytes)
  return file
}

describe('a database of both kinds of addresses', () => {
  const open = async () =>
    openGeoDatabase(
      await written(
        'both.mmdb',
        mmdbOf([...networks, { cidr: '2001:db8::/32', record: cityRecord({ city: 'Lyon', countryCode: 'FR' }) }]),
      ),
    )

  it('knows the place of an address, in English', async () => {
    const find = await open()
    for (const address of ['203.0.113.0', '203.0.113.255', '::ffff:203.0.113.9', '::FFFF:203.0.113.9']) {
      expect([address, find(address)]).toEqual([address, munich])
    }
    for (const address of ['2001:db8::1', '2001:0DB8:ffff:0:0:0:0:1']) {
      expect([address, find(address)]).toEqual([address, lyon])
    }
    expect(find('198.51.100.7')).toEqual({ city: null, region: null, countryCode: 'US', timezone: null })
  })

  it('knows nothing of others, and of what is no address', async () => {
    const find = await open()
    const unknown = ['203.0.114.1', '127.0.0.1', '0.0.0.0', '::', '::1', '2001:db9::1', '192.0.2.1']
    for (const address of [...unknown, '', 'x', '203.0.113', '203.0.113.999', '203.0.113.9/24', '[2001:db8::1]']) {
      expect([address, find(address)]).toEqual([address, null])
    }
  })
})

it('a database of IPv4 alone does not take an IPv6 address for another', async () => {
  const find = await openGeoDatabase(await written('four.mmdb', mmdbOf(networks, 4)))
  expect(find('203.0.113.9')).toEqual(munich)
  expect(find('::ffff:203.0.113.9')).toEqual(munich)
  // cb00:7100:… begins with the bits of 203.0.113.0.
  expect(find('cb00:7100::1')).toBeNull()
})

it('throws for what is no database', async () => {
  await expect(openGeoDatabase(join(folder, 'missing.mmdb'))).rejects.toThrow(/ENOENT/)
  await expect(openGeoDatabase(await written('empty.mmdb', ''))).rejects.toThrow()
  await expect(openGeoDatabase(await written('text.mmdb', 'network,city\n'.repeat(100)))).rejects.toThrow()
  await expect(openGeoDatabase(await written('packed.mmdb', gzipSync(mmdbOf(networks))))).rejects.toThrow()
})
