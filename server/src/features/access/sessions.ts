import { randomUUID } from 'node:crypto'
import type { AuditEntry } from '../../kernel/audit.ts'
import { NotFound } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import {
  endSessionOfToken,
  endSessions,
  findSessionStart,
  insertSession,
  listLiveSessions,
  organizationIdsOf,
  replaceToken,
  type SignInMethod,
} from './store/postgres-session-store.ts'

export interface SessionsDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  /** How long a session lives without being used. */
  readonly sessionIdleMs: number
}

/** Somebody whose identity is proved. */
export interface KnownAccount {
  readonly id: number
  readonly email: string
}

export interface SignedIn {
  readonly method: SignInMethod
  readonly hasSecondFactor: boolean
  /** Family of the browser (domain/agent-family.ts). */
  readonly agent: string
  /** Token of the session that the browser had until now; it ends. */
  readonly replaces: string | null
  readonly requestId: string
}

/** Of a request: the session that it came with. */
export interface OwnSession {
  readonly credentialId: string
  readonly userId: number
  readonly email: string
}

type PersonalEvent = Extract<
  AuditEntry['type'],
  `session.${string}` | `user.${string}` | `password.${string}` | `passkey.${string}` | `recovery_codes.${string}`
>

export const sessionSeconds = 12 * 3_600
const newToken = () => randomAlphanumeric(43)

/** Sessions of people: random texts, stored as hashes; a new one at each sign-in and change of rights (auth §7). */
export const createSessions = ({ control, clock, appendAudit, sessionIdleMs }: SessionsDeps) => {
  /** The log of every organization that the person is in tells of it. */
  const auditPersonal = async (
    tx: ControlTx,
    type: PersonalEvent,
    account: KnownAccount,
    requestId: string,
    rest: Pick<AuditEntry, 'target' | 'changes'> = {},
  ): Promise<void> => {
    const ids = await organizationIdsOf(tx, account.id)
    const actor = { type: 'user', id: String(account.id), name: account.email } as const
    for (const organizationId of ids.length === 0 ? [null] : ids) {
      await appendAudit(tx, { type, actor, organizationId, projectId: null, requestId, ...rest })
    }
  }

  /** A session for somebody whose identity is proved; answers its token. */
  const open = async (tx: ControlTx, account: KnownAccount, signedIn: SignedIn): Promise<string> => {
    const token = newToken()
    const startsAtMs = clock.nowMs()
    const { method, hasSecondFactor, agent, replaces, requestId } = signedIn
    if (replaces !== null) await endSessionOfToken(tx, replaces, startsAtMs)
    const id = randomUUID()
    const session = { id, accountId: account.id, tokenHash: sha256Hex(token), method, hasSecondFactor, agent }
    await insertSession(tx, { ...session, startsAtMs, endsAtMs: startsAtMs + sessionSeconds * 1_000 })
    const target = { type: 'session', id, name: method }
    await auditPersonal(tx, 'session.logged_in', account, requestId, { target })
    return token
  }

  /** At a change of rights: a new token for this session, and an end to all others. Answers the token. */
  const renew = async (
    tx: ControlTx,
    { credentialId, userId }: OwnSession,
    hasSecondFactor: boolean | null = null,
  ): Promise<string> => {
    const token = newToken()
    await endSessions(tx, userId, { but: credentialId }, clock.nowMs())
    await replaceToken(tx, credentialId, sha256Hex(token), hasSecondFactor)
    return token
  }

  const logOut = ({ credentialId, userId, email }: OwnSession, requestId: string): Promise<void> =>
    control.tx(async (tx) => {
      await endSessions(tx, userId, { only: credentialId }, clock.nowMs())
      await auditPersonal(tx, 'session.logged_out', { id: userId, email }, requestId)
    })

  const revoke = ({ userId, email }: OwnSession, which: { but?: string; only?: string }, requestId: string) =>
    control.tx(async (tx) => {
      const ended = await endSessions(tx, userId, which, clock.nowMs())
      for (const id of ended) {
        await auditPersonal(tx, 'session.revoked', { id: userId, email }, requestId, {
          target: { type: 'session', id },
        })
      }
      return ended.length
    })

  return {
    open,
    renew,
    logOut,
    auditPersonal,
    endAll: (tx: ControlTx, accountId: number) => endSessions(tx, accountId, {}, clock.nowMs()),
    startOf: (session: OwnSession) => findSessionStart(control, session.credentialId),
    list: (userId: number) => listLiveSessions(control, userId, clock.nowMs(), sessionIdleMs),
    /** Throws NotFound when it is no live session of this person. */
    revokeOne: async (own: OwnSession, id: string, requestId: string): Promise<void> => {
      const isId = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
      if (!isId || (await revoke(own, { only: id }, requestId)) === 0) throw new NotFound('no such session')
    },
    revokeOthers: (own: OwnSession, requestId: string) => revoke(own, { but: own.credentialId }, requestId),
  }
}

export type Sessions = ReturnType<typeof createSessions>
