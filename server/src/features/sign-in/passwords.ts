import { hash, verify } from '@node-rs/argon2'
import { Forbidden, InvalidRequest, Unauthenticated } from '../../kernel/errors.ts'
import { randomAlphanumeric } from '../../kernel/ids.ts'
import type { Clock } from '../../kernel/time.ts'
import { createAttemptLimit } from '../../platform/limits/attempt-limit.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { OwnSession, Sessions } from '../access/index.ts'
import type { AfterAnswer } from './after-answer.ts'
import type { Notice } from './domain/mails.ts'
import type { Browser, Enter, Entered } from './enter.ts'
import {
  type Account,
  findAccount,
  findAccountByEmail,
  lockAccount,
  setPasswordHash,
} from './store/postgres-account-store.ts'
import { endTickets } from './store/postgres-ticket-store.ts'

export interface PasswordsDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly sessions: Sessions
  readonly enter: Enter
  readonly afterAnswer: AfterAnswer
  readonly notify: (email: string, notice: Notice) => void
}

export interface PasswordAttempt {
  readonly email: string
  readonly password: string
  readonly clientIp: string
}

const windowMs = 15 * 60_000
/** Per e-mail and address: room for a bad memory, none for guessing. */
const attemptCountMax = 10
/** Per address, whatever the e-mail: one office behind one address still gets in. */
const attemptCountMaxOfAddress = 100
/** Per e-mail, from however many addresses. */
const attemptCountMaxOfEmail = 100
/** Without a password to ask for again, somebody who has just signed in is believed. */
const freshMs = 15 * 60_000

/** Passwords: signing in by one, setting, changing, and asking for it again (auth §7). Kept as argon2id. */
export const createPasswords = async (deps: PasswordsDeps) => {
  const { control, clock, sessions, enter } = deps
  const limits = { clock, windowMs, keyCountMax: 50_000 }
  const byPerson = createAttemptLimit({ ...limits, attemptCountMax })
  const byAddress = createAttemptLimit({ ...limits, attemptCountMax: attemptCountMaxOfAddress })
  const byEmail = createAttemptLimit({ ...limits, attemptCountMax: attemptCountMaxOfEmail })
  // Checked instead when the e-mail is unknown, so that time does not tell who has an account.
  const nobody = await hash(randomAlphanumeric(24))

  /** Throws RateLimited. What was right does not count: call the answer then. */
  const begin = ({ email, clientIp }: Omit<PasswordAttempt, 'password'>): (() => void) => {
    const [emailKey, personKey] = [email.toLowerCase(), `${email.toLowerCase()} ${clientIp}`]
    byAddress.begin(clientIp)
    // In this order one address cannot use up what all addresses may try for an e-mail, and lock its owner out.
    byPerson.begin(personKey)
    byEmail.begin(emailKey)
    return () => {
      byPerson.forget(personKey)
      byEmail.takeBack(emailKey)
      byAddress.takeBack(clientIp)
    }
  }

  const isRight = async (account: Account | null, password: string): Promise<boolean> => {
    const matches = await verify(account?.passwordHash ?? nobody, password)
    return matches && account?.passwordHash != null
  }

  const logIn = async (attempt: PasswordAttempt, browser: Browser): Promise<Entered> => {
    const succeed = begin(attempt)
    const account = await findAccountByEmail(control, attempt.email)
    if (account === null || !(await isRight(account, attempt.password))) {
      if (account === null) await isRight(null, attempt.password)
      else writeDownFailure(account, browser.requestId)
      throw new Unauthenticated('wrong e-mail or password')
    }
    succeed()
    return control.tx((tx) => enter.enter(tx, account, 'password', false, browser))
  }

  // What was typed as an e-mail may be anything: only accounts that exist are written down. After the answer, which
  // would otherwise come later for them.
  const writeDownFailure = (account: Account, requestId: string): void =>
    deps.afterAnswer.run(() =>
      control.tx((tx) => sessions.auditPersonal(tx, 'session.login_failed', account, requestId)),
    )

  /** Asks again for the password of somebody who is logged in. Throws Forbidden, and RateLimited for guessing. */
  const confirmPassword = async (email: string, password: string, clientIp: string): Promise<void> => {
    const succeed = begin({ email, clientIp })
    if (!(await isRight(await findAccountByEmail(control, email), password))) {
      throw new Forbidden('that is not your password')
    }
    succeed()
  }

  /** Before a way in changes: the password again, or, of those who have none, a sign-in of a few minutes ago. */
  const confirm = async (own: OwnSession, password: string | undefined, clientIp: string): Promise<void> => {
    const account = await findAccount(control, own.userId)
    if (account?.passwordHash != null) {
      if (password === undefined) throw new InvalidRequest('your password is asked for again')
      return confirmPassword(own.email, password, clientIp)
    }
    const startedAtMs = await sessions.startOf(own)
    if (startedAtMs === null || startedAtMs + freshMs < clock.nowMs()) {
      throw new Forbidden('sign in again first: this needs a sign-in of the last 15 minutes')
    }
  }

  /** Sets or changes one's own. Answers the new token of this session; all others end. */
  const change = async (
    own: OwnSession,
    { password, current, clientIp }: { password: string; current: string | undefined; clientIp: string },
    requestId: string,
  ): Promise<string> => {
    await confirm(own, current, clientIp)
    refusePoor(password, own.email)
    const passwordHash = await hash(password)
    const { event, token } = await control.tx(async (tx) => {
      const before = await lockAccount(tx, own.userId)
      const event = before?.passwordHash == null ? 'password.set' : 'password.changed'
      await put(tx, own.userId, passwordHash)
      await sessions.auditPersonal(tx, event, { id: own.userId, email: own.email }, requestId)
      return { event, token: await sessions.renew(tx, own) } as const
    })
    deps.notify(own.email, event)
    return token
  }

  /** By a mailed link: every session ends, and nobody is signed in by it. */
  const reset = async (tx: ControlTx, account: Account, password: string, requestId: string): Promise<void> => {
    await put(tx, account.id, await hash(password))
    await sessions.endAll(tx, account.id)
    await sessions.auditPersonal(tx, 'password.reset', account, requestId)
  }

  const put = async (tx: ControlTx, accountId: number, passwordHash: string): Promise<void> => {
    await setPasswordHash(tx, accountId, passwordHash)
    await endTickets(tx, accountId)
  }

  return { logIn, confirmPassword, confirm, change, reset }
}

export type Passwords = Awaited<ReturnType<typeof createPasswords>>

/** Throws InvalidRequest for what everybody would try first. */
export const refusePoor = (password: string, email: string): void => {
  const [name = ''] = email.toLowerCase().split('@')
  const plain = password.toLowerCase()
  if (plain === email.toLowerCase() || plain === name || new Set(plain).size < 4) {
    throw new InvalidRequest("'password' is invalid: it is too easy to guess")
  }
}
