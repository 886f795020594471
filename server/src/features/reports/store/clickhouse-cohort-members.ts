import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'

export interface MemberPlace {
  readonly scope: ProjectScope
  readonly cohortId: number
  readonly version: string
}

/** Members of static cohorts, in the engine of their region. */
export interface CohortMembers {
  /** Resolves when every id is durable. Not stopped when the client goes: an insert that is cut off may still be stored. */
  add(place: MemberPlace, distinctIds: AsyncIterable<readonly string[]>): Promise<void>
  /** Different ids of a version. */
  count(place: MemberPlace): Promise<number>
  /** The rows of a version leave in one step. */
  drop(version: string): Promise<void>
  /** Versions that were begun more than an hour ago: longer than any request lasts. */
  oldVersions(): Promise<readonly string[]>
}

// A block is a part of the table, to be merged later.
const blockChars = 4 * 1_024 * 1_024

export const createCohortMembers = (db: RegionDb): CohortMembers => ({
  add: async ({ scope, cohortId, version }, distinctIds) => {
    const place = `{"project_id":${scope.projectId},"cohort_id":${cohortId},"version":"${version}"`
    let lines: string[] = []
    let charCount = 0
    const send = async (): Promise<void> => {
      if (lines.length > 0) await db.insert('cohort_member', lines.join('\n'))
      lines = []
      charCount = 0
    }
    for await (const ids of distinctIds) {
      for (const id of ids) {
        const line = `${place},"distinct_id":${JSON.stringify(id)}}`
        lines.push(line)
        charCount += line.length
        if (charCount >= blockChars) await send()
      }
    }
    await send()
  },
  count: async ({ scope, cohortId, version }) => {
    const [row] = await db.rows<{ n: string }>(
      `SELECT uniqExact(distinct_id) AS n FROM ${db.table('cohort_member').read}
       WHERE project_id = {projectId:UInt64} AND cohort_id = {cohortId:UInt32} AND version = {version:UUID}`,
      { params: { projectId: scope.projectId, cohortId, version } },
    )
    return Number(row?.n ?? 0)
  },
  drop: async (version) => {
    const { local, onCluster } = db.table('cohort_member')
    await db.command(`ALTER TABLE ${local}${onCluster} DROP PARTITION {version:UUID}`, { params: { version } })
  },
  oldVersions: async () => {
    const rows = await db.rows<{ version: string }>(
      `SELECT version FROM ${db.table('cohort_member').read} GROUP BY version
       HAVING max(ingested_at) < now64(6, 'UTC') - INTERVAL 1 HOUR`,
    )
    return rows.map((row) => row.version)
  },
})
