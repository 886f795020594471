import { sha256Hex } from '../../../kernel/hash.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** A person as the identity provider of an organization sees them. */
export interface ScimMember {
  readonly scimId: string
  readonly accountId: number
  readonly email: string
  readonly firstName: string
  readonly lastName: string
  readonly externalId: string | null
  readonly isActive: boolean
  /** Null: not a member (put aside). */
  readonly role: string | null
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

interface MemberRow {
  readonly scim_id: string
  readonly account_id: number
  readonly email: string
  readonly first_name: string
  readonly last_name: string
  readonly external_id: string | null
  readonly is_active: boolean
  readonly role: string | null
  readonly created_at: Date
  readonly updated_at: Date
}

const memberOf = (row: MemberRow): ScimMember => ({
  scimId: row.scim_id,
  accountId: row.account_id,
  email: row.email,
  firstName: row.first_name,
  lastName: row.last_name,
  externalId: row.external_id,
  isActive: row.is_active,
  role: row.role,
  createdAtMs: row.created_at.getTime(),
  updatedAtMs: row.updated_at.getTime(),
})

/** AUTH-28. The organization whose live token this is; one that is linked has no provider of its own (AUTH-29). */
export const scimOrganizationOf = async (tx: ControlTx, token: string): Promise<number | null> => {
  const [row] = await tx.rows<{ organization_id: number }>(
    `UPDATE scim_token SET last_used_at = CASE
         WHEN last_used_at > now() - interval '1 minute' THEN last_used_at ELSE now() END
     WHERE token_hash = $1 AND organization_id NOT IN (SELECT organization_id FROM sso_link)
     RETURNING organization_id`,
    [sha256Hex(token)],
  )
  return row?.organization_id ?? null
}

/** One token lives: a new one ends the old. */
export const putScimToken = async (tx: ControlTx, organizationId: number, token: string, nowMs: number) => {
  await tx.rows(
    `INSERT INTO scim_token (organization_id, token_hash, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (organization_id) DO UPDATE SET token_hash = $2, created_at = $3, last_used_at = NULL`,
    [organizationId, sha256Hex(token), new Date(nowMs)],
  )
}

export const deleteScimToken = async (tx: ControlTx, organizationId: number): Promise<boolean> =>
  (await tx.rows('DELETE FROM scim_token WHERE organization_id = $1 RETURNING 1', [organizationId])).length === 1

export const findScimToken = async (tx: ControlTx, organizationId: number) => {
  const [row] = await tx.rows<{ created_at: Date; last_used_at: Date | null }>(
    'SELECT created_at, last_used_at FROM scim_token WHERE organization_id = $1',
    [organizationId],
  )
  return row === undefined ? null : { createdAt: row.created_at, lastUsedAt: row.last_used_at }
}

/** One at a time: what two calls do to the people and teams of an organization must not cross. */
export const lockOrganization = async (tx: ControlTx, organizationId: number): Promise<void> => {
  await tx.rows('SELECT 1 FROM organization WHERE id = $1 FOR UPDATE', [organizationId])
}

/** Everybody of the organization and whom it has put aside, by address. Members get their SCIM id on the way. */
export const listScimMembers = async (
  tx: ControlTx,
  organizationId: number,
  nowMs: number,
): Promise<readonly ScimMember[]> => {
  await tx.rows(
    `INSERT INTO sso_member (organization_id, account_id, created_at, updated_at)
     SELECT organization_id, account_id, $2, $2 FROM organization_member WHERE organization_id = $1
     ON CONFLICT (organization_id, account_id) DO UPDATE SET is_active = true WHERE NOT sso_member.is_active`,
    [organizationId, new Date(nowMs)],
  )
  const rows = await tx.rows<MemberRow>(
    `SELECT s.*, a.email, m.role FROM sso_member s JOIN account a ON a.id = s.account_id
       LEFT JOIN organization_member m USING (organization_id, account_id)
     WHERE s.organization_id = $1 AND (m.role IS NOT NULL OR NOT s.is_active) ORDER BY lower(a.email)`,
    [organizationId],
  )
  return rows.map(memberOf)
}

export const findAccountId = async (tx: ControlTx, email: string): Promise<number | null> => {
  const [row] = await tx.rows<{ id: number }>('SELECT id FROM account WHERE lower(email) = lower($1)', [email])
  return row?.id ?? null
}

export const insertAccount = async (tx: ControlTx, email: string): Promise<number> => {
  const [row] = await tx.rows<{ id: number }>('INSERT INTO account (email) VALUES ($1) RETURNING id', [email])
  if (row === undefined) throw new Error('an insert answered no row')
  return row.id
}

export interface MemberChange {
  readonly organizationId: number
  readonly accountId: number
  readonly firstName: string
  readonly lastName: string
  readonly externalId: string | null
  readonly isActive: boolean
  readonly nowMs: number
}

export const putScimMember = async (tx: ControlTx, change: MemberChange): Promise<void> => {
  await tx.rows(
    `INSERT INTO sso_member (organization_id, account_id, first_name, last_name, external_id, is_active, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $7)
     ON CONFLICT (organization_id, account_id) DO UPDATE SET
       first_name = $3, last_name = $4, external_id = $5, is_active = $6, updated_at = $7`,
    [
      change.organizationId,
      change.accountId,
      change.firstName,
      change.lastName,
      change.externalId,
      change.isActive,
      new Date(change.nowMs),
    ],
  )
}

export const addMember = async (tx: ControlTx, organizationId: number, accountId: number): Promise<void> => {
  await tx.rows(
    `INSERT INTO organization_member (organization_id, account_id, role) VALUES ($1, $2, 'member') ON CONFLICT DO NOTHING`,
    [organizationId, accountId],
  )
}

/** auth §6.4: out of the organization, its projects and its teams; sessions end, and tokens of who is nowhere left. */
export const removeMember = async (
  tx: ControlTx,
  organizationId: number,
  accountId: number,
  nowMs: number,
): Promise<void> => {
  const ofBoth = [organizationId, accountId]
  await tx.rows('DELETE FROM organization_member WHERE organization_id = $1 AND account_id = $2', ofBoth)
  await tx.rows(
    `DELETE FROM project_member WHERE account_id = $2
       AND project_id IN (SELECT id FROM project WHERE organization_id = $1)`,
    ofBoth,
  )
  await tx.rows(
    `DELETE FROM team_account WHERE account_id = $2 AND team_id IN (SELECT id FROM team WHERE organization_id = $1)`,
    ofBoth,
  )
  await tx.rows('UPDATE session SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL', [
    accountId,
    new Date(nowMs),
  ])
  await tx.rows(
    `UPDATE gdpr_token SET revoked_at = $2 WHERE account_id = $1 AND revoked_at IS NULL
       AND NOT EXISTS (SELECT 1 FROM organization_member WHERE account_id = $1)`,
    [accountId, new Date(nowMs)],
  )
}

export const deleteScimMember = async (tx: ControlTx, organizationId: number, accountId: number): Promise<void> => {
  await tx.rows('DELETE FROM sso_member WHERE organization_id = $1 AND account_id = $2', [organizationId, accountId])
}

export const renameAccount = async (tx: ControlTx, accountId: number, email: string): Promise<void> => {
  await tx.rows('UPDATE account SET email = $2 WHERE id = $1', [accountId, email])
}

/** Whether others own the organization too: it always has an owner (auth §6.1). */
export const hasOtherOwner = async (tx: ControlTx, organizationId: number, accountId: number): Promise<boolean> =>
  (
    await tx.rows(
      `SELECT 1 FROM organization_member WHERE organization_id = $1 AND role = 'owner' AND account_id <> $2 LIMIT 1`,
      [organizationId, accountId],
    )
  ).length === 1
