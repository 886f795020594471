import { describe, expect, it } from 'vitest'
import type { GeoPlace } from '../../../kernel/geo-place.ts'
import type { JsonValue } from '../../../kernel/json.ts'
import { applyOperations } from './apply-operations.ts'
import { checkUpdate } from './profile-update.ts'
import { putPlace } from './put-place.ts'

const munich: GeoPlace = { city: 'München', region: 'Bavaria', countryCode: 'DE', timezone: 'Europe/Berlin' }
const france: GeoPlace = { city: null, region: null, countryCode: 'FR', timezone: null }

const updateOf = (operations: Readonly<Record<string, JsonValue>>) => {
  const checked = checkUpdate({ $token: 't', $distinct_id: 'u1', $ignore_time: true, ...operations }, 0)
  if (checked.kind === 'reject') throw new Error(checked.message)
  return checked.value
}

/** The profile after the update came from `place`; null: there is none. */
const profileAfter = (
  operations: Readonly<Record<string, JsonValue>>,
  place: GeoPlace | null,
  before: Readonly<Record<string, JsonValue>> | null = null,
) => {
  const texts = before && new Map(Object.entries(before).map(([name, value]) => [name, JSON.stringify(value)]))
  const outcome = applyOperations(
    texts,
    putPlace(updateOf(operations), () => place),
  )
  if (outcome.kind === 'reject') throw new Error(outcome.message)
  return outcome.value && Object.fromEntries([...outcome.value].map(([name, text]) => [name, JSON.parse(text)]))
}

const inMunich = { $city: 'München', $region: 'Bavaria', $country_code: 'DE', $timezone: 'Europe/Berlin' }

describe('an update that comes from somewhere', () => {
  it('says so in the profile', () => {
    expect(profileAfter({ $set: { plan: 'free' } }, munich)).toEqual({ plan: 'free', ...inMunich })
    expect(profileAfter({ $append: { l: 1 } }, munich, { plan: 'free' })).toEqual({ plan: 'free', l: [1], ...inMunich })
    expect(profileAfter({ $unset: ['plan'] }, munich, { plan: 'free' })).toEqual(inMunich)
    expect(profileAfter({ $set: { plan: 'free' } }, null)).toEqual({ plan: 'free' })
  })

  it('overwrites the place before, without mixing the two', () => {
    expect(profileAfter({ $set: { n: 1 } }, france, inMunich)).toEqual({
      n: 1,
      $country_code: 'FR',
      $timezone: 'Europe/Berlin',
    })
    expect(profileAfter({ $set: { n: 1 } }, null, inMunich)).toEqual({ n: 1, ...inMunich })
  })

  it('makes no profile by itself', () => {
    expect(profileAfter({ $unset: ['plan'] }, munich)).toBeNull()
    expect(profileAfter({ $remove: { l: 1 } }, munich)).toBeNull()
    expect(profileAfter({ $delete: '' }, munich, { plan: 'free' })).toBeNull()
  })
})

describe('an update that says itself where somebody is', () => {
  const notAsked = () => {
    throw new Error('must not be asked')
  }
  it.each(['$city', '$region', '$country_code'])('by %s, or takes it away, is left as it is', (name) => {
    for (const operations of [{ $set: { [name]: 'X' } }, { $set: { n: 1 }, $unset: [name] }]) {
      const update = updateOf(operations)
      expect(putPlace(update, notAsked)).toBe(update)
    }
  })

  it('is not asked when it only removes the profile', () => {
    const update = updateOf({ $delete: '' })
    expect(putPlace(update, notAsked)).toBe(update)
  })

  it('keeps its own time zone', () => {
    expect(profileAfter({ $set: { $timezone: 'UTC' } }, munich)).toEqual({ ...inMunich, $timezone: 'UTC' })
    expect(profileAfter({ $set: { n: 1 }, $unset: ['$timezone'] }, munich)).toMatchObject({ $city: 'München' })
    expect(profileAfter({ $set: { n: 1 }, $unset: ['$timezone'] }, munich)).not.toHaveProperty('$timezone')
  })
})
