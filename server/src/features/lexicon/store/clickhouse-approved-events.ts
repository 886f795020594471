import type { ProjectScope } from '../../../kernel/scope.ts'
import type { RegionDb } from '../../../platform/clickhouse/region-db.ts'
import type { Dictionary } from './clickhouse-dictionary.ts'

/**
 * LEX-09: names of the events that were there when approval began, looked up once and kept in the region. They stay when
 * the last event of a name ends by age, by a rule or with its person: what comes in again under it needs no new approval.
 */
export const createApprovedEvents = (regionDb: (regionId: string) => RegionDb, dictionary: Dictionary) => {
  // The empty name says that all are there: it goes in with them, in one block.
  const found = async ({ regionId, projectId }: ProjectScope, since: string): Promise<readonly string[] | null> => {
    const rows = await regionDb(regionId).rows<{ event: string }>(
      `SELECT DISTINCT event FROM approved_event
       WHERE project_id = {projectId:UInt64} AND since = toDateTime64({since:String}, 6, 'UTC')`,
      { params: { projectId, since } },
    )
    return rows.length === 0 ? null : rows.map(({ event }) => event).filter((event) => event !== '')
  }
  return async (scope: ProjectScope, since: string, signal?: AbortSignal): Promise<readonly string[]> => {
    const known = await found(scope, since)
    if (known !== null) return known
    const names = await dictionary.eventsBefore(scope, since, signal)
    const rows = [...names, ''].map((event) => JSON.stringify({ project_id: scope.projectId, since, event }))
    await regionDb(scope.regionId).insert('approved_event', rows.join('\n'))
    return names
  }
}
