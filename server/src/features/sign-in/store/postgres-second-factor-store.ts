import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export interface SecondFactor {
  readonly sealedSecret: string
  readonly createdAt: Date
  /** Null: set up has begun, and no code was shown yet. */
  readonly confirmedAt: Date | null
  readonly lastStep: number
}

/** Locked until the transaction ends: a code is taken once. */
export const lockSecondFactor = async (tx: ControlTx, accountId: number): Promise<SecondFactor | null> => {
  const [row] = await tx.rows<{
    sealed_secret: string
    created_at: Date
    confirmed_at: Date | null
    last_step: string
  }>(`SELECT sealed_secret, created_at, confirmed_at, last_step FROM second_factor WHERE account_id = $1 FOR UPDATE`, [
    accountId,
  ])
  if (row === undefined) return null
  return {
    sealedSecret: row.sealed_secret,
    createdAt: row.created_at,
    confirmedAt: row.confirmed_at,
    lastStep: Number(row.last_step),
  }
}

/** Replaces one whose set up was never finished. */
export const putPendingFactor = async (
  tx: ControlTx,
  accountId: number,
  sealedSecret: string,
  nowMs: number,
): Promise<void> => {
  await tx.rows(
    `INSERT INTO second_factor (account_id, sealed_secret, created_at) VALUES ($1, $2, $3)
     ON CONFLICT (account_id) DO UPDATE SET sealed_secret = $2, created_at = $3, last_step = 0
     WHERE second_factor.confirmed_at IS NULL`,
    [accountId, sealedSecret, new Date(nowMs)],
  )
}

export const noteStep = async (tx: ControlTx, accountId: number, step: number, nowMs: number): Promise<void> => {
  await tx.rows(
    'UPDATE second_factor SET last_step = $2, confirmed_at = coalesce(confirmed_at, $3) WHERE account_id = $1',
    [accountId, step, new Date(nowMs)],
  )
}

/** False: there was none that was in use. */
export const deleteSecondFactor = async (tx: ControlTx, accountId: number): Promise<boolean> => {
  const rows = await tx.rows<{ confirmed_at: Date | null }>(
    'DELETE FROM second_factor WHERE account_id = $1 RETURNING confirmed_at',
    [accountId],
  )
  return rows.some(({ confirmed_at }) => confirmed_at !== null)
}

export const isSecondFactorOn = async (tx: ControlTx, accountId: number): Promise<boolean> =>
  (await tx.rows('SELECT 1 FROM second_factor WHERE account_id = $1 AND confirmed_at IS NOT NULL', [accountId]))
    .length > 0

/** Counts before the outcome is known, for all servers. Answers the count of the window, and when it ends. */
export const countFailure = async (
  tx: ControlTx,
  accountId: number,
  nowMs: number,
  windowMs: number,
): Promise<{ readonly count: number; readonly endsAtMs: number }> => {
  const [row] = await tx.rows<{ failure_count: number; window_ends_at: Date }>(
    `INSERT INTO second_factor_failure AS f (account_id, failure_count, window_ends_at) VALUES ($1, 1, $3)
     ON CONFLICT (account_id) DO UPDATE SET
       failure_count = CASE WHEN f.window_ends_at <= $2 THEN 1 ELSE f.failure_count + 1 END,
       window_ends_at = CASE WHEN f.window_ends_at <= $2 THEN $3 ELSE f.window_ends_at END
     RETURNING failure_count, window_ends_at`,
    [accountId, new Date(nowMs), new Date(nowMs + windowMs)],
  )
  return { count: row?.failure_count ?? 1, endsAtMs: row?.window_ends_at.getTime() ?? nowMs }
}

export const forgetFailures = async (tx: ControlTx, accountId: number): Promise<void> => {
  await tx.rows('DELETE FROM second_factor_failure WHERE account_id = $1', [accountId])
}

/** Hashes of codes that still work. */
export const listRecoveryHashes = async (tx: ControlTx, accountId: number): Promise<readonly string[]> => {
  const rows = await tx.rows<{ code_hash: string }>(
    'SELECT code_hash FROM recovery_code WHERE account_id = $1 AND used_at IS NULL',
    [accountId],
  )
  return rows.map(({ code_hash }) => code_hash)
}

/** The old ones work no longer. */
export const replaceRecoveryHashes = async (
  tx: ControlTx,
  accountId: number,
  hashes: readonly string[],
): Promise<void> => {
  await tx.rows('DELETE FROM recovery_code WHERE account_id = $1', [accountId])
  await tx.rows('INSERT INTO recovery_code (account_id, code_hash) SELECT $1, unnest($2::text[])', [accountId, hashes])
}

/** True once for each code. */
export const spendRecoveryHash = async (
  tx: ControlTx,
  accountId: number,
  hash: string,
  nowMs: number,
): Promise<boolean> => {
  const used = await tx.rows(
    'UPDATE recovery_code SET used_at = $3 WHERE account_id = $1 AND code_hash = $2 AND used_at IS NULL RETURNING 1',
    [accountId, hash, new Date(nowMs)],
  )
  return used.length === 1
}
