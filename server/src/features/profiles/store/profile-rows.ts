import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { ProfileProperties } from '../domain/apply-operations.ts'

/** The newest row of a profile. A version is never used twice, so it is kept also when the profile is gone. */
export interface StoredProfile {
  readonly version: number
  /** Null: deleted, or hidden while its erasure runs (PRIV-21). */
  readonly properties: ProfileProperties | null
}

// Rows that the hidden set covers count as absent, yet the next version must stand above theirs.
const newestSql = `
SELECT p.distinct_id AS distinct_id, toString(p.version) AS version, p.properties AS properties,
       p.is_deleted = 1 OR p.updated_at <= h.cutoff AS is_gone
FROM (
    SELECT distinct_id, version, is_deleted, updated_at, properties
    FROM profile
    WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}
    ORDER BY version DESC
    LIMIT 1 BY distinct_id
) AS p
LEFT ANY JOIN (
    SELECT distinct_id, max(cutoff) AS cutoff
    FROM hidden_id
    WHERE project_id = {projectId:UInt64} AND distinct_id IN {ids:Array(String)}
    GROUP BY distinct_id
) AS h ON p.distinct_id = h.distinct_id`

interface NewestRow {
  readonly distinct_id: string
  readonly version: string
  readonly properties: Readonly<Record<string, string>>
  readonly is_gone: number
}

/** Profiles of one project by distinct_id; those that never were are missing. */
export const readNewest = async (
  db: RegionDb,
  projectId: number,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredProfile>> => {
  const rows = await db.rows<NewestRow>(newestSql, { params: { projectId, ids } })
  return new Map(
    rows.map((row) => {
      const properties = row.is_gone ? null : new Map(Object.entries(row.properties))
      return [row.distinct_id, { version: Number(row.version), properties }]
    }),
  )
}

/** One line of JSONEachRow for the table `profile`; `updated_at` is left to the engine's clock. */
export const profileRowText = (
  projectId: number,
  distinctId: string,
  version: number,
  properties: ProfileProperties | null,
): string => {
  const members = [...(properties ?? [])].map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`)
  return (
    `{"project_id":${projectId},"distinct_id":${JSON.stringify(distinctId)},"version":${version},` +
    `"is_deleted":${properties === null ? 1 : 0},"properties":{${members.join(',')}}}`
  )
}
