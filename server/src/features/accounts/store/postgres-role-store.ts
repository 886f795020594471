import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { CustomRole, WantedRole } from '../domain/custom-role.ts'

const holders = ['project_member', 'service_account_project', 'team_project']
  .map((table) => `(SELECT count(*)::int FROM ${table} WHERE custom_role_id = c.id)`)
  .join(' + ')
const columns = `c.id, c.name, c.description, c.permissions, c.created_at AS created, c.updated_at AS updated,
  ${holders} AS holder_count`

/** By name; `id` null: all of the project. */
export const listRoles = (
  control: ControlTx,
  projectId: number,
  id: number | null = null,
): Promise<readonly CustomRole[]> =>
  control.rows<CustomRole>(
    `SELECT ${columns} FROM custom_role c WHERE c.project_id = $1 AND ($2::int IS NULL OR c.id = $2::int)
     ORDER BY lower(c.name)`,
    [projectId, id],
  )

/** Whoever changes roles of a project waits for the one before: there are never more than allowed. */
export const lockRoles = async (tx: ControlTx, projectId: number): Promise<void> => {
  await tx.rows('SELECT 1 FROM project WHERE id = $1 FOR NO KEY UPDATE', [projectId])
}

/** Throws AppError CONFLICT (409) when the project has a role of that name. */
export const insertRole = async (tx: ControlTx, projectId: number, wanted: WantedRole): Promise<number> => {
  const [row] = await tx.rows<{ id: number }>(
    'INSERT INTO custom_role (project_id, name, description, permissions) VALUES ($1, $2, $3, $4) RETURNING id',
    [projectId, wanted.name, wanted.description, wanted.permissions],
  )
  return (row as { id: number }).id
}

/** As insertRole. */
export const updateRole = async (tx: ControlTx, id: number, wanted: WantedRole): Promise<void> => {
  await tx.rows(
    'UPDATE custom_role SET name = $2, description = $3, permissions = $4, updated_at = now() WHERE id = $1',
    [id, wanted.name, wanted.description, wanted.permissions],
  )
}

/** Who held it is a consumer from then on: the keys of the grants let go. */
export const deleteRole = async (tx: ControlTx, id: number): Promise<void> => {
  await tx.rows('DELETE FROM custom_role WHERE id = $1', [id])
}

/** Null: there is no such project, or it is deleted. */
export const organizationOfProject = async (tx: ControlTx, projectId: number): Promise<number | null> => {
  const [row] = await tx.rows<{ organization_id: number }>(
    'SELECT organization_id FROM project WHERE id = $1 AND deleted_at IS NULL',
    [projectId],
  )
  return row?.organization_id ?? null
}
