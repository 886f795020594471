import type { FindPlace, GeoPlace } from '../../../kernel/geo-place.ts'
import type { JsonValue } from '../../../kernel/json.ts'

export type GeoEndpoint = 'track' | 'import' | 'engage' | 'groups'

type IpParam = 'on' | 'off' | 'absent'
type Source = 'record' | 'request'

/** The table of ingestion §9: which address is looked up, the first that is there. */
const sources: Record<GeoEndpoint, Record<IpParam, readonly Source[]>> = {
  track: { on: ['record', 'request'], off: ['record'], absent: ['record'] },
  import: { on: ['record', 'request'], off: ['record'], absent: ['record', 'request'] },
  engage: { on: ['request'], off: ['record'], absent: ['record', 'request'] },
  groups: { on: ['request'], off: ['record'], absent: [] },
}

/**
 * ING-05: the address to look up; null: none. `recordIp` is what the record says (`ip` of an event, `$ip` of a
 * profile): 0 always means no place; what is no address counts as not there.
 */
export const whereFrom = (
  endpoint: GeoEndpoint,
  ipParam: string | undefined,
  recordIp: JsonValue | undefined,
  requestIp: string,
): string | null => {
  if (recordIp === 0 || recordIp === '0') return null
  const address = { record: addressIn(recordIp), request: requestIp }
  const source = sources[endpoint][paramOf(ipParam)].find((name) => address[name] !== null)
  return source === undefined ? null : address[source]
}

const paramOf = (ipParam: string | undefined): IpParam => {
  if (ipParam === '1' || ipParam === 'true') return 'on'
  return ipParam === '0' || ipParam === 'false' ? 'off' : 'absent'
}

// The longest text of an address: IPv6 that ends in IPv4.
const addressLengthMax = 45
const ipv4 = /^(?:(?:25[0-5]|2[0-4]\d|1?\d?\d)(?:\.(?!$)|$)){4}$/
const ipv6Letters = /^[0-9a-f:.]+$/i

const addressIn = (value: JsonValue | undefined): string | null => {
  if (typeof value !== 'string') return null
  const text = value.trim()
  if (text.length > addressLengthMax) return null
  const isIpv6 = text.includes(':') && ipv6Letters.test(text) && URL.canParse(`http://[${text}]/`)
  return isIpv6 || ipv4.test(text) ? text : null
}

/** The place of one record, given what it says for its address. */
export type PlaceOf = (recordIp: JsonValue | undefined) => GeoPlace | null

/** `whereFrom` for all records of one request; null: there is no geo database. */
export const createPlaceOf = (
  findPlace: FindPlace | null,
  endpoint: GeoEndpoint,
  ipParam: string | undefined,
  requestIp: string,
): PlaceOf | null => {
  if (findPlace === null) return null
  return (recordIp) => {
    const address = whereFrom(endpoint, ipParam, recordIp, requestIp)
    return address === null ? null : findPlace(address)
  }
}

/**
 * Coordinates say better than an address where somebody is (ingestion §9), and servers send them for others: the
 * place of the server would be wrong. They are stored as they are.
 */
export const hasCoordinates = (said: { readonly [name: string]: JsonValue }): boolean =>
  typeof said['$latitude'] === 'number' && typeof said['$longitude'] === 'number'
