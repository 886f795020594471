import type { BareEngine } from './bare-engine.ts'

// Rows per statement: the engine sorts a block of each month at a time, and this bounds its memory.
const rowsPerInsert = 500_000
const eventsPerPerson = 20
const dayMs = 86_400_000
const insertIdPrefix = 'fill-'

export const dayCount = 365
export const eventNames: readonly string[] = [
  'Page view',
  'Product viewed',
  'Added to cart',
  'Checkout started',
  'Payment entered',
  'Purchase',
  'Signed in',
  'Search',
  ...Array.from({ length: 32 }, (_, at) => `Event ${at + 9}`),
]

export interface AnalyticsPlan {
  readonly projectId: number
  readonly eventCount: number
}

/** Part of the events that come from one of the two devices of a person, before they log in. */
export const deviceShare = 0.3

export const personCountOf = ({ eventCount }: Pick<AnalyticsPlan, 'eventCount'>): number =>
  Math.ceil(eventCount / eventsPerPerson)

/** The first day of the events, the last one, and any between, as `YYYY-MM-DD` of UTC. */
export const dayAgo = (days: number): string => new Date(Date.now() - days * dayMs).toISOString().slice(0, 10)

const chance = (salt: string, count: number): string => `cityHash64(number, '${salt}') % ${count}`
const oneOf = (salt: string, values: readonly string[]): string =>
  `arrayElement([${values.map((value) => `'"${value}"'`).join(', ')}], 1 + ${chance(salt, values.length)})`
const numbered = (salt: string, text: string, count: number): string =>
  `concat('"${text}', toString(${chance(salt, count)}), '"')`

/** Thirty properties: what a browser library sends, and what a shop adds. */
const properties: Readonly<Record<string, string>> = {
  $os: oneOf('os', ['Mac OS X', 'Windows', 'iOS', 'Android', 'Linux']),
  $browser: oneOf('browser', ['Chrome', 'Safari', 'Firefox', 'Microsoft Edge']),
  $browser_version: chance('version', 140),
  $city: oneOf('city', ['Berlin', 'Paris', 'Zürich', 'New York', 'São Paulo', 'Tokyo', 'London', 'Madrid']),
  $region: numbered('region', 'Region ', 60),
  mp_country_code: oneOf('country', ['DE', 'FR', 'CH', 'US', 'BR', 'JP', 'GB', 'ES']),
  $current_url: numbered('url', 'https://shop.example/products/', 100_000),
  $initial_referrer: numbered('referrer', 'https://search.example/?q=', 5_000),
  $initial_referring_domain: oneOf('domain', ['search.example', 'news.example', '$direct']),
  $screen_height: `toString(600 + ${chance('height', 1_500)})`,
  $screen_width: `toString(800 + ${chance('width', 2_500)})`,
  $lib_version: oneOf('lib', ['2.80.0', '2.81.0', '2.83.0']),
  $device_id: numbered('device', '19a', 1_000_000),
  mp_lib: oneOf('mp_lib', ['web', 'swift', 'android']),
  mp_processing_time_ms: `toString(1770000000000 + ${chance('processing', 1_000_000_000)})`,
  $mp_api_endpoint: `'"api.example.com"'`,
  utm_source: oneOf('source', ['ads', 'mail', 'partner', 'organic']),
  utm_campaign: numbered('campaign', 'campaign ', 200),
  plan: oneOf('plan', ['free', 'basic', 'pro', 'enterprise']),
  price: `toString((${chance('price', 20_000)}) / 100)`,
  items: chance('items', 12),
  currency: oneOf('currency', ['EUR', 'USD', 'CHF']),
  category: numbered('category', 'category ', 40),
  product_id: numbered('product', 'sku-', 100_000),
  is_member: `if(${chance('member', 2)} = 0, 'true', 'false')`,
  experiment: oneOf('experiment', ['control', 'a', 'b']),
  language: oneOf('language', ['de', 'en', 'fr', 'ja', 'pt']),
  app_version: numbered('app', '4.', 30),
  session: numbered('session', 's-', 3_000_000),
  load_ms: chance('load', 4_000),
}

const asText = (value: string): string => (/^cityHash/.test(value) ? `toString(${value})` : value)

const mapSql = (all: Readonly<Record<string, string>>): string =>
  `map(${Object.entries(all)
    .map(([name, value]) => `'${name}', ${asText(value)}`)
    .join(', ')})`

const eventsSql = ({ projectId, eventCount }: AnalyticsPlan, from: number, count: number): string => {
  const person = chance('person', personCountOf({ eventCount }))
  const device = `concat('$device:d-', toString(2 * (${person}) + ${chance('which', 2)}))`
  return `
INSERT INTO event (project_id, event, time, distinct_id, insert_id, properties)
SELECT ${projectId},
  arrayElement([${eventNames.map((name) => `'${name}'`).join(', ')}],
    1 + toUInt8(${eventNames.length} * pow((${chance('name', 1_000_003)}) / 1000003, 2))),
  now64(3) - toIntervalMillisecond(3600000 + ${chance('time', dayCount * dayMs)}),
  if(${chance('anonymous', 100)} < ${Math.round(deviceShare * 100)}, ${device}, concat('user-', toString(${person}))),
  concat('${insertIdPrefix}', toString(number)),
  ${mapSql(properties)}
FROM numbers_mt(${from}, ${count})`
}

/** Rows of a project that a run before has left. Throws when they are not what this run wants. */
const hasRows = async (engine: BareEngine, table: string, projectId: number, count: number): Promise<boolean> => {
  // What came in while it was worked on does not count.
  const own = table === 'event' ? `AND startsWith(insert_id, '${insertIdPrefix}')` : ''
  const found = Number(await engine.run(`SELECT count() FROM ${table} WHERE project_id = ${projectId} ${own}`))
  if (found !== 0 && found !== count) throw new Error(`${found} rows of ${table} where ${count} are wanted`)
  return found === count
}

/** A year of a shop, made by the engine itself and merged: 40 names, 30 properties, 20 events a person. */
export const fillAnalytics = async (engine: BareEngine, plan: AnalyticsPlan): Promise<void> => {
  if (await hasRows(engine, 'event', plan.projectId, plan.eventCount)) return
  const settings = { max_insert_threads: 1, max_partitions_per_insert_block: 0 }
  for (let from = 0; from < plan.eventCount; from += rowsPerInsert) {
    await engine.run(eventsSql(plan, from, Math.min(rowsPerInsert, plan.eventCount - from)), settings)
  }
  await engine.run('OPTIMIZE TABLE lethe.event FINAL')
}

/** Two devices of each person, linked to them. */
export const fillLinks = async (engine: BareEngine, projectId: number, linkCount: number): Promise<void> => {
  if (await hasRows(engine, 'identity_link', projectId, linkCount)) return
  await engine.run(`
INSERT INTO identity_link (project_id, distinct_id, canonical_id)
SELECT ${projectId}, concat('$device:d-', toString(number)), concat('user-', toString(intDiv(number, 2)))
FROM numbers_mt(${linkCount})`)
  await engine.run('OPTIMIZE TABLE lethe.identity_link FINAL')
}

/** A profile of eight properties for each of `user-0` and so on. */
export const fillProfiles = async (engine: BareEngine, projectId: number, profileCount: number): Promise<void> => {
  if (await hasRows(engine, 'profile', projectId, profileCount)) return
  const ofPerson = {
    $name: `concat('"Person ', toString(number), '"')`,
    $email: `concat('"p', toString(number), '@shop.example"')`,
    plan: properties['plan'] as string,
    $city: properties['$city'] as string,
    $region: properties['$region'] as string,
    items: properties['items'] as string,
    utm_source: properties['utm_source'] as string,
    is_member: properties['is_member'] as string,
  }
  await engine.run(`
INSERT INTO profile (project_id, distinct_id, version, is_deleted, properties)
SELECT ${projectId}, concat('user-', toString(number)), 1, 0, ${mapSql(ofPerson)} FROM numbers_mt(${profileCount})`)
  await engine.run('OPTIMIZE TABLE lethe.profile FINAL')
}
