import { sha256Hex } from '../../../kernel/hash.ts'
import { randomKey } from '../../../kernel/ids.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { DeletedProject, ListedProject, NewKeys, ProjectChanges, WantedProject } from '../domain/project.ts'

const columns = `id, name, organization_id, region, cluster, timezone, has_project_time AS project_time, identity_mode AS identity, suppress_erased,
  created_at AS created`
const deletedColumns = `${columns}, deleted_at AS deleted, purge_due_at AS purge_due, purged_at AS purged, purge_proof`

/** Those that are not deleted, oldest first; `ids` null: all of the organization. */
export const listProjects = (
  control: ControlTx,
  organizationId: number,
  ids: readonly number[] | null,
): Promise<readonly ListedProject[]> =>
  control.rows<ListedProject>(
    `SELECT ${columns} FROM project WHERE organization_id = $1 AND deleted_at IS NULL
       AND ($2::int[] IS NULL OR id = ANY($2::int[])) ORDER BY id`,
    [organizationId, ids],
  )

export const listDeletedProjects = (control: ControlTx, organizationId: number): Promise<readonly DeletedProject[]> =>
  control.rows<DeletedProject>(
    `SELECT ${deletedColumns} FROM project WHERE organization_id = $1 AND deleted_at IS NOT NULL ORDER BY id`,
    [organizationId],
  )

export const lockProject = async (tx: ControlTx, id: number): Promise<ListedProject | null> => {
  const [row] = await tx.rows<ListedProject>(
    `SELECT ${columns} FROM project WHERE id = $1 AND deleted_at IS NULL FOR UPDATE`,
    [id],
  )
  return row ?? null
}

/** A number that no provisioning file has taken, and keys that exist nowhere else. */
export const insertProject = async (
  tx: ControlTx,
  organizationId: number,
  wanted: WantedProject,
): Promise<ListedProject & NewKeys> => {
  const keys = { token: randomKey(), secret: randomKey() }
  for (;;) {
    const [row] = await tx.rows<ListedProject>(
      `INSERT INTO project (id, organization_id, name, region, cluster, timezone, identity_mode, token, secret_hash, has_project_time)
       VALUES (nextval('project_number'), $1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (id) DO NOTHING
       RETURNING ${columns}`,
      [
        organizationId,
        wanted.name,
        wanted.region,
        wanted.cluster,
        wanted.timezone,
        wanted.identity,
        keys.token,
        sha256Hex(keys.secret),
        wanted.project_time,
      ],
    )
    if (row !== undefined) return { ...row, ...keys }
  }
}

export const updateProject = async (tx: ControlTx, id: number, changes: ProjectChanges): Promise<void> => {
  await tx.rows(
    `UPDATE project SET name = coalesce($2, name), timezone = coalesce($3, timezone),
       identity_mode = coalesce($4, identity_mode), cluster = coalesce($5, cluster) WHERE id = $1`,
    [id, changes.name ?? null, changes.timezone ?? null, changes.identity ?? null, changes.cluster ?? null],
  )
}

export const findToken = async (control: ControlTx, id: number): Promise<string> => {
  const [row] = await control.rows<{ token: string }>('SELECT token FROM project WHERE id = $1', [id])
  return row?.token ?? ''
}

export const setToken = async (tx: ControlTx, id: number, token: string): Promise<void> => {
  await tx.rows('UPDATE project SET token = $2 WHERE id = $1', [id, token])
}

export const setSecret = async (tx: ControlTx, id: number, secret: string): Promise<void> => {
  await tx.rows('UPDATE project SET secret_hash = $2 WHERE id = $1', [id, sha256Hex(secret)])
}

export const markDeleted = async (tx: ControlTx, id: number, atMs: number, purgeDueAtMs: number): Promise<void> => {
  await tx.rows('UPDATE project SET deleted_at = $2, purge_due_at = $3 WHERE id = $1', [
    id,
    new Date(atMs),
    new Date(purgeDueAtMs),
  ])
}

/** Null: there is no such project, or its data is being removed or gone. */
export const restoreDeleted = async (
  tx: ControlTx,
  organizationId: number,
  id: number,
  nowMs: number,
): Promise<ListedProject | null> => {
  const [row] = await tx.rows<ListedProject>(
    `UPDATE project SET deleted_at = NULL, purge_due_at = NULL
     WHERE id = $1 AND organization_id = $2 AND deleted_at IS NOT NULL AND purge_due_at > $3 RETURNING ${columns}`,
    [id, organizationId, new Date(nowMs)],
  )
  return row ?? null
}

/** Who works in the one works in the other: people, service accounts, teams. */
export const copyMembers = async (tx: ControlTx, from: number, to: number): Promise<void> => {
  await tx.rows(
    `INSERT INTO custom_role (project_id, name, description, permissions)
     SELECT $2, name, description, permissions FROM custom_role WHERE project_id = $1`,
    [from, to],
  )
  for (const [table, holder] of memberTables) {
    await tx.rows(
      `INSERT INTO ${table} (${holder}, project_id, role, custom_role_id)
       SELECT g.${holder}, $2, g.role, made.id FROM ${table} g
         LEFT JOIN custom_role old ON old.id = g.custom_role_id
         LEFT JOIN custom_role made ON made.project_id = $2 AND made.name = old.name
       WHERE g.project_id = $1`,
      [from, to],
    )
  }
}

export const removeMembers = async (tx: ControlTx, projectId: number): Promise<void> => {
  for (const [table] of memberTables) await tx.rows(`DELETE FROM ${table} WHERE project_id = $1`, [projectId])
}

const memberTables = [
  ['project_member', 'account_id'],
  ['service_account_project', 'service_account_id'],
  ['team_project', 'team_id'],
] as const

/** AUTH-29: an organization by which others sign in has no projects. */
export const signsInOthers = async (tx: ControlTx, organizationId: number): Promise<boolean> =>
  (await tx.rows('SELECT 1 FROM sso_link WHERE admin_organization_id = $1 LIMIT 1', [organizationId])).length > 0

export const moveProject = async (tx: ControlTx, id: number, organizationId: number): Promise<void> => {
  await tx.rows('UPDATE project SET organization_id = $2 WHERE id = $1', [id, organizationId])
}

/** Every server forgets what it knew of projects and roles, when the transaction commits. */
export const tellProjectChanged = async (tx: ControlTx, id: number): Promise<void> => {
  await tx.rows(`SELECT pg_notify('project_changed', $1), pg_notify('access_changed', '')`, [String(id)])
}
