import { sha256Hex } from '../../../kernel/hash.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export type SignInMethod = 'password' | 'magic-link' | 'passkey' | 'sso'

export interface NewSession {
  readonly id: string
  readonly accountId: number
  readonly tokenHash: string
  readonly startsAtMs: number
  readonly endsAtMs: number
  readonly method: SignInMethod
  readonly hasSecondFactor: boolean
  readonly agent: string
}

/** Sessions that ended a day ago are removed on the way. */
export const insertSession = async (tx: ControlTx, session: NewSession): Promise<void> => {
  const startsAt = new Date(session.startsAtMs)
  await tx.rows(`DELETE FROM session WHERE account_id = $1 AND expires_at < $2::timestamptz - interval '1 day'`, [
    session.accountId,
    startsAt,
  ])
  await tx.rows(
    `INSERT INTO session (id, account_id, token_hash, created_at, last_seen_at, expires_at, method, has_second_factor, agent)
     VALUES ($1, $2, $3, $4, $4, $5, $6, $7, $8)`,
    [
      session.id,
      session.accountId,
      session.tokenHash,
      startsAt,
      new Date(session.endsAtMs),
      session.method,
      session.hasSecondFactor,
      session.agent,
    ],
  )
}

/** A session as its owner sees it. */
export interface LiveSession {
  readonly id: string
  readonly created: Date
  readonly last_seen: Date
  readonly expires: Date
  readonly method: SignInMethod
  readonly second_factor: boolean
  readonly agent: string
}

/** `idleMs`: how long one lives without being used. */
export const listLiveSessions = (
  control: ControlTx,
  accountId: number,
  nowMs: number,
  idleMs: number,
): Promise<readonly LiveSession[]> =>
  control.rows<LiveSession>(
    `SELECT id, created_at AS created, coalesce(last_seen_at, created_at) AS last_seen, expires_at AS expires, method,
       has_second_factor AS second_factor, agent
     FROM session WHERE account_id = $1 AND ended_at IS NULL AND expires_at > $2
       AND coalesce(last_seen_at, created_at) > $3 ORDER BY last_seen DESC, id`,
    [accountId, new Date(nowMs), new Date(nowMs - idleMs)],
  )

/** Answers the ids of those that were live. `but`: one that stays; `only`: the one that ends. */
export const endSessions = async (
  tx: ControlTx,
  accountId: number,
  which: { readonly but?: string; readonly only?: string },
  atMs: number,
): Promise<readonly string[]> => {
  const rows = await tx.rows<{ id: string }>(
    `UPDATE session SET ended_at = $2 WHERE account_id = $1 AND ended_at IS NULL
       AND ($3::uuid IS NULL OR id <> $3::uuid) AND ($4::uuid IS NULL OR id = $4::uuid) RETURNING id`,
    [accountId, new Date(atMs), which.but ?? null, which.only ?? null],
  )
  return rows.map(({ id }) => id)
}

/** Whoever signs in again in a browser leaves no session behind in it. */
export const endSessionOfToken = async (tx: ControlTx, token: string, atMs: number): Promise<void> => {
  await tx.rows('UPDATE session SET ended_at = $2 WHERE token_hash = $1 AND ended_at IS NULL', [
    sha256Hex(token),
    new Date(atMs),
  ])
}

/** The old token opens nothing from then on. */
export const replaceToken = async (
  tx: ControlTx,
  sessionId: string,
  tokenHash: string,
  hasSecondFactor: boolean | null,
): Promise<void> => {
  await tx.rows(
    'UPDATE session SET token_hash = $2, has_second_factor = coalesce($3, has_second_factor) WHERE id = $1',
    [sessionId, tokenHash, hasSecondFactor],
  )
}

export const findSessionStart = async (control: ControlTx, sessionId: string): Promise<number | null> => {
  const [row] = await control.rows<{ created_at: Date }>('SELECT created_at FROM session WHERE id = $1', [sessionId])
  return row?.created_at.getTime() ?? null
}

/** Where a person is a member: the log of each organization tells what they do about their own sign-in. */
export const organizationIdsOf = async (control: ControlTx, accountId: number): Promise<readonly number[]> => {
  const rows = await control.rows<{ id: number }>(
    'SELECT organization_id AS id FROM organization_member WHERE account_id = $1 ORDER BY 1',
    [accountId],
  )
  return rows.map(({ id }) => id)
}
