import type { ControlTx } from '../../../platform/postgres/control-db.ts'
import type { Invitation } from '../domain/member.ts'

const columns = 'id, email, role, projects, created_at AS created, expires_at AS expires'
const isOpen = 'accepted_at IS NULL AND revoked_at IS NULL AND expires_at >'

export const listInvitations = (
  control: ControlTx,
  organizationId: number,
  nowMs: number,
): Promise<readonly Invitation[]> =>
  control.rows<Invitation>(
    `SELECT ${columns} FROM invitation WHERE organization_id = $1 AND ${isOpen} $2 ORDER BY created_at, id`,
    [organizationId, new Date(nowMs)],
  )

export interface NewInvitation extends Invitation {
  readonly organizationId: number
  readonly tokenHash: string
  /** Null: a service account invites. */
  readonly inviterId: number | null
}

/** One open invitation for an e-mail and organization: an earlier one ends. */
export const insertInvitation = async (tx: ControlTx, made: NewInvitation): Promise<void> => {
  await tx.rows(
    `UPDATE invitation SET revoked_at = $3 WHERE organization_id = $1 AND lower(email) = lower($2) AND ${isOpen} $3`,
    [made.organizationId, made.email, made.created],
  )
  await tx.rows(
    `INSERT INTO invitation (id, organization_id, email, role, projects, token_hash, inviter_id, created_at, expires_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      made.id,
      made.organizationId,
      made.email,
      made.role,
      JSON.stringify(made.projects),
      made.tokenHash,
      made.inviterId,
      made.created,
      made.expires,
    ],
  )
}

/** False: it is not open any more. */
export const renewInvitation = async (
  tx: ControlTx,
  renewed: {
    readonly organizationId: number
    readonly id: string
    readonly tokenHash: string
    readonly expires: Date
    readonly nowMs: number
  },
): Promise<boolean> => {
  const rows = await tx.rows(
    `UPDATE invitation SET token_hash = $4, expires_at = $5
     WHERE organization_id = $1 AND id = $2 AND ${isOpen} $3 RETURNING id`,
    [renewed.organizationId, renewed.id, new Date(renewed.nowMs), renewed.tokenHash, renewed.expires],
  )
  return rows.length === 1
}

/** Null: it is not open. */
export const revokeInvitation = async (
  tx: ControlTx,
  organizationId: number,
  id: string,
  nowMs: number,
): Promise<Invitation | null> => {
  const [row] = await tx.rows<Invitation>(
    `UPDATE invitation SET revoked_at = $3 WHERE organization_id = $1 AND id = $2 AND ${isOpen} $3 RETURNING ${columns}`,
    [organizationId, id, new Date(nowMs)],
  )
  return row ?? null
}

/** Null: it was used, revoked, or is too old, or there is none. Locked until the transaction ends. */
export const lockInvitation = async (
  tx: ControlTx,
  tokenHash: string,
  nowMs: number,
): Promise<(Invitation & { readonly organizationId: number }) | null> => {
  const [row] = await tx.rows<Invitation & { organizationId: number }>(
    `SELECT ${columns}, organization_id AS "organizationId" FROM invitation
     WHERE token_hash = $1 AND ${isOpen} $2 FOR UPDATE`,
    [tokenHash, new Date(nowMs)],
  )
  return row ?? null
}

export const markAccepted = async (tx: ControlTx, id: string, nowMs: number): Promise<void> => {
  await tx.rows('UPDATE invitation SET accepted_at = $2 WHERE id = $1', [id, new Date(nowMs)])
}
