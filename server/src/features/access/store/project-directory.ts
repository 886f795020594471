import type { Project, ProjectDirectory } from '../../../kernel/project.ts'
import type { Clock } from '../../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../../platform/postgres/control-db.ts'
import { createTimedCache } from '../domain/timed-cache.ts'

/** Behind by this much at most when a notification is lost (kernel/project.ts). */
const ttlMs = 5_000
const capacity = 10_000

interface ProjectRow {
  readonly id: number
  readonly organization_id: number
  readonly name: string
  readonly region: string
  readonly cluster: string
  readonly token: string
  readonly timezone: string
  readonly has_project_time: boolean
  readonly identity_mode: Project['identityMode']
  readonly suppress_erased: boolean
  readonly erasure_epoch: number
  readonly data_rules_version: number
  readonly lexicon_version: number
}

const findProject = async (control: ControlTx, column: 'id' | 'token', value: string): Promise<Project | null> => {
  const [row] = await control.rows<ProjectRow>(
    `SELECT id, organization_id, name, region, cluster, token, timezone, has_project_time, identity_mode, suppress_erased,
       erasure_epoch, data_rules_version, lexicon_version
     FROM project WHERE ${column} = $1 AND deleted_at IS NULL`,
    [value],
  )
  if (row === undefined) return null
  return {
    id: row.id,
    organizationId: row.organization_id,
    name: row.name,
    region: row.region,
    cluster: row.cluster,
    token: row.token,
    timezone: row.timezone,
    hasProjectTime: row.has_project_time,
    identityMode: row.identity_mode,
    suppressErased: row.suppress_erased,
    erasureEpoch: row.erasure_epoch,
    dataRulesVersion: row.data_rules_version,
    lexiconVersion: row.lexicon_version,
  }
}

/** Projects as every request needs them, without a query per request. Listens to `project_changed`. */
export const createProjectDirectory = async (control: ControlDb, clock: Clock): Promise<ProjectDirectory> => {
  const byToken = createTimedCache({ clock, ttlMs, capacity, load: (token) => findProject(control, 'token', token) })
  const byId = createTimedCache({ clock, ttlMs, capacity, load: (id) => findProject(control, 'id', id) })
  // Any change voids everything: changes are rare, and a token may have moved from one project to another.
  await control.listen('project_changed', () => {
    byToken.clear()
    byId.clear()
  })
  return {
    // What cannot be a token is not asked for: guesses cost the store nothing.
    byToken: async (token) => (/^[A-Za-z0-9]{1,64}$/.test(token) ? byToken.get(token) : null),
    byId: async (projectId) => (projectId >= 1 && projectId <= 2_147_483_647 ? byId.get(String(projectId)) : null),
  }
}
