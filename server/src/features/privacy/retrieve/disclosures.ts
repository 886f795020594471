import { isJsonObject, type JsonValue, parseJson } from '../../../kernel/json.ts'

export interface Categories {
  readonly event_names: readonly string[]
  /** Property names by event name. */
  readonly event_properties: Readonly<Record<string, readonly string[]>>
  readonly profile_properties: readonly string[]
}

/** CCPA Categories: the names of what is held, and no value (privacy §1.8). */
export const collectNames = async (
  eventLines: AsyncIterable<string>,
  profileLines: AsyncIterable<string>,
): Promise<Categories> => {
  const byEvent = new Map<string, Set<string>>()
  for await (const line of eventLines) {
    const { event, properties } = eventOf(line)
    const names = byEvent.get(event) ?? new Set<string>()
    for (const name of Object.keys(properties)) names.add(name)
    byEvent.set(event, names)
  }
  const ofProfiles = new Set<string>()
  for await (const line of profileLines) {
    const profile = parseJson(line)
    const properties = isJsonObject(profile) ? profile['$properties'] : undefined
    if (isJsonObject(properties)) for (const name of Object.keys(properties)) ofProfiles.add(name)
  }
  const events = [...byEvent].sort(([a], [b]) => (a < b ? -1 : 1))
  return {
    event_names: events.map(([event]) => event),
    event_properties: Object.fromEntries(events.map(([event, names]) => [event, [...names].sort()])),
    profile_properties: [...ofProfiles].sort(),
  }
}

// "Means of data collection": the list is our decision (privacy §1.8).
const sourceNames = new Set([
  'mp_lib',
  '$lib_version',
  '$source',
  '$import',
  '$mp_api_endpoint',
  '$mp_api_timestamp_ms',
  '$referrer',
  '$initial_referrer',
  '$referring_domain',
  '$initial_referring_domain',
  '$partner_id',
  '$warehouse_type',
  '$warehouse_import_id',
  '$warehouse_import_job_id',
  '$warehouse_import_run_id',
  '$warehouse_table',
])
const isSourceName = (name: string): boolean => sourceNames.has(name) || name.startsWith('utm_')
// Differs on every event and says nothing about where it came from when sources are grouped.
const timestampName = '$mp_api_timestamp_ms'

export interface SourceGroup {
  readonly source: Readonly<Record<string, JsonValue>>
  readonly event_count: number
  readonly first_received_ms: number | null
  readonly last_received_ms: number | null
}

/** CCPA Sources: by what means the data came in, each with how often and when, and nothing of the data itself. */
export const collectSources = async (eventLines: AsyncIterable<string>): Promise<readonly SourceGroup[]> => {
  const groups = new Map<string, { source: Record<string, JsonValue>; count: number; times: number[] }>()
  for await (const line of eventLines) {
    const { properties } = eventOf(line)
    const source: Record<string, JsonValue> = {}
    for (const name of Object.keys(properties).filter(isSourceName).sort()) {
      const value = properties[name]
      if (name !== timestampName && value !== undefined) source[name] = value
    }
    const key = JSON.stringify(source)
    const group = groups.get(key) ?? { source, count: 0, times: [] }
    group.count += 1
    const received = properties[timestampName]
    if (typeof received === 'number') {
      group.times = [Math.min(received, ...group.times), Math.max(received, ...group.times)]
    }
    groups.set(key, group)
  }
  return [...groups.values()].map(({ source, count, times }) => ({
    source,
    event_count: count,
    first_received_ms: times[0] ?? null,
    last_received_ms: times[1] ?? null,
  }))
}

const eventOf = (line: string): { event: string; properties: { readonly [key: string]: JsonValue } } => {
  const parsed = parseJson(line)
  const event = isJsonObject(parsed) && typeof parsed['event'] === 'string' ? parsed['event'] : ''
  const properties = isJsonObject(parsed) && isJsonObject(parsed['properties']) ? parsed['properties'] : {}
  return { event, properties }
}
