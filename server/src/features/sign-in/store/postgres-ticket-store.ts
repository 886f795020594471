import { sha256Hex } from '../../../kernel/hash.ts'
import type { ControlTx } from '../../../platform/postgres/control-db.ts'

export type TicketKind = 'magic-link' | 'password-reset' | 'second-factor' | 'passkey-registration' | 'passkey-sign-in'

export interface NewTicket {
  readonly kind: TicketKind
  readonly token: string
  readonly accountId: number | null
  /** Region of the host that was asked; null: none. */
  readonly regionId: string | null
  readonly detail: string
  readonly endsAtMs: number
}

export interface Ticket {
  readonly accountId: number | null
  readonly regionId: string | null
  readonly detail: string
}

interface Row {
  readonly account_id: number | null
  readonly region: string | null
  readonly detail: string
}

const ticketOf = (row: Row | undefined): Ticket | null =>
  row === undefined ? null : { accountId: row.account_id, regionId: row.region, detail: row.detail }

/** Those that nobody used in time are removed on the way. */
export const insertTicket = async (tx: ControlTx, ticket: NewTicket, nowMs: number): Promise<void> => {
  await tx.rows('DELETE FROM sign_in_ticket WHERE expires_at < $1', [new Date(nowMs)])
  const { kind, token, accountId, regionId, detail, endsAtMs } = ticket
  await tx.rows(
    'INSERT INTO sign_in_ticket (token_hash, kind, account_id, region, detail, expires_at) VALUES ($1, $2, $3, $4, $5, $6)',
    [sha256Hex(token), kind, accountId, regionId, detail, new Date(endsAtMs)],
  )
}

export const findTicket = async (
  tx: ControlTx,
  kind: TicketKind,
  token: string,
  nowMs: number,
): Promise<Ticket | null> => {
  const [row] = await tx.rows<Row>(
    'SELECT account_id, region, detail FROM sign_in_ticket WHERE token_hash = $1 AND kind = $2 AND expires_at > $3',
    [sha256Hex(token), kind, new Date(nowMs)],
  )
  return ticketOf(row)
}

/** For the first one who asks, whichever server is asked; null for everybody after. */
export const takeTicket = async (
  tx: ControlTx,
  kind: TicketKind,
  token: string,
  nowMs: number,
): Promise<Ticket | null> => {
  const [row] = await tx.rows<Row>(
    `DELETE FROM sign_in_ticket WHERE token_hash = $1 AND kind = $2 AND expires_at > $3
     RETURNING account_id, region, detail`,
    [sha256Hex(token), kind, new Date(nowMs)],
  )
  return ticketOf(row)
}

/** What was begun before a way in changed must not end after it. */
export const endTickets = async (tx: ControlTx, accountId: number): Promise<void> => {
  await tx.rows('DELETE FROM sign_in_ticket WHERE account_id = $1', [accountId])
}
