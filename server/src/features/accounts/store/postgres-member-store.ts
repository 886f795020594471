import type { OrganizationRole, Role } from '../../../kernel/principal.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { Member } from '../domain/member.ts'
import type { ProjectGrant } from '../domain/service-account.ts'

/** A grant `g` as it goes out: without a custom role, that is not named. */
export const grantJson = `jsonb_strip_nulls(
  jsonb_build_object('id', g.project_id, 'role', g.role, 'custom_role_id', g.custom_role_id))`

/** `accountId` null: all of the organization. */
export const listMembers = (
  control: ControlTx,
  organizationId: number,
  accountId: number | null = null,
): Promise<readonly Member[]> =>
  control.rows<Member>(
    `SELECT a.id, a.email, m.role,
       (SELECT coalesce(jsonb_agg(${grantJson} ORDER BY g.project_id), '[]')
        FROM project_member g JOIN project p ON p.id = g.project_id
        WHERE g.account_id = a.id AND p.organization_id = $1 AND p.deleted_at IS NULL) AS projects,
       ARRAY(SELECT t.id FROM team t JOIN team_account s ON s.team_id = t.id
        WHERE s.account_id = a.id AND t.organization_id = $1 ORDER BY t.id) AS teams
     FROM organization_member m JOIN account a ON a.id = m.account_id
     WHERE m.organization_id = $1 AND ($2::int IS NULL OR a.id = $2::int) ORDER BY a.id`,
    [organizationId, accountId],
  )

/** Whoever changes roles of an organization waits for the one before: there is always an owner. */
export const lockOrganization = async (tx: ControlTx, organizationId: number): Promise<void> => {
  await tx.rows('SELECT 1 FROM organization WHERE id = $1 FOR UPDATE', [organizationId])
}

export const ownerCount = async (tx: ControlTx, organizationId: number): Promise<number> => {
  const [row] = await tx.rows<{ owners: string }>(
    `SELECT count(*) AS owners FROM organization_member WHERE organization_id = $1 AND role = 'owner'`,
    [organizationId],
  )
  return Number(row?.owners)
}

export const putMember = async (
  tx: ControlTx,
  organizationId: number,
  accountId: number,
  role: OrganizationRole,
): Promise<void> => {
  await tx.rows(
    `INSERT INTO organization_member (organization_id, account_id, role) VALUES ($1, $2, $3)
     ON CONFLICT (organization_id, account_id) DO UPDATE SET role = $3`,
    [organizationId, accountId, role],
  )
}

/**
 * Out of the organization, its projects and its teams, with the invitations that wait for an answer; privacy tokens end
 * with the last organization (auth §5).
 */
export const removeMember = async (
  tx: ControlTx,
  organizationId: number,
  accountId: number,
  nowMs: number,
): Promise<void> => {
  const who = [organizationId, accountId]
  await tx.rows(
    'DELETE FROM project_member USING project p WHERE p.id = project_id AND p.organization_id = $1 AND account_id = $2',
    who,
  )
  await tx.rows(
    'DELETE FROM team_account USING team t WHERE t.id = team_id AND t.organization_id = $1 AND account_id = $2',
    who,
  )
  await tx.rows('DELETE FROM organization_member WHERE organization_id = $1 AND account_id = $2', who)
  await tx.rows(
    `UPDATE invitation SET revoked_at = $3
     WHERE organization_id = $1 AND inviter_id = $2 AND accepted_at IS NULL AND revoked_at IS NULL`,
    [...who, new Date(nowMs)],
  )
  await tx.rows(
    `UPDATE gdpr_token SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM organization_member WHERE account_id = $1)`,
    [accountId, new Date(nowMs)],
  )
}

export const putProjectMember = async (
  tx: ControlTx,
  accountId: number,
  { id: projectId, role, custom_role_id: customRoleId }: ProjectGrant,
): Promise<void> => {
  // A role that an old invitation names may be gone: then it is a consumer, as for everybody who held it.
  await tx.rows(
    `INSERT INTO project_member (project_id, account_id, role, custom_role_id)
     VALUES ($1, $2, $3, (SELECT id FROM custom_role WHERE id = $4 AND project_id = $1))
     ON CONFLICT (project_id, account_id) DO UPDATE SET role = $3, custom_role_id = EXCLUDED.custom_role_id`,
    [projectId, accountId, role, customRoleId ?? null],
  )
}

export const removeProjectMember = async (tx: ControlTx, accountId: number, projectId: number): Promise<void> => {
  await tx.rows('DELETE FROM project_member WHERE project_id = $1 AND account_id = $2', [projectId, accountId])
}

export interface ProjectMember {
  readonly id: number
  readonly email: string
  readonly role: Role
  readonly custom_role_id: number | null
  /** Its name. */
  readonly custom_role: string | null
}

/** Those with a role of their own in the project. */
export const listProjectMembers = (control: ControlTx, projectId: number): Promise<readonly ProjectMember[]> =>
  control.rows<ProjectMember>(
    `SELECT a.id, a.email, g.role, g.custom_role_id, c.name AS custom_role
     FROM project_member g JOIN account a ON a.id = g.account_id LEFT JOIN custom_role c ON c.id = g.custom_role_id
     WHERE g.project_id = $1 ORDER BY a.id`,
    [projectId],
  )

/** Null: nobody has that e-mail. */
export const findAccountId = async (control: ControlTx, email: string): Promise<number | null> => {
  const [row] = await control.rows<{ id: number }>('SELECT id FROM account WHERE lower(email) = lower($1)', [email])
  return row?.id ?? null
}

/** `passwordHash` null: they sign in without one. */
export const insertAccount = async (tx: ControlTx, email: string, passwordHash: string | null): Promise<number> => {
  const [row] = await tx.rows<{ id: number }>(
    'INSERT INTO account (email, password_hash) VALUES ($1, $2) RETURNING id',
    [email, passwordHash],
  )
  return (row as { id: number }).id
}
