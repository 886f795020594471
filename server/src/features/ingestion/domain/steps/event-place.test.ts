import { describe, expect, it } from 'vitest'
import type { GeoPlace } from '../../../../kernel/geo-place.ts'
import type { JsonValue } from '../../../../kernel/json.ts'
import { resolveSimplified } from '../../../identity/index.ts'
import { acceptEvent, lenientImportSteps, strictImportSteps, trackSteps } from '../accept-event.ts'
import type { StepContext } from '../event-draft.ts'

const nowMs = Date.UTC(2026, 5, 1, 12)
const berlin: GeoPlace = {
  city: 'Berlin "Mitte"',
  region: 'Land\\Berlin',
  countryCode: 'DE',
  timezone: 'Europe/Berlin',
}
const address = '203.0.113.9'

const lists = { '/track': trackSteps, 'strict /import': strictImportSteps, 'lenient /import': lenientImportSteps }

/** The row of an event with these properties, the members of its map, and the addresses that were asked for. */
const rowOf = (properties: Readonly<Record<string, JsonValue>>, place: GeoPlace | null, steps = trackSteps) => {
  const asked: unknown[] = []
  const placeOf: StepContext['placeOf'] = (ip) => {
    asked.push(ip)
    return place
  }
  const context: StepContext = {
    projectId: 1001,
    nowMs,
    serverPropertiesText: '"$mp_api_endpoint":"\\"h\\""',
    resolveIds: resolveSimplified,
    joiningEvents: new Map(),
    anonymousId: null,
    newInsertId: () => 'made-up',
    placeOf,
    hotness: null,
  }
  const base = { time: nowMs / 1_000, distinct_id: 'u1', $insert_id: 'i-1' }
  const outcome = acceptEvent(steps, { event: 'E', properties: { ...base, ...properties } }, context)
  if (outcome.kind !== 'accept') throw new Error(`not accepted: ${JSON.stringify(outcome)}`)
  const { row } = outcome.value
  return { row, asked, properties: JSON.parse(row).properties as Readonly<Record<string, string>> }
}

describe.each(Object.entries(lists))('%s', (_name, steps) => {
  it('puts the place in, and leaves the address out', () => {
    const { row, asked, properties } = rowOf({ ip: address, plan: 'free' }, berlin, steps)
    expect(asked).toEqual([address])
    expect(JSON.parse(properties['$city'] ?? '')).toBe(berlin.city)
    expect(JSON.parse(properties['$region'] ?? '')).toBe(berlin.region)
    expect(JSON.parse(properties['mp_country_code'] ?? '')).toBe('DE')
    expect(Object.keys(properties).sort()).toEqual(
      ['$city', '$mp_api_endpoint', '$mp_event_size', '$region', '$user_id', 'mp_country_code', 'plan'].sort(),
    )
    expect(row).not.toContain(address)
  })

  it.each(['$city', '$region', 'mp_country_code'])('does not ask when the event says %s', (name) => {
    for (const said of ['Elsewhere', '', null]) {
      const { asked, properties } = rowOf({ [name]: said, ip: address }, berlin, steps)
      expect(asked).toEqual([])
      expect(properties[name]).toBe(JSON.stringify(said))
      const others = ['$city', '$region', 'mp_country_code'].filter((other) => other !== name)
      for (const other of others) expect(Object.keys(properties)).not.toContain(other)
    }
  })
})

it('leaves out what is not known', () => {
  const placeNames = (place: GeoPlace | null) =>
    Object.keys(rowOf({}, place).properties).filter((name) => /city|region|country/.test(name))
  expect(placeNames({ city: null, region: null, countryCode: 'FR', timezone: 'Europe/Paris' })).toEqual([
    'mp_country_code',
  ])
  expect(placeNames(null)).toEqual([])
})

it('does not take the place of a sender for that of coordinates', () => {
  expect(rowOf({ $latitude: 48.1, $longitude: 11.6 }, berlin).asked).toEqual([])
  expect(rowOf({ $latitude: 48.1 }, berlin).asked).toHaveLength(1)
  expect(rowOf({ $latitude: '48.1', $longitude: '11.6' }, berlin).asked).toHaveLength(1)
})

it('counts as nothing that the sender sent', () => {
  const sizeOf = (place: GeoPlace | null) => rowOf({}, place).properties['$mp_event_size']
  expect(sizeOf(berlin)).toBe(sizeOf(null))
  const many = Object.fromEntries(Array.from({ length: 250 }, (_, at) => [`p${at}`, at]))
  expect(rowOf(many, berlin).properties['$city']).toBeDefined()
})
