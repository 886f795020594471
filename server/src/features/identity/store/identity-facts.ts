import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { liveEventSql } from './lifecycle-sql.ts'
import { linkOrderSql } from './link-order.ts'
import { canonicalIdSql, isNobodysSql } from './read-sql.ts'

/**
 * What a read has to know of who is who. `none`: nobody of the project is linked or hidden. `links`: people are linked,
 * nobody is hidden, and every link looks back. `all`: anything. The fewer, the cheaper: all three give the same rows.
 */
export type IdentityRows = 'none' | 'links' | 'all'

/** A person who is hidden while a read runs that asked before is seen by it: it began before. */
export const findIdentityRows = async (
  db: RegionDb,
  scope: ProjectScope,
  signal?: AbortSignal,
): Promise<IdentityRows> => {
  const any = (table: string, where: string) =>
    `(SELECT count() FROM (SELECT 1 FROM ${table} WHERE project_id = {projectId:UInt64} ${where} LIMIT 1))`
  const [row] = await db.rows<{ linked: string; special: string }>(
    `SELECT ${any('identity_link', '')} AS linked,
            ${any('hidden_id', '')} + ${any('identity_link', 'AND is_retroactive = 0')} AS special`,
    { params: { projectId: scope.projectId }, ...(signal === undefined ? {} : { signal }) },
  )
  if (row === undefined || Number(row.special) > 0) return 'all'
  return Number(row.linked) > 0 ? 'links' : 'none'
}

/** `visibleEventsSql` of a project for which `findIdentityRows` has just answered `none`. */
export const unlinkedEventsSql = (moreJoins = '', rows = 'event', live = liveEventSql()): string => `
FROM ${rows} AS e ${moreJoins}
WHERE e.project_id = {projectId:UInt64} AND ${live}`

/**
 * 64 bits that stand for an id: joined and counted in a third of the time that texts take. That any two of ten million
 * people are taken for one has a chance of three in a million. Erasure, retrieval and raw export never go by it.
 */
const keyOf = (id: string): string => `sipHash64(${id})`

/** The same for `links`. The key is worked out before the join, which then carries no texts. */
export const linkedEventsSql = (moreJoins = '', rows = 'event', live = liveEventSql()): string => `
FROM (SELECT *, ${keyOf('distinct_id')} AS id_key FROM ${rows}) AS e
LEFT ANY JOIN (
    SELECT ${keyOf('l.distinct_id')} AS id_key, argMin(l.canonical_id, ${linkOrderSql}) AS canonical_id,
           argMin(${keyOf('l.canonical_id')}, ${linkOrderSql}) AS canonical_key
    FROM identity_link AS l WHERE l.project_id = {projectId:UInt64} GROUP BY id_key
) AS r ON e.id_key = r.id_key ${moreJoins}
WHERE e.project_id = {projectId:UInt64} AND ${live}`

/**
 * The same for rows that were made of visible ones and say whom they belong to: `distinct_id` in `rows` is canonical, or ''
 * for nobody. Every kind of `personSql` and `personKeySql` reads them.
 */
export const rowsOfPeopleSql = (rows: string, moreJoins = ''): string => `
FROM (SELECT *, ${keyOf('distinct_id')} AS id_key, now64(6, 'UTC') AS ingested_at FROM (${rows})) AS e
LEFT ANY JOIN (
    SELECT '' AS distinct_id, '' AS canonical_id, toUInt64(0) AS canonical_key, toDateTime64(0, 6, 'UTC') AS applies_after
    WHERE 0
) AS r ON e.distinct_id = r.distinct_id ${moreJoins}
WHERE 1`

/** Who an event belongs to, a canonical distinct_id or '' for nobody, in the rows of each. */
export const personSql: Readonly<Record<IdentityRows, string>> = {
  none: `if(${isNobodysSql}, '', e.distinct_id)`,
  links: `multiIf(${isNobodysSql}, '', r.canonical_key != 0, r.canonical_id, e.distinct_id)`,
  all: canonicalIdSql,
}

/** Whether it belongs to anybody. */
export const isSomebodysSql = `e.distinct_id != '' AND NOT ${isNobodysSql}`

/** A UInt64 in place of `personSql`, to count and group by; only of events that are somebody's. */
export const personKeySql: Readonly<Record<IdentityRows, string>> = {
  none: keyOf('e.distinct_id'),
  links: 'if(r.canonical_key = 0, e.id_key, r.canonical_key)',
  all: keyOf(canonicalIdSql),
}
