import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { GeoPlace } from '../../src/kernel/geo-place.ts'
import { aName, anEvent, anImport, basicOf, type IngestionServer, openIngestionServer } from './ingestion-server.ts'

// ING-05, ING-15: which address tells the place of what is stored, over HTTP. The database itself: geo.test.ts.

const requestIp = '198.51.100.7'
const recordIp = '203.0.113.9'
const placeOf = (city: string, countryCode: string): GeoPlace => ({
  city,
  region: `${city} region`,
  countryCode,
  timezone: `Test/${city}`,
})
const places = new Map([
  [requestIp, placeOf('Request', 'US')],
  [recordIp, placeOf('Record', 'DE')],
])

let server: IngestionServer
beforeAll(async () => {
  server = await openIngestionServer({}, (address) => places.get(address) ?? null)
})
afterAll(() => server?.close())

const send = async (url: string, data: unknown, remoteAddress = requestIp): Promise<string> => {
  const headers = { 'content-type': 'application/json', ...basicOf('shop-token') }
  const { statusCode, body } = await server.send({ url, headers, remoteAddress, payload: JSON.stringify(data) })
  expect(statusCode).toBe(200)
  return body
}

type Cell = 'Request' | 'Record' | null
// ingestion §9: parameter, then what is stored when the record says an address, nothing, and 0.
const tables: Readonly<Record<string, readonly (readonly [query: string, said: Cell, silent: Cell])[]>> = {
  track: [
    ['?ip=1', 'Record', 'Request'],
    ['?ip=0', 'Record', null],
    ['', 'Record', null],
  ],
  import: [
    ['?ip=1', 'Record', 'Request'],
    ['?ip=0', 'Record', null],
    ['', 'Record', 'Request'],
  ],
  engage: [
    ['?ip=1', 'Request', 'Request'],
    ['?ip=0', 'Record', null],
    ['', 'Record', 'Request'],
  ],
}
const cases = (endpoint: string) => tables[endpoint] ?? []

const eventPlace = async (endpoint: 'track' | 'import', query: string, properties: Record<string, unknown>) => {
  const name = aName()
  const record = endpoint === 'track' ? anEvent(name, properties) : anImport(name, properties)
  await send(`/${endpoint}${query}`, [record])
  const [stored] = await server.stored(name)
  for (const text of Object.values(stored?.properties ?? {})) expect(text).not.toMatch(/198\.51\.100\.7|203\.0\.113\.9/)
  const { $city, $region, mp_country_code, ...rest } = stored?.properties ?? {}
  expect(Object.keys(rest)).not.toContain('ip')
  return [$city, $region, mp_country_code]
}
const textsOf = (cell: Cell) =>
  cell === null
    ? [undefined, undefined, undefined]
    : [`"${cell}"`, `"${cell} region"`, cell === 'Record' ? '"DE"' : '"US"']

describe.each(['track', 'import'] as const)('/%s', (endpoint) => {
  it.each(cases(endpoint))('%s', async (query, said, silent) => {
    expect(await eventPlace(endpoint, query, { ip: recordIp })).toEqual(textsOf(said))
    expect(await eventPlace(endpoint, query, {})).toEqual(textsOf(silent))
    for (const zero of [0, '0']) expect(await eventPlace(endpoint, query, { ip: zero })).toEqual(textsOf(null))
  })

  it('leaves alone what an event says about its place', async () => {
    const said = await eventPlace(endpoint, '?ip=1', { $city: 'Own', ip: recordIp })
    expect(said).toEqual(['"Own"', undefined, undefined])
  })
})

it('/track takes the parameter from a form, as some clients send it', async () => {
  const name = aName()
  expect((await server.form('/track', anEvent(name, { ip: recordIp }), '&ip=1')).body).toBe('1')
  expect((await server.stored(name))[0]?.properties['$city']).toBe('"Record"')
})

it('an address that the database does not know leaves the event as it is', async () => {
  const name = aName()
  await send('/track?ip=1', [anEvent(name)], '192.0.2.1')
  expect(Object.keys((await server.stored(name))[0]?.properties ?? {})).not.toContain('$city')
})

describe('/engage', () => {
  let count = 0
  const profile = async (id: string): Promise<Readonly<Record<string, string>>> => {
    const [row] = await server.engines.region.rows<{ readonly properties: Readonly<Record<string, string>> }>(
      `SELECT properties FROM profile WHERE project_id = 1001 AND distinct_id = {id:String}
       ORDER BY version DESC LIMIT 1`,
      { params: { id } },
    )
    const { $last_seen: _, ...properties } = row?.properties ?? {}
    return properties
  }
  const engage = (id: string, query: string, more: object) =>
    send(`/engage${query}`, [{ $token: 'shop-token', $distinct_id: id, ...more }])
  const stored = async (query: string, more: object) => {
    count += 1
    await engage(`geo-${count}`, query, { $set: { n: 1 }, ...more })
    return profile(`geo-${count}`)
  }
  const propertiesOf = (cell: Cell) =>
    cell === null
      ? { n: '1' }
      : {
          n: '1',
          $city: `"${cell}"`,
          $region: `"${cell} region"`,
          $country_code: cell === 'Record' ? '"DE"' : '"US"',
          $timezone: `"Test/${cell}"`,
        }

  it.each(cases('engage'))('%s', async (query, said, silent) => {
    expect(await stored(query, { $ip: recordIp })).toEqual(propertiesOf(said))
    expect(await stored(query, {})).toEqual(propertiesOf(silent))
    for (const zero of [0, '0']) expect(await stored(query, { $ip: zero })).toEqual(propertiesOf(null))
  })

  it('overwrites the place at each update, unless that is switched off', async () => {
    await engage('mover', '?ip=1', { $set: { n: 1 } })
    await engage('mover', '?ip=0', { $append: { l: 1 }, $ip: recordIp })
    expect(await profile('mover')).toEqual({ ...propertiesOf('Record'), l: '[1]' })
    await engage('mover', '?ip=0', { $set: { n: 1 } })
    await engage('mover', '?ip=1', { $set: { n: 1 }, $ip: 0 })
    await engage('mover', '?ip=1', { $set: { n: 1 }, $latitude: 48.1, $longitude: 11.6 })
    expect(await profile('mover')).toEqual({ ...propertiesOf('Record'), l: '[1]' })
    await engage('mover', '?ip=1', { $set: { $city: 'Own' } })
    expect(await profile('mover')).toEqual({ ...propertiesOf('Record'), l: '[1]', $city: '"Own"' })
  })
})

it('does not look up the address of somebody whose project is elsewhere', async () => {
  const asked: string[] = []
  const strict = await openIngestionServer({}, (address) => {
    asked.push(address)
    return null
  })
  try {
    const post = (url: string, data: unknown) =>
      strict.send({ url, remoteAddress: requestIp, payload: JSON.stringify(data) })
    const foreign = [
      await post('/track?ip=1', [anEvent(aName(), { token: 'eu-token', ip: recordIp })]),
      await post('/engage?ip=1', [{ $token: 'eu-token', $distinct_id: 'u', $set: { n: 1 }, $ip: recordIp }]),
      await post('/track?ip=1', [anEvent(aName(), { token: 'nobody', ip: recordIp })]),
    ]
    expect(foreign.map(({ statusCode }) => statusCode)).toEqual([403, 403, 200])
    expect(asked).toEqual([])
  } finally {
    await strict.close()
  }
})
