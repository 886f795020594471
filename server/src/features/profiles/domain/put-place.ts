import type { GeoPlace } from '../../../kernel/geo-place.ts'
import type { JsonValue } from '../../../kernel/json.ts'

/** What of an update matters here; updates of groups have it as well. */
interface PlaceableUpdate {
  readonly delete: boolean
  readonly createsProfile: boolean
  readonly unset: readonly string[]
  readonly set: ReadonlyMap<string, JsonValue>
}

const names = { city: '$city', region: '$region', countryCode: '$country_code', timezone: '$timezone' } as const
const parts = Object.keys(names) as readonly (keyof typeof names)[]
const saying = [names.city, names.region, names.countryCode]
// A new place without a city must not keep the city of the old one.
const replaced: ReadonlySet<keyof typeof names> = new Set(['city', 'region'])

/**
 * ING-15: the update with where it came from (ingestion §9). An update that says itself where somebody is, or takes
 * that away, is left as it is, and `findPlace` is not asked; so is one that only removes the profile.
 */
export const putPlace = <Update extends PlaceableUpdate>(update: Update, findPlace: () => GeoPlace | null): Update => {
  const isRemoval = update.delete && !update.createsProfile
  const saysWhere = saying.some((name) => update.set.has(name) || update.unset.includes(name))
  const place = isRemoval || saysWhere ? null : findPlace()
  if (place === null) return update
  const set = new Map(update.set)
  const unset = [...update.unset]
  for (const part of parts) {
    const name = names[part]
    const value = place[part]
    if (update.set.has(name) || update.unset.includes(name)) continue
    if (value !== null) set.set(name, value)
    else if (replaced.has(part)) unset.push(name)
  }
  return { ...update, set, unset }
}
