import { liveEventSql } from './lifecycle-sql.ts'
import { linkOrderSql } from './link-order.ts'

/** Narrows a read to given people; then the bound parameter `ids` is required as well. */
export type PeopleFilter = 'everybody' | 'ids'

const idsOnly = (column: string, filter: PeopleFilter): string =>
  filter === 'everybody' ? '' : `AND ${column} IN {ids:Array(String)}`

/**
 * The one place that says who a stored distinct_id is now, and whether its rows may be seen (invariant 5).
 * Every read of personal rows joins this; bound parameter `projectId` is required.
 *
 * Rows: distinct_id, canonical_id (`` when the id is not linked), applies_after (1970, or for a link that does not look
 * back, when it was made: identity §5), hidden_until (1970 when it is not in the hidden set).
 * A link made before its id was hidden is itself hidden, so a person who comes back starts a new cluster (privacy §1.9).
 */
export const resolutionSql = (filter: PeopleFilter): string => `
SELECT distinct_id,
       argMinIf(canonical_id, ${linkOrderSql}, canonical_id != '' AND linked_at > cutoff) AS canonical_id,
       maxIf(applies_from, is_retroactive = 0 AND linked_at > cutoff) AS applies_after,
       max(cutoff) AS hidden_until
FROM (
    SELECT l.distinct_id AS distinct_id, l.canonical_id AS canonical_id, l.linked_at AS linked_at,
           l.applies_from AS applies_from, l.revision AS revision, l.is_retroactive AS is_retroactive, h.cutoff AS cutoff
    FROM identity_link AS l
    LEFT ANY JOIN (
        SELECT distinct_id, max(cutoff) AS cutoff FROM hidden_id
        WHERE project_id = {projectId:UInt64} GROUP BY distinct_id
    ) AS h ON l.distinct_id = h.distinct_id
    WHERE l.project_id = {projectId:UInt64} ${idsOnly('l.distinct_id', filter)}
    UNION ALL
    SELECT distinct_id, '', toDateTime64(0, 6, 'UTC'), toDateTime64(0, 6, 'UTC'), 0, 1, cutoff FROM hidden_id
    WHERE project_id = {projectId:UInt64} ${idsOnly('distinct_id', filter)}
)
GROUP BY distinct_id`

/**
 * FROM and WHERE for the events of a project as anybody may see them: scope, identity, hidden set, retention and
 * deletion by rule are in it and cannot be left out. `e` is the event row, `r` its resolution; `canonicalIdSql` is who it belongs to.
 * `moreJoins` come after `r` and may use both. `rows`: `eventRowsSql`, for reads that count the same event once. `live`:
 * `liveEventsSql`, for reads that looked up the rules before.
 */
export const visibleEventsSql = (
  filter: PeopleFilter,
  moreJoins = '',
  rows = 'event',
  live = liveEventSql(),
): string => `
FROM ${rows} AS e
LEFT ANY JOIN (${resolutionSql(filter)}) AS r ON e.distinct_id = r.distinct_id ${moreJoins}
WHERE e.project_id = {projectId:UInt64} AND e.ingested_at > r.hidden_until ${idsOnly('e.distinct_id', filter)}
  AND ${live}`

/**
 * The same for profiles: the newest version of each, without deleted ones. Yields distinct_id, changed_at and
 * `columns`, SQL over a row of `profile` by name. `everybody` is a list of people. FINAL, and not argMax: the table is in
 * order, and the newest of a few versions is found a hundred times faster by merging than by grouping maps.
 */
export const visibleProfilesSql = (
  filter: PeopleFilter,
  columns: Readonly<Record<string, string>> = { properties: 'properties' },
): string => `
SELECT p.distinct_id AS distinct_id, ${Object.keys(columns)
  .map((name) => `p.${name} AS ${name}, `)
  .join('')}p.changed_at AS changed_at
FROM (
    SELECT distinct_id, ${Object.entries(columns)
      .map(([name, sql]) => `${sql} AS ${name}, `)
      .join('')}is_deleted, updated_at AS changed_at
    FROM profile FINAL WHERE project_id = {projectId:UInt64} ${idsOnly('distinct_id', filter)}
) AS p
LEFT ANY JOIN (${resolutionSql(filter)}) AS r ON p.distinct_id = r.distinct_id
WHERE p.is_deleted = 0 AND p.changed_at > r.hidden_until ${filter === 'ids' ? '' : `AND NOT ${isOfLinkedDeviceSql}`}`

/**
 * Identity §3.2: the profile that a device had before it was somebody's is not carried over and not listed any longer.
 * Whoever asks for it by its id, as a retrieval does, still finds it: it is held.
 */
const isOfLinkedDeviceSql = `(startsWith(p.distinct_id, '$device:') AND r.canonical_id NOT IN ('', p.distinct_id)
  AND r.applies_after = toDateTime64(0, 6, 'UTC'))`

/** Whether the event belongs to `r.canonical_id`; the time matters only for links that do not look back. */
const isLinkedSql = `r.canonical_id != '' AND e.ingested_at > r.applies_after`

/**
 * IDM-10: what an id did too often is shown as nobody's (identity §7). The rows are the id's own all the same: that is
 * how they are found, hidden and erased with the person.
 */
export const isNobodysSql = `e.event IN ('$hotshard_events', '$hotshard_record')`

export const canonicalIdSql = `multiIf(${isNobodysSql}, '', ${isLinkedSql}, r.canonical_id, e.distinct_id)`

/**
 * One event as a line of the raw export format (export §3), built by the engine: what came in goes out byte for byte.
 * `unit` is what `time` counts. With `leftOut`, properties of the names in the bound array `leftOut` are not in it. On
 * the `wall`, `time` is what the clock of the bound `zone` shows, told as if it were UTC (export §2).
 */
export const eventLineSql = (
  unit: 'seconds' | 'milliseconds',
  properties: 'all' | 'leftOut' = 'all',
  clock: 'UTC' | 'wall' = 'UTC',
): string => {
  const shown =
    properties === 'all'
      ? 'e.properties'
      : 'mapFilter((name, value) -> NOT has({leftOut:Array(String)}, name), e.properties)'
  const ms =
    clock === 'UTC'
      ? 'toUnixTimestamp64Milli(e.time)'
      : `(toUnixTimestamp64Milli(e.time) + 1000 * timeZoneOffset(toTimeZone(e.time, {zone:String})))`
  const time = unit === 'seconds' ? `intDiv(${ms}, 1000)` : ms
  return `concat(
    '{"event":', toJSONString(e.event), ',"properties":{"time":', toString(${time}),
    ',"distinct_id":', toJSONString(${canonicalIdSql}),
    ',"$insert_id":', toJSONString(e.insert_id),
    if(${isLinkedSql} AND r.canonical_id != e.distinct_id AND NOT ${isNobodysSql},
       concat(',"$distinct_id_before_identity":', toJSONString(e.distinct_id),
              ',"$is_reshuffled":true,"$preshuffle_distinct_id":', toJSONString(e.distinct_id)), ''),
    ${membersSql(shown)}, '}}')`
}

/**
 * Properties as members of an object, each with a comma before it. To look once per row whether a name has anything to
 * escape costs a fifth of what escaping thirty names does.
 */
const membersSql = (shown: string): string => {
  const joined = (name: string): string =>
    `arrayStringConcat(arrayMap((name, value) -> concat(${name}, ':', value), mapKeys(${shown}), mapValues(${shown})))`
  return `if(match(arrayStringConcat(mapKeys(${shown})), '^[ !#-\\\\[\\\\]-~]*$'),
       ${joined(`',"', name, '"'`)}, ${joined(`',', toJSONString(name)`)})`
}

/** Engine settings that go with lines of JSON text. */
export const lineSettings = { output_format_json_escape_forward_slashes: 0 } as const
