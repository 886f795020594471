import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { linkOrderSql } from './link-order.ts'
import { visibleEventsSql, visibleProfilesSql } from './read-sql.ts'

/** Links that name one of the ids at either end: each half finds its own by an index, which an OR would not. */
const linksOf = (columns: string): string => `
SELECT ${columns} FROM identity_link
WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}
UNION DISTINCT
SELECT ${columns} FROM identity_link
WHERE project_id = {projectId:UInt64} AND canonical_id IN {ids:Array(String)}`

/** Who an id is, and which ids are that person: the row of an id that decides is said by `linkOrderSql`. */
const linkedSql = (until: string): string => `
SELECT distinct_id, argMin(canonical_id, ${linkOrderSql}) AS canonical_id
FROM identity_link
WHERE project_id = {projectId:UInt64} ${until} AND distinct_id IN (${linksOf('distinct_id')})
GROUP BY distinct_id
HAVING distinct_id IN {ids:Array(String)} OR canonical_id IN {ids:Array(String)}`

const heldIdsSql = `
SELECT DISTINCT e.distinct_id AS distinct_id ${visibleEventsSql('ids')}
UNION DISTINCT
SELECT distinct_id FROM (${visibleProfilesSql('ids')})
UNION DISTINCT
SELECT arrayJoin([distinct_id, canonical_id]) AS distinct_id FROM (${linksOf('distinct_id, canonical_id')})`

// Two thousand people can be most of a table: minutes, never hours.
const readTimeoutMs = 30 * 60_000

export interface ClusterStore {
  /**
   * Every id of every identity cluster that one of `distinctIds` belongs to, the given ids included (PRIV-20).
   * Follows chains until nothing is added. `linkedUntil` (engine clock) leaves out links made after it.
   */
  expand(scope: ProjectScope, distinctIds: readonly string[], linkedUntil?: string): Promise<readonly string[]>
  /** Those of the ids of which a visible event, a profile or a link is held; may answer more ids than were asked. */
  heldIds(scope: ProjectScope, distinctIds: readonly string[]): Promise<ReadonlySet<string>>
}

export const createClusterStore = (db: RegionDb): ClusterStore => ({
  expand: async (scope, distinctIds, linkedUntil) => {
    const sql = linkedSql(linkedUntil === undefined ? '' : `AND linked_at <= {until:DateTime64(6, 'UTC')}`)
    const known = new Set(distinctIds)
    let frontier: readonly string[] = [...known]
    while (frontier.length > 0) {
      const links = await db.rows<{ distinct_id: string; canonical_id: string }>(sql, {
        params: {
          projectId: scope.projectId,
          ids: frontier,
          ...(linkedUntil === undefined ? {} : { until: linkedUntil }),
        },
      })
      const found = links.flatMap((link) => [link.distinct_id, link.canonical_id])
      frontier = [...new Set(found)].filter((id) => !known.has(id))
      for (const id of frontier) known.add(id)
    }
    return [...known]
  },
  heldIds: async (scope, distinctIds) => {
    const rows = await db.rows<{ distinct_id: string }>(heldIdsSql, {
      params: { projectId: scope.projectId, ids: distinctIds },
      timeoutMs: readTimeoutMs,
    })
    return new Set(rows.map((row) => row.distinct_id))
  },
})
