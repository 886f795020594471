import type { ProjectScope } from '../../../kernel/scope.ts'
import type { ControlDb } from '../../../platform/postgres/control-db.ts'

/** What is known of a cohort beside its definition. No member is here. */
export interface CohortState {
  readonly memberCount: number
  /** When it was last computed; null: never. */
  readonly countedAt: Date | null
  /** The upload that counts, of a static cohort; null: none yet. */
  readonly memberVersion: string | null
}

export interface CohortStateStore {
  /** By cohort id; of every cohort of the project. */
  all(scope: ProjectScope): Promise<ReadonlyMap<number, CohortState>>
  counted(scope: ProjectScope, cohortId: number, memberCount: number): Promise<void>
  /** From here on the upload is the cohort. Answers false when the cohort is gone. */
  replaceMembers(scope: ProjectScope, cohortId: number, version: string, memberCount: number): Promise<boolean>
  /** Of every cohort of the region's projects. */
  currentVersions(regionId: string): Promise<ReadonlySet<string>>
}

interface Row {
  readonly cohort_id: number
  readonly member_count: number
  readonly counted_at: Date | null
  readonly member_version: string | null
}

// A cohort of another project is nobody's here.
const ofProject = 'cohort_id IN (SELECT id FROM saved_definition WHERE project_id = $1)'

export const createCohortStateStore = (control: ControlDb): CohortStateStore => ({
  all: async ({ projectId }) => {
    const rows = await control.rows<Row>(
      `SELECT cohort_id, member_count, counted_at, member_version FROM cohort_state WHERE ${ofProject}`,
      [projectId],
    )
    return new Map(
      rows.map((row) => [
        row.cohort_id,
        { memberCount: row.member_count, countedAt: row.counted_at, memberVersion: row.member_version },
      ]),
    )
  },
  counted: async ({ projectId }, cohortId, memberCount) => {
    await control.rows(
      `UPDATE cohort_state SET member_count = $3, counted_at = now() WHERE cohort_id = $2 AND ${ofProject}`,
      [projectId, cohortId, memberCount],
    )
  },
  replaceMembers: async ({ projectId }, cohortId, version, memberCount) => {
    const rows = await control.rows(
      `UPDATE cohort_state SET member_version = $3, member_count = $4, counted_at = now()
       WHERE cohort_id = $2 AND ${ofProject} RETURNING cohort_id`,
      [projectId, cohortId, version, memberCount],
    )
    return rows.length > 0
  },
  currentVersions: async (regionId) => {
    const rows = await control.rows<{ member_version: string }>(
      `SELECT s.member_version FROM cohort_state s JOIN saved_definition d ON d.id = s.cohort_id
       JOIN project p ON p.id = d.project_id WHERE p.region = $1 AND s.member_version IS NOT NULL`,
      [regionId],
    )
    return new Set(rows.map((row) => row.member_version))
  },
})
