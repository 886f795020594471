import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export interface LoginRow {
  readonly id: number
  readonly email: string
  readonly passwordHash: string | null
  readonly organizationIds: readonly number[]
}

export const findLogin = async (control: ControlTx, email: string): Promise<LoginRow | null> => {
  const [row] = await control.rows<{
    id: number
    email: string
    password_hash: string | null
    organizations: number[]
  }>(
    `SELECT id, email, password_hash,
       ARRAY(SELECT organization_id FROM organization_member WHERE account_id = account.id) AS organizations
     FROM account WHERE lower(email) = lower($1)`,
    [email],
  )
  if (row === undefined) return null
  return { id: row.id, email: row.email, passwordHash: row.password_hash, organizationIds: row.organizations }
}

export interface NewSession {
  readonly id: string
  readonly accountId: number
  readonly tokenHash: string
  readonly startsAtMs: number
  readonly endsAtMs: number
}

/** Sessions that ended a day ago are removed on the way. */
export const insertSession = async (tx: ControlTx, session: NewSession): Promise<void> => {
  await tx.rows(`DELETE FROM session WHERE account_id = $1 AND expires_at < $2::timestamptz - interval '1 day'`, [
    session.accountId,
    new Date(session.startsAtMs),
  ])
  await tx.rows(
    'INSERT INTO session (id, account_id, token_hash, created_at, expires_at) VALUES ($1, $2, $3, $4, $5)',
    [session.id, session.accountId, session.tokenHash, new Date(session.startsAtMs), new Date(session.endsAtMs)],
  )
}

export const endSession = async (tx: ControlTx, id: string, atMs: number): Promise<void> => {
  await tx.rows('UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL', [id, new Date(atMs)])
}
