import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** One after the other, in all servers. */
export const lockSetup = async (tx: ControlTx): Promise<void> => {
  await tx.rows(`SELECT pg_advisory_xact_lock(hashtext('lethe setup'))`)
}

export const hasAccounts = async (tx: ControlTx): Promise<boolean> =>
  (await tx.rows('SELECT 1 FROM account LIMIT 1')).length > 0

export const insertSetupCode = async (tx: ControlTx, codeHash: string): Promise<void> => {
  await tx.rows('INSERT INTO setup_code (code_hash) VALUES ($1)', [codeHash])
}

export const isSetupCode = async (tx: ControlTx, codeHash: string): Promise<boolean> =>
  (await tx.rows('SELECT 1 FROM setup_code WHERE code_hash = $1', [codeHash])).length > 0

export const endSetup = async (tx: ControlTx): Promise<void> => {
  await tx.rows('DELETE FROM setup_code')
}
