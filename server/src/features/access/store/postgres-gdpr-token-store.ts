import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** What its owner may see of a token; the token itself is shown once, when it is made. */
export interface GdprTokenRow {
  readonly id: string
  readonly hint: string
  readonly created: Date
  readonly expires: Date
  readonly last_used: Date | null
  readonly revoked: Date | null
}

const columns = `id, token_hint AS hint, created_at AS created, expires_at AS expires, last_used_at AS last_used,
  revoked_at AS revoked`

export const listGdprTokens = (control: ControlTx, accountId: number): Promise<readonly GdprTokenRow[]> =>
  control.rows<GdprTokenRow>(
    `SELECT ${columns} FROM gdpr_token WHERE account_id = $1 ORDER BY created_at DESC, id LIMIT 100`,
    [accountId],
  )

/** Ends the live tokens of a person; answers their ids. */
export const revokeGdprTokens = async (
  tx: ControlTx,
  accountId: number,
  which: { readonly id: string } | 'all',
  atMs: number,
): Promise<readonly string[]> => {
  const rows = await tx.rows<{ id: string }>(
    `UPDATE gdpr_token SET revoked_at = $3
     WHERE account_id = $1 AND revoked_at IS NULL AND ($2::uuid IS NULL OR id = $2::uuid) RETURNING id`,
    [accountId, which === 'all' ? null : which.id, new Date(atMs)],
  )
  return rows.map(({ id }) => id)
}

export interface NewGdprToken {
  readonly id: string
  readonly accountId: number
  readonly tokenHash: string
  readonly hint: string
  readonly createdAtMs: number
  readonly expiresAtMs: number
}

export const insertGdprToken = async (tx: ControlTx, token: NewGdprToken): Promise<void> => {
  await tx.rows(
    `INSERT INTO gdpr_token (id, account_id, token_hash, token_hint, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6)`,
    [token.id, token.accountId, token.tokenHash, token.hint, new Date(token.createdAtMs), new Date(token.expiresAtMs)],
  )
}
