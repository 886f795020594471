import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb, SqlOptions } from '../../../platform/clickhouse/region-db.ts'
import {
  createProjectFacts,
  eventRowsSql,
  liveEventsSql,
  unlinkedEventsSql,
  visibleEventsSql,
  visibleProfilesSql,
} from '../../identity/index.ts'
import type { FoundEvent, FoundProperty } from '../domain/dictionary.ts'
import type { DailyVolume } from '../domain/volumes.ts'

/** What there is in a region engine, as anybody may see it: who is hidden or erased is in none of the counts. */
export interface Dictionary {
  /** The most frequent of the last 30 days first. */
  events(scope: ProjectScope, signal: AbortSignal): Promise<readonly FoundEvent[]>
  /** Of one event, or of all. */
  eventProperties(scope: ProjectScope, event: string | null, signal: AbortSignal): Promise<readonly FoundProperty[]>
  profileProperties(scope: ProjectScope, signal: AbortSignal): Promise<readonly FoundProperty[]>
  /** Names of events that came in before an instant of the engine's clock. */
  eventsBefore(scope: ProjectScope, since: string, signal?: AbortSignal): Promise<readonly string[]>
  /** Of the thousand most frequent events, by days of the zone; `today`, as days since 1970, is the one that is running. */
  dailyVolumes(
    scope: ProjectScope,
    timezone: string,
    dayCount: number,
    signal: AbortSignal,
  ): Promise<{ readonly today: number; readonly volumes: readonly DailyVolume[] }>
  /** The engine's clock. */
  now(scope: ProjectScope): Promise<string>
}

// More names than anybody reads through; a client that makes up names must not fill the memory of the server.
const nameCountMax = 10_000
// Rows of whose values the types are looked at.
const sampleCount = 50_000
// A dictionary is no reason to hold up questions.
const settings = { max_execution_time: 60, max_memory_usage: 2_000_000_000, optimize_use_projection_filtering: 0 }
const lastDays = `e.time >= now('UTC') - INTERVAL 30 DAY`

const typeSql = `multiIf(value IN ('true', 'false'), 'boolean', startsWith(value, '"'), 'string', startsWith(value, '['), 'array',
  startsWith(value, '{'), 'object', value = 'null', 'null', 'number')`

/**
 * `rowCountMax`: of more events than that in the last 30 days, names of properties are looked for among a share of the
 * people, and their counts are estimates.
 */
export const createDictionary = (
  regionDb: (regionId: string) => RegionDb,
  { rowCountMax = 20_000_000 }: { readonly rowCountMax?: number } = {},
): Dictionary => {
  const facts = createProjectFacts(regionDb)
  const options = ({ projectId }: ProjectScope, params: object, signal?: AbortSignal): SqlOptions => ({
    params: { projectId, ...params },
    settings,
    timeoutMs: 65_000,
    ...(signal === undefined ? {} : { signal }),
  })
  const source = async (scope: ProjectScope, signal?: AbortSignal): Promise<string> => {
    const [identity, live] = await Promise.all([facts.identity(scope, signal), facts.live(scope, signal)])
    const liveSql = liveEventsSql(live, null)
    // Nobody is hidden: whose the events are does not matter.
    return identity === 'all'
      ? visibleEventsSql('everybody', '', eventRowsSql(null), liveSql)
      : unlinkedEventsSql('', eventRowsSql(null), liveSql)
  }
  /**
   * `rows`: FROM … WHERE … of rows with a map; every row counts, and the types are those of a sample: to look at each value
   * takes ten times as long as to look at the names.
   */
  const properties = (map: string, rows: string) => `
SELECT n.name AS name, n.count AS count, t.types AS types FROM (
  SELECT name, count() AS count FROM (SELECT arrayJoin(mapKeys(${map})) AS name ${rows})
  GROUP BY name ORDER BY count DESC, name LIMIT ${nameCountMax}
) AS n LEFT ANY JOIN (
  SELECT name, arrayMap(one -> one.2, arrayReverseSort(groupArray((c, type)))) AS types FROM (
  SELECT name, ${typeSql} AS type, count() AS c FROM (
  SELECT property.1 AS name, property.2 AS value FROM (
  SELECT arrayJoin(m) AS property FROM (SELECT ${map} AS m ${rows} LIMIT ${sampleCount})))
  GROUP BY name, type) GROUP BY name
) AS t ON n.name = t.name
ORDER BY count DESC, name`
  const found = (
    rows: readonly { name: string; count: string; types: readonly string[] }[],
  ): readonly FoundProperty[] => rows.map(({ name, count, types }) => ({ name, count: Number(count), types }))

  return {
    events: async (scope, signal) => {
      const rows = await regionDb(scope.regionId).rows<{ name: string; volume: string; first: string; last: string }>(
        `SELECT e.event AS name, countIf(${lastDays}) AS volume, toUnixTimestamp64Milli(min(e.time)) AS first,
           toUnixTimestamp64Milli(max(e.time)) AS last ${await source(scope, signal)}
         GROUP BY name ORDER BY volume DESC, name LIMIT ${nameCountMax}`,
        options(scope, {}, signal),
      )
      return rows.map(({ name, volume, first, last }) => ({
        name,
        volume: Number(volume),
        firstSeen: new Date(Number(first)),
        lastSeen: new Date(Number(last)),
      }))
    },

    eventProperties: async (scope, event, signal) => {
      const db = regionDb(scope.regionId)
      const named = event === null ? '' : 'AND e.event = {event:String}'
      const bound = options(scope, event === null ? {} : { event }, signal)
      const rows = `${await source(scope, signal)} AND ${lastDays} ${named}`
      const [all] = await db.rows<{ n: string }>(`SELECT count() AS n ${rows}`, bound)
      const share = Math.max(1, Math.ceil(Number(all?.n) / rowCountMax))
      const some = share === 1 ? '' : `AND cityHash64(e.distinct_id) % ${share} = 0`
      const counted = found(await db.rows(properties('e.properties', `${rows} ${some}`), bound))
      return counted.map((property) => ({ ...property, count: property.count * share }))
    },

    profileProperties: async (scope, signal) => {
      const rows = `FROM (${visibleProfilesSql('everybody')})`
      return found(await regionDb(scope.regionId).rows(properties('properties', rows), options(scope, {}, signal)))
    },

    eventsBefore: async (scope, since, signal) => {
      const rows = await regionDb(scope.regionId).rows<{ name: string }>(
        `SELECT DISTINCT e.event AS name ${await source(scope, signal)}
           AND e.ingested_at < toDateTime64({since:String}, 6, 'UTC') LIMIT ${nameCountMax}`,
        options(scope, { since }, signal),
      )
      return rows.map(({ name }) => name)
    },

    dailyVolumes: async (scope, timezone, dayCount, signal) => {
      const db = regionDb(scope.regionId)
      const bound = options(scope, { timezone, dayCount }, signal)
      const rows = await db.rows<{ event: string; days: readonly (readonly [number, number])[] }>(
        `SELECT event, groupArray((day, n)) AS days FROM (
SELECT e.event AS event, toUInt32(toDate(e.time, {timezone:String})) AS day, toUInt32(count()) AS n ${await source(scope, signal)}
  AND e.time >= now('UTC') - toIntervalDay({dayCount:UInt32}) GROUP BY event, day)
GROUP BY event ORDER BY sum(n) DESC, event LIMIT 1000`,
        bound,
      )
      const [clock] = await db.rows<{ today: number }>(
        'SELECT toUInt32(toDate(now(), {timezone:String})) AS today',
        bound,
      )
      return {
        today: clock?.today ?? 0,
        volumes: rows.map(({ event, days }) => ({ event, countOf: new Map(days) })),
      }
    },

    now: async ({ regionId }) => {
      const [row] = await regionDb(regionId).rows<{ now: string }>(`SELECT toString(now64(6, 'UTC')) AS now`)
      return row?.now ?? ''
    },
  }
}
