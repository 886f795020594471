import { generateSecret, generateURI, verifySync } from 'otplib'
import { renderSVG } from 'uqr'
import { AppError, InvalidRequest, NotFound, RateLimited, Unauthenticated } from '../../kernel/errors.ts'
import { type SealKey, seal, unseal } from '../../kernel/seal.ts'
import type { Clock } from '../../kernel/time.ts'
import type { ControlDb, ControlTx } from '../../platform/postgres/control-db.ts'
import type { OwnSession, Sessions } from '../access/index.ts'
import type { Notice } from './domain/mails.ts'
import type { Browser, Enter, Entered } from './enter.ts'
import type { RecoveryCodes } from './recovery-codes.ts'
import { type Account, findAccount, lockAccount, setMustSetUpSecondFactor } from './store/postgres-account-store.ts'
import {
  countFailure,
  deleteSecondFactor,
  forgetFailures,
  isSecondFactorOn,
  lockSecondFactor,
  noteStep,
  putPendingFactor,
  type SecondFactor,
} from './store/postgres-second-factor-store.ts'
import { findTicket, takeTicket } from './store/postgres-ticket-store.ts'

export interface SecondFactorsDeps {
  readonly control: ControlDb
  readonly clock: Clock
  readonly sessions: Sessions
  readonly enter: Enter
  readonly recoveryCodes: RecoveryCodes
  /** Seals secrets of authenticator apps. */
  readonly key: SealKey
  readonly notify: (email: string, notice: Notice) => void
}

/** What an authenticator app needs, shown while it is set up. */
export interface FactorSetUp {
  readonly secret: string
  readonly uri: string
  /** The URI as a picture. */
  readonly qr_svg: string
}

const windowMs = 15 * 60_000
/** Six digits and three of them right at a time: at this rate a guess succeeds once in centuries. */
const failureCountMax = 10
/** Clocks of telephones are off by seconds; a code of the step before or after is taken. */
const toleranceSeconds = 30

/** AUTH-22: time-based codes (RFC 6238) as a second factor, and recovery codes in their place. */
export const createSecondFactors = (deps: SecondFactorsDeps) => {
  const { control, clock, sessions, key } = deps
  const contextOf = (accountId: number): string => `second factor of ${accountId}`

  /** Time step of the code; null: it is wrong, or was taken before. */
  const stepOf = (factor: SecondFactor, accountId: number, code: string): number | null => {
    const secret = unseal(key, contextOf(accountId), factor.sealedSecret)
    const epoch = Math.floor(clock.nowMs() / 1_000)
    const checked = verifySync({ secret, token: code, epoch, epochTolerance: toleranceSeconds })
    if (!checked.valid || !('timeStep' in checked)) return null
    return checked.timeStep > factor.lastStep ? checked.timeStep : null
  }

  /** A new one takes the place of one whose set up was not finished. Throws 409 when one is in use. */
  const begin = async (own: OwnSession): Promise<FactorSetUp> => {
    const secret = generateSecret()
    await control.tx(async (tx) => {
      await lockAccount(tx, own.userId)
      if (await isSecondFactorOn(tx, own.userId)) throw new SecondFactorExists()
      await putPendingFactor(tx, own.userId, seal(key, contextOf(own.userId), secret), clock.nowMs())
    })
    const uri = generateURI({ issuer: 'Lethe', label: own.email, secret })
    return { secret, uri, qr_svg: renderSVG(uri, { border: 2 }) }
  }

  /** Shows that the app works. Answers recovery codes and the new token of this session; all others end. */
  const confirm = async (own: OwnSession, code: string, requestId: string) => {
    await countGuess(own.userId)
    const done = await control.tx(async (tx) => {
      await lockAccount(tx, own.userId)
      const factor = await lockSecondFactor(tx, own.userId)
      if (factor === null || factor.confirmedAt !== null)
        throw new NotFound('no second factor waits for its first code')
      const step = stepOf(factor, own.userId, code)
      if (step === null) throw new InvalidRequest("'code' is invalid: it is not the code that the app shows now")
      await noteStep(tx, own.userId, step, clock.nowMs())
      await setMustSetUpSecondFactor(tx, own.userId, false)
      const codes = await deps.recoveryCodes.put(tx, personOf(own), requestId)
      await sessions.auditPersonal(tx, 'user.twofactor_enabled', personOf(own), requestId)
      return { codes, token: await sessions.renew(tx, own, true) }
    })
    await forgetFailures(control, own.userId)
    deps.notify(own.email, 'user.twofactor_enabled')
    return done
  }

  /** Answers the new token of this session; all others end. */
  const remove = async (own: OwnSession, requestId: string): Promise<string> => {
    const token = await control.tx(async (tx) => {
      await lockAccount(tx, own.userId)
      if (!(await deleteSecondFactor(tx, own.userId))) throw new NotFound('no second factor is set up')
      await deps.recoveryCodes.endWithoutFactor(tx, own.userId)
      await sessions.auditPersonal(tx, 'user.twofactor_disabled', personOf(own), requestId)
      return sessions.renew(tx, own, false)
    })
    deps.notify(own.email, 'user.twofactor_disabled')
    return token
  }

  /** Counted before its outcome is known, so that parallel guesses count too. Throws RateLimited. */
  const countGuess = async (accountId: number): Promise<void> => {
    const nowMs = clock.nowMs()
    const { count, endsAtMs } = await countFailure(control, accountId, nowMs, windowMs)
    if (count <= failureCountMax) return
    throw new RateLimited('too many attempts; wait a little', Math.max(1, Math.ceil((endsAtMs - nowMs) / 1_000)))
  }

  /** The second step of a sign-in: a code of the app, or a recovery code. Throws Unauthenticated. */
  const finish = async (ticketToken: string, code: string, browser: Browser): Promise<Entered> => {
    const ticket = await findTicket(control, 'second-factor', ticketToken, clock.nowMs())
    const account = ticket?.accountId == null ? null : await findAccount(control, ticket.accountId)
    if (ticket === null || account === null || isOfAnother(ticket.regionId, browser.regionId)) throw new BeginAgain()
    await countGuess(account.id)
    const done = await control.tx(async (tx) => {
      await lockAccount(tx, account.id)
      const used = await useCode(tx, account, code, browser.requestId)
      if (used === null) return null
      if ((await takeTicket(tx, 'second-factor', ticketToken, clock.nowMs())) === null) throw new BeginAgain()
      const method = ticket.detail === 'magic-link' ? 'magic-link' : 'password'
      const entered = await deps.enter.enter(tx, account, method, true, browser)
      return { used, entered }
    })
    if (done === null) {
      await control.tx((tx) => sessions.auditPersonal(tx, 'session.login_failed', account, browser.requestId))
      throw new Unauthenticated('wrong code')
    }
    await forgetFailures(control, account.id)
    if (done.used === 'recovery-code') deps.notify(account.email, 'recovery_codes.used')
    return done.entered
  }

  /** Takes the code, once. Null: it is wrong. */
  const useCode = async (
    tx: ControlTx,
    account: Account,
    code: string,
    requestId: string,
  ): Promise<'app' | 'recovery-code' | null> => {
    const factor = await lockSecondFactor(tx, account.id)
    if (/^\d{6}$/.test(code.trim())) {
      const step = factor === null || factor.confirmedAt === null ? null : stepOf(factor, account.id, code.trim())
      if (step === null) return null
      await noteStep(tx, account.id, step, clock.nowMs())
      return 'app'
    }
    const leftCount = await deps.recoveryCodes.use(tx, account, code, requestId)
    if (leftCount === null) return null
    // auth §7: the last one is used up, so a factor has to be set up anew.
    if (leftCount === 0) {
      await deleteSecondFactor(tx, account.id)
      await setMustSetUpSecondFactor(tx, account.id, true)
    }
    return 'recovery-code'
  }

  return { begin, confirm, remove, finish }
}

export type SecondFactors = ReturnType<typeof createSecondFactors>

const personOf = ({ userId, email }: OwnSession) => ({ id: userId, email })

const isOfAnother = (regionId: string | null, asked: string | null): boolean =>
  regionId !== null && asked !== null && regionId !== asked

class SecondFactorExists extends AppError {
  constructor() {
    super('CONFLICT', 'a second factor is set up; remove it before you set up another', { status: 409 })
  }
}

class BeginAgain extends Unauthenticated {
  constructor() {
    super('this sign-in was finished or is too old; begin again')
  }
}
