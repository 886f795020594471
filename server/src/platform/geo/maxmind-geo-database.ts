import { isIP } from 'node:net'
import type { CityResponse, Reader } from 'maxmind'
import type { FindPlace, GeoPlace } from '../../kernel/geo-place.ts'

/**
 * ING-15: opens an operator's database in the MaxMind DB format (City, or Country, which knows no more). All of it is
 * held in memory and nothing is watched: a newer file is read at the next start. Throws when it cannot be read.
 */
export const openGeoDatabase = async (file: string): Promise<FindPlace> => {
  // Here and not above: only who has a database needs the reader.
  const { open } = await import('maxmind')
  const reader = await open<CityResponse>(file)
  return (address) => find(reader, address)
}

const find = (reader: Reader<CityResponse>, text: string): GeoPlace | null => {
  // A socket of both families shows IPv4 addresses like this.
  const address = text.replace(/^::ffff:(?=\d+\.)/i, '')
  const version = isIP(address)
  // The reader takes the first bits of an IPv6 address for an IPv4 address where the database has only those.
  if (version === 0 || version > reader.metadata.ipVersion) return null
  const found = reader.get(address)
  if (found === null) return null
  const place: GeoPlace = {
    city: found.city?.names?.en ?? null,
    region: found.subdivisions?.[0]?.names?.en ?? null,
    countryCode: found.country?.iso_code ?? null,
    timezone: found.location?.time_zone ?? null,
  }
  return Object.values(place).some((part) => part !== null) ? place : null
}
