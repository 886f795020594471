import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../kernel/json.ts'
import { createPlaceOf, type GeoEndpoint, whereFrom } from './where-from.ts'

const request = '198.51.100.7'
const record = '203.0.113.9'

describe('the table of ingestion §9', () => {
  // endpoint, ip parameter, then what is looked up when the record names an address, and when it does not
  const table: readonly (readonly [GeoEndpoint, string | undefined, string | null, string | null])[] = [
    ['track', '1', record, request],
    ['track', '0', record, null],
    ['track', undefined, record, null],
    ['import', '1', record, request],
    ['import', '0', record, null],
    ['import', undefined, record, request],
    ['engage', '1', request, request],
    ['engage', '0', record, null],
    ['engage', undefined, record, request],
    ['groups', '1', request, request],
    ['groups', '0', record, null],
    ['groups', undefined, null, null],
  ]
  it.each(table)('/%s with ip=%s', (endpoint, ipParam, named, unnamed) => {
    expect(whereFrom(endpoint, ipParam, record, request)).toBe(named)
    for (const nothing of [undefined, null, '', 'unknown', '999.1.1.1', 7, true, [record], { ip: record }]) {
      expect(whereFrom(endpoint, ipParam, nothing as JsonValue | undefined, request)).toBe(unnamed)
    }
    for (const zero of [0, '0']) expect(whereFrom(endpoint, ipParam, zero, request)).toBeNull()
  })

  it('takes other words for the parameter as it is meant, and the rest as if it were not there', () => {
    expect(whereFrom('track', 'true', undefined, request)).toBe(request)
    expect(whereFrom('import', 'false', undefined, request)).toBeNull()
    for (const other of ['', '2', 'x']) expect(whereFrom('import', other, undefined, request)).toBe(request)
  })
})

it.each([
  '0.0.0.0',
  '255.255.255.255',
  '1.2.3.4',
  '::1',
  '2001:db8::1',
  '2001:0DB8:0000:0000:0000:0000:0000:0001',
  '::ffff:192.0.2.1',
])('%s is an address', (text) => {
  expect(whereFrom('track', '0', text, request)).toBe(text)
  expect(whereFrom('track', '0', ` ${text}\n`, request)).toBe(text)
})

it.each([
  '256.1.1.1',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.4.',
  '.1.2.3.4',
  '1..2.3',
  '0x7f.0.0.1',
  '2130706433',
  ':',
  ':::',
  '1:2:3:4:5:6:7:8:9',
  '2001:db8::1::2',
  '2001:db8::g',
  'fe80::1%eth0',
  '::1]/@example.test',
  `${'0'.repeat(40)}::1`,
])('%s is none', (text) => {
  expect(whereFrom('track', '0', text, request)).toBeNull()
})

it('asks the database for that address alone, and nothing without one', () => {
  const asked: string[] = []
  const place = { city: 'A', region: null, countryCode: null, timezone: null }
  const placeOf = createPlaceOf(
    (address) => {
      asked.push(address)
      return place
    },
    'track',
    '0',
    request,
  )
  expect(placeOf?.(record)).toBe(place)
  expect(placeOf?.('0')).toBeNull()
  expect(placeOf?.(undefined)).toBeNull()
  expect(asked).toEqual([record])
  expect(createPlaceOf(null, 'track', '1', request)).toBeNull()
})
