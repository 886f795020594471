import type { ControlTx } from '../../../platform/postgres/control-db.ts'

/** Somebody who signs in. */
export interface Account {
  readonly id: number
  readonly email: string
  /** Null: no password was ever set. */
  readonly passwordHash: string | null
  readonly mustSetUpSecondFactor: boolean
}

interface Row {
  readonly id: number
  readonly email: string
  readonly password_hash: string | null
  readonly must_set_up_second_factor: boolean
}

const accountOf = (row: Row | undefined): Account | null =>
  row === undefined
    ? null
    : {
        id: row.id,
        email: row.email,
        passwordHash: row.password_hash,
        mustSetUpSecondFactor: row.must_set_up_second_factor,
      }

const columns = 'id, email, password_hash, must_set_up_second_factor'

export const findAccountByEmail = async (tx: ControlTx, email: string): Promise<Account | null> => {
  const [row] = await tx.rows<Row>(`SELECT ${columns} FROM account WHERE lower(email) = lower($1)`, [email])
  return accountOf(row)
}

export const findAccount = async (tx: ControlTx, id: number): Promise<Account | null> => {
  const [row] = await tx.rows<Row>(`SELECT ${columns} FROM account WHERE id = $1`, [id])
  return accountOf(row)
}

/** Whoever changes how this person signs in waits for the one before. */
export const lockAccount = async (tx: ControlTx, id: number): Promise<Account | null> => {
  const [row] = await tx.rows<Row>(`SELECT ${columns} FROM account WHERE id = $1 FOR UPDATE`, [id])
  return accountOf(row)
}

export const setPasswordHash = async (tx: ControlTx, id: number, passwordHash: string): Promise<void> => {
  await tx.rows('UPDATE account SET password_hash = $2 WHERE id = $1', [id, passwordHash])
}

export const setMustSetUpSecondFactor = async (tx: ControlTx, id: number, must: boolean): Promise<void> => {
  await tx.rows('UPDATE account SET must_set_up_second_factor = $2 WHERE id = $1', [id, must])
}
