import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export interface Passkey {
  readonly id: string
  readonly accountId: number
  readonly credentialId: string
  readonly rpId: string
  readonly name: string
  readonly publicKey: Buffer
  readonly signCount: number
  readonly transports: readonly string[]
}

/** A passkey as its owner sees it. */
export interface ShownPasskey {
  readonly id: string
  readonly name: string
  readonly host: string
  readonly created: Date
  readonly last_used: Date | null
}

export const listPasskeys = (tx: ControlTx, accountId: number): Promise<readonly ShownPasskey[]> =>
  tx.rows<ShownPasskey>(
    `SELECT id, name, rp_id AS host, created_at AS created, last_used_at AS last_used FROM passkey
     WHERE account_id = $1 ORDER BY created_at, id`,
    [accountId],
  )

export const listCredentials = (
  tx: ControlTx,
  accountId: number,
  rpId: string,
): Promise<readonly { readonly id: string; readonly transports: string[] }[]> =>
  tx.rows('SELECT credential_id AS id, transports FROM passkey WHERE account_id = $1 AND rp_id = $2', [accountId, rpId])

/** Locked until the transaction ends: its count of signatures only grows. */
export const lockPasskey = async (tx: ControlTx, credentialId: string, rpId: string): Promise<Passkey | null> => {
  const [row] = await tx.rows<{
    id: string
    account_id: number
    name: string
    public_key: Buffer
    sign_count: string
    transports: string[]
  }>(
    `SELECT id, account_id, name, public_key, sign_count, transports FROM passkey
     WHERE credential_id = $1 AND rp_id = $2 FOR UPDATE`,
    [credentialId, rpId],
  )
  if (row === undefined) return null
  return {
    id: row.id,
    accountId: row.account_id,
    credentialId,
    rpId,
    name: row.name,
    publicKey: row.public_key,
    signCount: Number(row.sign_count),
    transports: row.transports,
  }
}

/** False when this authenticator's passkey is known already. */
export const insertPasskey = async (tx: ControlTx, passkey: Passkey, nowMs: number): Promise<boolean> => {
  const made = await tx.rows(
    `INSERT INTO passkey (id, account_id, credential_id, rp_id, name, public_key, sign_count, transports, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (credential_id) DO NOTHING RETURNING id`,
    [
      passkey.id,
      passkey.accountId,
      passkey.credentialId,
      passkey.rpId,
      passkey.name,
      passkey.publicKey,
      passkey.signCount,
      passkey.transports,
      new Date(nowMs),
    ],
  )
  return made.length === 1
}

export const noteUse = async (tx: ControlTx, id: string, signCount: number, nowMs: number): Promise<void> => {
  await tx.rows('UPDATE passkey SET sign_count = $2, last_used_at = $3 WHERE id = $1', [id, signCount, new Date(nowMs)])
}

/** The name that it had; null: it is none of this person's. */
export const renamePasskey = async (
  tx: ControlTx,
  accountId: number,
  id: string,
  name: string,
): Promise<string | null> => {
  const [row] = await tx.rows<{ name: string }>(
    `UPDATE passkey SET name = $3 FROM (SELECT name AS before FROM passkey WHERE id = $2) old
     WHERE account_id = $1 AND id = $2 RETURNING old.before AS name`,
    [accountId, id, name],
  )
  return row?.name ?? null
}

/** Its name; null: it is none of this person's. */
export const deletePasskey = async (tx: ControlTx, accountId: number, id: string): Promise<string | null> => {
  const [row] = await tx.rows<{ name: string }>(
    'DELETE FROM passkey WHERE account_id = $1 AND id = $2 RETURNING name',
    [accountId, id],
  )
  return row?.name ?? null
}

export const deletePasskeys = async (tx: ControlTx, accountId: number): Promise<boolean> =>
  (await tx.rows('DELETE FROM passkey WHERE account_id = $1 RETURNING id', [accountId])).length > 0
