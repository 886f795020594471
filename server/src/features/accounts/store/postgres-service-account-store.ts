import type { Role } from '../../../kernel/principal.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import {
  type ProjectGrant,
  type ProjectServiceAccount,
  roleOrderOf,
  type ServiceAccount,
} from '../domain/service-account.ts'
import { grantJson } from './postgres-member-store.ts'

const columns = `s.id, s.username, s.last_used_at AS last_used, s.expires_at AS expires,
  coalesce(s.creator_id, 0) AS creator, s.created_at AS created, s.id AS user`

export const listServiceAccounts = (control: ControlTx, organizationId: number): Promise<readonly ServiceAccount[]> =>
  control.rows<ServiceAccount>(`SELECT ${columns} FROM service_account s WHERE s.organization_id = $1 ORDER BY s.id`, [
    organizationId,
  ])

export const findServiceAccountOf = async (
  control: ControlTx,
  organizationId: number,
  id: number,
): Promise<ServiceAccount | null> => {
  const [row] = await control.rows<ServiceAccount>(
    `SELECT ${columns} FROM service_account s WHERE s.organization_id = $1 AND s.id = $2`,
    [organizationId, id],
  )
  return row ?? null
}

/** Of everybody who reaches the project by a role of their own or by a team; the strongest role counts. */
export const listProjectServiceAccounts = async (
  control: ControlTx,
  projectId: number,
): Promise<readonly ProjectServiceAccount[]> => {
  const rows = await control.rows<
    ServiceAccount & { role: Role; custom_role: string | null; classified: boolean; of_team: boolean }
  >(
    `SELECT DISTINCT ON (s.id) ${columns}, g.role, c.name AS custom_role, g.of_team,
       s.classified_access OR bool_or(g.classified OR coalesce('classified:access' = ANY(c.permissions), false))
         OVER (PARTITION BY s.id) AS classified
     FROM service_account s JOIN (
       SELECT service_account_id, role, custom_role_id, false AS classified, false AS of_team
         FROM service_account_project WHERE project_id = $1
       UNION ALL
       SELECT m.service_account_id, p.role, p.custom_role_id, t.classified_access, true FROM team_project p
         JOIN team t ON t.id = p.team_id JOIN team_service_account m ON m.team_id = p.team_id WHERE p.project_id = $1
     ) g ON g.service_account_id = s.id LEFT JOIN custom_role c ON c.id = g.custom_role_id
     ORDER BY s.id, array_position(ARRAY['owner', 'admin', 'analyst', 'consumer'], g.role), g.of_team`,
    [projectId],
  )
  return rows.map(({ classified, of_team: ofTeam, role, custom_role: customRole, ...account }) => ({
    ...account,
    hasSensitiveAccess: classified,
    role,
    ...(customRole === null ? {} : { custom_role: customRole }),
    role_order: roleOrderOf(role),
    target_type: ofTeam ? 'team' : 'individual',
    email: account.username,
  }))
}

export interface StoredServiceAccount {
  readonly id: number
  readonly username: string
  readonly role: Role | null
  readonly grants: readonly ProjectGrant[]
}

/** Locked until the transaction ends, so that roles are weighed as they are. Those of other organizations are left out. */
export const lockServiceAccounts = async (
  tx: ControlTx,
  organizationId: number,
  ids: readonly number[],
): Promise<readonly StoredServiceAccount[]> => {
  const rows = await tx.rows<Omit<StoredServiceAccount, 'grants'>>(
    `SELECT id, username, role FROM service_account WHERE organization_id = $1 AND id = ANY($2::int[])
     ORDER BY id FOR UPDATE`,
    [organizationId, ids],
  )
  const grants = await tx.rows<{ account: number; role_on: ProjectGrant }>(
    `SELECT service_account_id AS account, ${grantJson} AS role_on FROM service_account_project g
     WHERE service_account_id = ANY($1::int[])`,
    [rows.map(({ id }) => id)],
  )
  return rows.map((row) => ({
    ...row,
    grants: grants.filter(({ account }) => account === row.id).map(({ role_on: grant }) => grant),
  }))
}

export interface NewServiceAccount {
  readonly organizationId: number
  readonly username: string
  readonly secretHash: string
  readonly role: Role | null
  readonly expires: Date | null
  readonly creatorId: number
}

export const insertServiceAccount = async (tx: ControlTx, made: NewServiceAccount): Promise<number> => {
  const [row] = await tx.rows<{ id: number }>(
    `INSERT INTO service_account (organization_id, username, secret_hash, role, expires_at, creator_id)
     VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`,
    [made.organizationId, made.username, made.secretHash, made.role, made.expires, made.creatorId],
  )
  return (row as { id: number }).id
}

export const deleteServiceAccount = async (tx: ControlTx, id: number): Promise<void> => {
  await tx.rows('DELETE FROM service_account WHERE id = $1', [id])
}

export const putGrant = async (tx: ControlTx, accountId: number, grant: ProjectGrant): Promise<void> => {
  await tx.rows(
    `INSERT INTO service_account_project (service_account_id, project_id, role, custom_role_id) VALUES ($1, $2, $3, $4)
     ON CONFLICT (service_account_id, project_id) DO UPDATE SET role = $3, custom_role_id = $4`,
    [accountId, grant.id, grant.role, grant.custom_role_id ?? null],
  )
}

export const removeGrant = async (tx: ControlTx, accountId: number, projectId: number): Promise<void> => {
  await tx.rows('DELETE FROM service_account_project WHERE service_account_id = $1 AND project_id = $2', [
    accountId,
    projectId,
  ])
}

/** Of `ids`, the projects of the organization that are not deleted. */
export const liveProjectIds = async (
  tx: ControlTx,
  organizationId: number,
  ids: readonly number[],
): Promise<ReadonlySet<number>> => {
  const rows = await tx.rows<{ id: number }>(
    'SELECT id FROM project WHERE organization_id = $1 AND id = ANY($2::int[]) AND deleted_at IS NULL FOR SHARE',
    [organizationId, ids],
  )
  return new Set(rows.map(({ id }) => id))
}

/** Every server forgets what it knew of roles and secrets, when the transaction commits. */
export const tellAccessChanged = async (tx: ControlTx): Promise<void> => {
  await tx.rows(`SELECT pg_notify('access_changed', '')`)
}
