import type { ControlTx } from '../platform/postgres/control-db.ts'
import type { ProvisionedOrganization } from './provision.ts'

/** Parameters: project id, key, display name or null. Keys that the file does not name stay. */
export const upsertGroupKey = `INSERT INTO project_group_key AS k (project_id, key, display_name)
  VALUES ($1, $2, coalesce($3::text, $2))
  ON CONFLICT (project_id, key) DO UPDATE SET display_name = $3 WHERE k.display_name <> $3 RETURNING (xmax = 0) AS created`

/** Projects that would have more keys than are allowed, those set up since included. */
export const groupKeyFaults = async (
  tx: ControlTx,
  projects: readonly ProvisionedOrganization['projects'][number][],
  countMax: number,
): Promise<string[]> => {
  const wanted = projects.filter((project) => project.group_keys.length > 0)
  if (wanted.length === 0) return []
  const stored = await tx.rows<{ project_id: number; key: string }>(
    'SELECT project_id, key FROM project_group_key WHERE project_id = ANY($1::int[])',
    [wanted.map(({ id }) => id)],
  )
  return wanted.flatMap(({ id, group_keys: named }) => {
    const before = stored.filter((row) => row.project_id === id).map(({ key }) => key)
    const count = new Set([...before, ...named.map(({ key }) => key)]).size
    if (count <= Math.max(countMax, before.length)) return []
    return [`project ${id}: ${count} group keys with those set up before; LETHE_GROUP_KEYS_MAX allows ${countMax}`]
  })
}
