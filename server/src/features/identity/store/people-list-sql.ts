import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import { resolutionSql } from './read-sql.ts'

/**
 * Rows of a list of people, such as an uploaded cohort, as anybody may see them. `rows` is a SELECT of `distinct_id` and
 * `ingested_at` (when the engine took the row in); yields `person`, a canonical id that may come more than once.
 */
export const visibleMembersSql = (rows: string): string => `
SELECT if(r.canonical_id = '', m.distinct_id, r.canonical_id) AS person
FROM (${rows}) AS m
LEFT ANY JOIN (${resolutionSql('everybody')}) AS r ON m.distinct_id = r.distinct_id
WHERE m.ingested_at > r.hidden_until`

/** Uploads that name the bound `ids`, as anybody may see them: `cohort_id`, `distinct_id`, `ingested_at`. */
export const membershipsSql = `
SELECT m.cohort_id AS cohort_id, m.distinct_id AS distinct_id, m.ingested_at AS ingested_at
FROM (SELECT cohort_id, distinct_id, ingested_at FROM cohort_member
      WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}) AS m
LEFT ANY JOIN (${resolutionSql('ids')}) AS r ON m.distinct_id = r.distinct_id
WHERE m.ingested_at > r.hidden_until`

/** Ids whose earlier rows no read sees while their erasure runs (PRIV-21): for copies of what was read before. */
export const hiddenIdsSql = 'SELECT distinct_id FROM hidden_id WHERE project_id = {projectId:UInt64}'

/** Who each of the ids is now; an id that is linked to nobody is itself. */
export const canonicalIds = async (
  db: RegionDb,
  scope: ProjectScope,
  ids: readonly string[],
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, string>> => {
  const rows = await db.rows<{ distinct_id: string; canonical_id: string }>(
    `SELECT distinct_id, canonical_id FROM (${resolutionSql('ids')}) WHERE canonical_id != ''`,
    { params: { projectId: scope.projectId, ids }, ...(signal === undefined ? {} : { signal }) },
  )
  const linked = new Map(rows.map((row) => [row.distinct_id, row.canonical_id]))
  return new Map(ids.map((id) => [id, linked.get(id) ?? id]))
}
