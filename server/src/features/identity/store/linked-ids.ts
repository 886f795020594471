import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { LinkedId } from '../domain/decide-joins.ts'
import type { Join } from '../domain/read-join.ts'
import { linkOrderSql } from './link-order.ts'

type Mode = 'original' | 'legacy'

// Original: who is joined, and how many ids that makes. Legacy: a root may have any number of aliases, and all that
// matters of it is who it is; only those that become an alias take theirs along.
const canonicalsSql: Record<Mode, string> = {
  original: `
    SELECT arrayJoin({ids:Array(String)}) AS id
    UNION DISTINCT
    SELECT canonical_id FROM identity_link
    WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}`,
  legacy: 'SELECT arrayJoin({fromIds:Array(String)}) AS id',
}

// Whoever was ever linked to the canonical id of one of the ids: a link that was made again elsewhere is told apart by
// what it says now. The hidden set is looked at, or a person who comes back would be joined to who is being erased.
const linkedIdsSql = (mode: Mode): string => `
WITH canonicals AS (${canonicalsSql[mode]}
), candidates AS (
    SELECT distinct_id FROM identity_link
    WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}
    UNION DISTINCT
    SELECT distinct_id FROM identity_link
    WHERE project_id = {projectId:UInt64} AND canonical_id IN (SELECT id FROM canonicals)
)
SELECT distinct_id, argMinIf(canonical_id, ${linkOrderSql}, linked_at > cutoff) AS canonical,
       max(linked_at > cutoff) AS is_seen, toString(max(revision)) AS newest,
       toString(maxIf(applies_from, linked_at > cutoff)) AS since
FROM (
    SELECT l.distinct_id AS distinct_id, l.canonical_id AS canonical_id, l.linked_at AS linked_at,
           l.applies_from AS applies_from, l.revision AS revision, h.cutoff AS cutoff
    FROM identity_link AS l
    LEFT ANY JOIN (
        SELECT distinct_id, max(cutoff) AS cutoff FROM hidden_id
        WHERE project_id = {projectId:UInt64} GROUP BY distinct_id
    ) AS h ON l.distinct_id = h.distinct_id
    WHERE l.project_id = {projectId:UInt64} AND l.distinct_id IN (SELECT distinct_id FROM candidates)
)
GROUP BY distinct_id`

/** Every linked id that `decideJoins` has to know for the joins, and possibly more. */
export const readLinkedIds = async (
  db: RegionDb,
  scope: ProjectScope,
  mode: Mode,
  joins: readonly Join[],
): Promise<readonly LinkedId[]> => {
  const fromIds = [...new Set(joins.map(({ from }) => from))]
  const ids = [...new Set([...fromIds, ...joins.map(({ to }) => to)])]
  const rows = await db.rows<{
    distinct_id: string
    canonical: string
    is_seen: number
    newest: string
    since: string
  }>(linkedIdsSql(mode), {
    params: { projectId: scope.projectId, ids, ...(mode === 'legacy' ? { fromIds } : {}) },
  })
  return rows.map((row) => ({
    distinctId: row.distinct_id,
    canonicalId: row.is_seen === 1 ? row.canonical : null,
    revision: Number(row.newest),
    appliesFrom: row.since,
  }))
}
