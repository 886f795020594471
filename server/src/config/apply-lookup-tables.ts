import type { ControlTx } from '../platform/postgres/control-db.ts'
import type { ProvisionedOrganization } from './provision.ts'

/** Parameters: id, project id, name. Rows that were uploaded stay, whatever the table is called. */
export const upsertLookupTable = `INSERT INTO lookup_table AS t (id, project_id, name) VALUES ($1, $2, $3)
  ON CONFLICT (id) DO UPDATE SET name = $3 WHERE t.name <> $3 RETURNING (xmax = 0) AS created`

/** Ids and names of the file that other tables have. */
export const lookupTableFaults = async (
  tx: ControlTx,
  projects: readonly ProvisionedOrganization['projects'][number][],
): Promise<string[]> => {
  const wanted = projects.flatMap((project) =>
    project.lookup_tables.map((table) => ({ ...table, projectId: project.id })),
  )
  if (wanted.length === 0) return []
  const stored = await tx.rows<{ id: string; project_id: number; name: string }>(
    'SELECT id, project_id, name FROM lookup_table WHERE id = ANY($1::uuid[]) OR project_id = ANY($2::int[])',
    [wanted.map(({ id }) => id), wanted.map(({ projectId }) => projectId)],
  )
  return wanted.flatMap(({ id, projectId, name }) => [
    ...stored
      .filter((other) => other.id === id && other.project_id !== projectId)
      .map((other) => `lookup table ${id}: it belongs to project ${other.project_id}`),
    ...stored
      .filter((other) => other.id !== id && other.project_id === projectId && other.name === name)
      .map((other) => `lookup table ${id}: project ${projectId} has another one of that name, ${other.id}`),
  ])
}
