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
  /** The clusters that `distinctIds` belong to, each with every id of it; an id that is not linked is one by itself. */
  clustersOf(scope: ProjectScope, distinctIds: readonly string[]): Promise<readonly (readonly string[])[]>
  /** Those of the ids of which a visible event, a profile or a link is held; may answer more ids than were asked. */
  heldIds(scope: ProjectScope, distinctIds: readonly string[]): Promise<ReadonlySet<string>>
}

interface Link {
  readonly distinct_id: string
  readonly canonical_id: string
}

export const createClusterStore = (db: RegionDb): ClusterStore => {
  /** Every id that chains of links lead to, and those links. */
  const follow = async (scope: ProjectScope, distinctIds: readonly string[], linkedUntil?: string) => {
    const sql = linkedSql(linkedUntil === undefined ? '' : `AND linked_at <= {until:DateTime64(6, 'UTC')}`)
    const known = new Set(distinctIds)
    const links: Link[] = []
    let frontier: readonly string[] = [...known]
    while (frontier.length > 0) {
      const found = await db.rows<Link>(sql, {
        params: {
          projectId: scope.projectId,
          ids: frontier,
          ...(linkedUntil === undefined ? {} : { until: linkedUntil }),
        },
      })
      links.push(...found)
      const ids = found.flatMap((link) => [link.distinct_id, link.canonical_id])
      frontier = [...new Set(ids)].filter((id) => !known.has(id))
      for (const id of frontier) known.add(id)
    }
    return { known, links }
  }

  return {
    expand: async (scope, distinctIds, linkedUntil) => [...(await follow(scope, distinctIds, linkedUntil)).known],
    clustersOf: async (scope, distinctIds) => {
      const { known, links } = await follow(scope, distinctIds)
      return connected(known, links)
    },
    heldIds: async (scope, distinctIds) => {
      const rows = await db.rows<{ distinct_id: string }>(heldIdsSql, {
        params: { projectId: scope.projectId, ids: distinctIds },
        timeoutMs: readTimeoutMs,
      })
      return new Set(rows.map((row) => row.distinct_id))
    },
  }
}

/** Ids that links join, however far. */
const connected = (ids: ReadonlySet<string>, links: readonly Link[]): readonly (readonly string[])[] => {
  const parent = new Map<string, string>()
  const rootOf = (id: string): string => {
    let at = id
    for (let up = parent.get(at); up !== undefined; up = parent.get(at)) at = up
    return at
  }
  for (const { distinct_id, canonical_id } of links) {
    const [a, b] = [rootOf(distinct_id), rootOf(canonical_id)]
    if (a !== b) parent.set(a, b)
  }
  return [...Map.groupBy(ids, rootOf).values()]
}
