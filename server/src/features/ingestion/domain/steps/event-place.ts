import type { GeoPlace } from '../../../../kernel/geo-place.ts'
import type { Step } from '../event-draft.ts'
import { jsonLiteral } from '../row-text.ts'
import { hasCoordinates } from '../where-from.ts'

const names = { city: '$city', region: '$region', countryCode: 'mp_country_code' } as const
const parts = Object.keys(names) as readonly (keyof typeof names)[]

/** ING-15: where the event came from, unless it says so itself (ingestion §9). The address stays behind (PRIV-32). */
export const putPlace: Step = (draft, { placeOf }) => {
  const { properties } = draft
  if (placeOf === null || hasCoordinates(properties)) return null
  if (parts.some((part) => Object.hasOwn(properties, names[part]))) return null
  const place = placeOf(properties['ip'])
  if (place !== null) draft.placeText = membersOf(place)
  return null
}

const membersOf = (place: GeoPlace): string => {
  let members = ''
  for (const part of parts) {
    const value = place[part]
    if (value !== null) members += `,"${names[part]}":${jsonLiteral(JSON.stringify(value))}`
  }
  return members
}
