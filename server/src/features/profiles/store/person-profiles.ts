import { canonicalIds } from '../../identity/index.ts'
import { type NewestRow, type ProfileTable, storedProfile } from './profile-rows.ts'

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

/** Profiles of people, by distinct_id. */
export const personProfiles: ProfileTable<string> = {
  name: 'profile',
  textOf: (distinctId) => distinctId,
  idMembers: (distinctId) => `"distinct_id":${JSON.stringify(distinctId)}`,
  canonicalIds,
  readNewest: async (db, projectId, ids) => {
    const rows = await db.rows<NewestRow & { readonly distinct_id: string }>(newestSql, { params: { projectId, ids } })
    return new Map(rows.map((row) => [row.distinct_id, storedProfile(row)]))
  },
}
