import { randomUUID } from 'node:crypto'
import { hash, verify } from '@node-rs/argon2'
import type { AuditEntry } from '../../kernel/audit.ts'
import { Forbidden, Unauthenticated } from '../../kernel/errors.ts'
import { sha256Hex } from '../../kernel/hash.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import { createAttemptLimit } from '../../platform/limits/attempt-limit.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import { endSession, findLogin, insertSession } from './store/postgres-session-store.ts'

export interface LoginDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly appendAudit: (tx: ControlTx, entry: AuditEntry) => Promise<void>
  /** AUTH-27: the organization whose single sign-on this person has to use; null: a password will do. */
  readonly requiredSignInOf: (tx: ControlTx, accountId: number) => Promise<number | null>
}

export interface LoginAttempt {
  readonly email: string
  readonly password: string
  readonly clientIp: string
  readonly requestId: string
}

export const sessionSeconds = 12 * 3_600
const windowMs = 15 * 60_000
/** Per e-mail and address: room for a bad memory, none for guessing. */
const attemptCountMax = 10
/** Per address, whatever the e-mail: one office behind one address still gets in. */
const attemptCountMaxOfAddress = 100

/** Log in, log out (auth §7). Sessions are random texts, stored as hashes. */
export const createLogin = async ({ control, clock, appendAudit, requiredSignInOf }: LoginDeps) => {
  const limits = { clock, windowMs, keyCountMax: 50_000 }
  const byPerson = createAttemptLimit({ ...limits, attemptCountMax })
  const byAddress = createAttemptLimit({ ...limits, attemptCountMax: attemptCountMaxOfAddress })
  // Checked instead when the e-mail is unknown, so that time does not tell who has an account.
  const nobody = await hash(randomAlphanumeric(24))

  const logIn = async ({ email, password, clientIp, requestId }: LoginAttempt): Promise<string> => {
    const personKey = `${email.toLowerCase()} ${clientIp}`
    byAddress.begin(clientIp)
    byPerson.begin(personKey)
    const account = await findLogin(control, email)
    const isRight = await verify(account?.passwordHash ?? nobody, password)
    if (account === null || account.passwordHash === null || !isRight) {
      // What was typed as an e-mail may be anything: only accounts that exist are written down.
      if (account !== null) await control.tx((tx) => auditAll(tx, 'session.login_failed', account, requestId))
      throw new Unauthenticated('wrong e-mail or password')
    }
    byPerson.forget(personKey)
    byAddress.takeBack(clientIp)
    // Told to whoever knows the password only.
    const organizationId = await requiredSignInOf(control, account.id)
    if (organizationId !== null) {
      throw new Forbidden(`your organization requires single sign-on; begin at /security/login/${organizationId}`)
    }
    return control.tx((tx) => openSession(tx, account, requestId))
  }

  /** A session for somebody whose identity is proved; answers its token. */
  const openSession = async (
    tx: ControlTx,
    { id: accountId, email }: Pick<KnownAccount, 'id' | 'email'>,
    requestId: string,
  ): Promise<string> => {
    const token = randomAlphanumeric(43)
    const startsAtMs = clock.nowMs()
    const session = { id: randomUUID(), accountId, tokenHash: sha256Hex(token) }
    await insertSession(tx, { ...session, startsAtMs, endsAtMs: startsAtMs + sessionSeconds * 1_000 })
    const account = await findLogin(tx, email)
    if (account !== null) await auditAll(tx, 'session.logged_in', account, requestId)
    return token
  }

  /** Asks again for the password of somebody who is logged in. Throws Forbidden, and RateLimited for guessing. */
  const confirmPassword = async (email: string, password: string, clientIp: string): Promise<void> => {
    const personKey = `${email.toLowerCase()} ${clientIp}`
    byPerson.begin(personKey)
    const account = await findLogin(control, email)
    if (account?.passwordHash == null || !(await verify(account.passwordHash, password))) {
      throw new Forbidden('that is not your password')
    }
    byPerson.forget(personKey)
  }

  const logOut = (session: Session, requestId: string): Promise<void> =>
    control.tx(async (tx) => {
      await endSession(tx, session.credentialId, clock.nowMs())
      const account = await findLogin(tx, session.email)
      if (account !== null) await auditAll(tx, 'session.logged_out', account, requestId)
    })

  // The log of every organization that the person is in tells of it.
  const auditAll = async (tx: ControlTx, type: AuditEntry['type'], account: KnownAccount, requestId: string) => {
    const organizationIds = account.organizationIds.length === 0 ? [null] : account.organizationIds
    for (const organizationId of organizationIds) {
      const actor = { type: 'user', id: String(account.id), name: account.email } as const
      await appendAudit(tx, { type, actor, organizationId, projectId: null, requestId })
    }
  }

  return { logIn, logOut, openSession, confirmPassword }
}

interface Session {
  readonly credentialId: string
  readonly email: string
}

interface KnownAccount {
  readonly id: number
  readonly email: string
  readonly organizationIds: readonly number[]
}

export type Login = Awaited<ReturnType<typeof createLogin>>
